import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import type { EtcdFacts } from '../../../../../lib/etcd/facts/index.ts';
import { refuseNarrowNewcomers } from '../../../../../lib/etcd/operations/members/room.ts';
import type { Scene } from '../../../../../lib/etcd/operations/members/scene.ts';
import { stepsOf } from '../../../../../lib/etcd/operations/members/steps.ts';
import { fakeCluster, memberReading, memberStatus } from '../../../support/fake-cluster.ts';
import { bare, member, place, scene, upTo } from './scenes.ts';

const GIB = 2 ** 20;

/** Of three hosts with 6 GiB of data each and as much free: what is said, and of which hosts it was asked. */
async function asked(given: Scene, thirds: Partial<EtcdFacts> = {}) {
  const hosts: string[] = [];
  const works = (i: number) => ({
    data: 'present' as const,
    reading: memberReading({ status: memberStatus(i, { dbSize: 6 * GIB * 1024 }) }),
  });
  const cluster = fakeCluster(
    upTo(3).map((i) => ({
      facts: i === 3 ? thirds : works(i),
      says: () => {
        hosts.push(`etcd0${i}`);
        return `${MARK}room 1 /dev/x 99999999 1 ${6 * GIB} 1% /\n`.repeat(2);
      },
    })),
  );
  const planned = stepsOf(given);
  if ('refused' in planned) throw new Error(planned.refused.message);
  const said = await refuseNarrowNewcomers(cluster.hosts, planned.steps).then(
    () => '',
    (error: Error & { exitCode: number }) => `${error.exitCode} ${error.message}`,
  );
  return { hosts, said };
}

describe('the room that a newcomer wants', () => {
  const two = upTo(2).map((n) => member(n));
  it.each<[what: string, given: Scene, thirds?: Partial<EtcdFacts>]>([
    ['a new host', scene(two, [place(1), place(2), bare(3)])],
    [
      'one whose data is set aside on the same disk',
      scene(
        [...two, member(3, { healthy: false })],
        upTo(3).map((n) => place(n)),
        { replace: ['etcd03'] },
      ),
      { data: 'present' },
    ],
    [
      'one that was added by a run that was killed',
      scene(
        [...two, member(3, { learner: true, started: false, healthy: false, name: '' })],
        [place(1), place(2), bare(3)],
      ),
    ],
  ])('is that of the others’ data: %s', async (_what, given, thirds) => {
    const { hosts, said } = await asked(given, thirds);
    expect(hosts).toEqual(['etcd03']);
    expect(said).toMatch(/^3 etcd03: \S+: 6291456 KiB are free there, wanted 6488064 for the data of the/);
    expect(said.includes('the old data stays')).toBe(thirds?.data === 'present');
  });

  it.each<[what: string, given: Scene]>([
    [
      'a learner that has it',
      scene(
        [...two, member(3, { learner: true })],
        upTo(3).map((n) => place(n)),
      ),
    ],
    [
      'nobody',
      scene(
        upTo(3).map((n) => member(n)),
        upTo(3).map((n) => place(n)),
      ),
    ],
  ])('is not asked for of %s', async (_what, given) => {
    expect(await asked(given)).toEqual({ hosts: [], said: '' });
  });
});
