import { describe, expect, it } from 'vitest';
import { EXIT, type ExitCode, QuorateError } from '../../../../../lib/errors.ts';
import { backupStrategy } from '../../../../../lib/etcd/operations/backup/strategy.ts';
import { fakeCluster, listedMember, memberReading, memberStatus } from '../../../support/fake-cluster.ts';

/** A cluster that answers, with room for a snapshot, and a place of copies that fails. */
async function admitted(check: boolean, exitCode: ExitCode) {
  const members = [1, 2, 3].map((i) => ({
    facts: {
      data: 'present' as const,
      reading: memberReading({ status: memberStatus(i), members: [1, 2, 3].map((one) => listedMember(one)) }),
    },
    says: () => '\u001enow 1800000000\n\u001eroom 1 1 /dev/a 100 50 9000000 5% /\n',
  }));
  const cluster = fakeCluster(members, { to: 'sftp://vault/srv' });
  const openSftp = () => Promise.reject(new QuorateError('the place fails', { exitCode }));
  const run = cluster.run({ check, openSftp });
  await backupStrategy.admit?.(run);
  if (!check && cluster.errors.length > 0) await backupStrategy.converge(run);
  return cluster;
}

describe('a place of copies that fails', () => {
  it.each<[what: string, check: boolean, code: ExitCode, steps: number]>([
    ['is told by a check', true, EXIT.unreachable, 0],
    ['ends a run before its snapshot where what was given cannot work', false, EXIT.usage, 0],
    ['costs no run its snapshot where it may work later', false, EXIT.unreachable, 2],
  ])('%s', async (_what, check, code, count) => {
    const { steps, errors } = await admitted(check, code);
    expect(steps).toHaveLength(count);
    expect(errors).toEqual(count > 0 ? [] : [expect.objectContaining({ message: 'the place fails' })]);
  });
});
