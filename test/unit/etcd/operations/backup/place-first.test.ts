import { describe, expect, it } from 'vitest';
import { EXIT, type ExitCode, QuorateError } from '../../../../../lib/errors.ts';
import { backupStrategy } from '../../../../../lib/etcd/operations/backup/strategy.ts';
import { fakeCluster, listedMember, memberReading, memberStatus } from '../../../support/fake-cluster.ts';

const OLDER = ['etcd-20261127T101500Z-r5.db', 'etcd-20261127T101600Z-r6.db'];
const NEW = 'etcd-20261127T121500Z-r7.db';

/** As a host lists it. */
function listed(file: string): string {
  const said = { time: '2026-11-27T10:15:00Z', member: 'm', cluster: 'etcd', clusterId: 'c', sha256: 'a' };
  const json = {
    ...said,
    version: '3.6.16',
    run: 'r0',
    revision: Number(/r(\d+)/.exec(file)?.[1]),
    keys: 2,
    size: 1024,
    hash: 3,
  };
  return `\u001edb 1056 ${file}\n${JSON.stringify(json)}\n`;
}

/** A cluster that answers, with room for a snapshot, and a place of copies that fails. */
async function admitted(check: boolean, exitCode: ExitCode, older: readonly string[] = []) {
  const removed: string[] = [];
  const members = [1, 2, 3].map((i) => ({
    facts: {
      data: 'present' as const,
      reading: memberReading({ status: memberStatus(i), members: [1, 2, 3].map((one) => listedMember(one)) }),
    },
    says: (doing: string, script: string) => {
      if (doing === 'taking a snapshot') return `snapshot ${NEW} {}\n`;
      if (doing === 'removing older snapshots') removed.push(`${i} ${/etcd-\S+\.db/.exec(script)?.[0]}`);
      const files = older.length > 0 ? [...older, NEW] : [];
      return `\u001enow 1800000000\n\u001eroom 1 1 /dev/a 100 50 9000000 5% /\n${files.map(listed).join('')}`;
    },
  }));
  const cluster = fakeCluster(members, { to: 'sftp://vault/srv', keep: '1h' });
  const openSftp = () => Promise.reject(new QuorateError('the place fails', { exitCode }));
  const run = cluster.run({ check, openSftp });
  await backupStrategy.admit?.(run);
  if (!check && (cluster.errors.length > 0 || older.length > 0)) await backupStrategy.converge(run);
  return { ...cluster, removed };
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

  it('keeps no host from thinning what it has, and is told for all that', async () => {
    const { errors, removed, steps } = await admitted(false, EXIT.unreachable, OLDER);
    expect(steps).toContain('failed etcd02: copy it to sftp://vault/srv');
    expect([...new Set(removed.map((one) => one[0]))]).toEqual(['1', '2', '3']);
    expect(errors).toEqual([expect.objectContaining({ message: 'the place fails' })]);
  });
});
