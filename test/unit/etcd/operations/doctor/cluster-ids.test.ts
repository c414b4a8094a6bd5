import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import { type Change, cluster, MEMBERS, STATUS, WELL } from './scenes.ts';

const [EARLIER, LATER] = ['20250101T000000Z-a1', '20261128T194256Z-b2'];

/** A member with the data of this cluster, whose host has this recovery behind it. */
const of = (clusterId: string, done?: string): Change => ({
  reading: { ...WELL, status: { ...STATUS, clusterId } },
  facts: done ? { intent: { verb: 'recover', target: 'data of etcd01', runId: done, done } } : {},
});

/** etcd01 was recovered; the others are back with what they had. */
const BACK = cluster({ 0: of('new', LATER), 1: of('old', EARLIER), 2: of('old', EARLIER) });

describe('members with the data of different clusters', () => {
  it('are for people to judge where one alone tells of a later recovery', () => {
    const [first, ...others] = diagnose({ ...BACK, recovered: EARLIER });
    expect(first).toMatchObject({
      cause: 'recovered-alone',
      hosts: ['etcd01'],
      remedy: [
        expect.stringMatching(
          /stop etcd on etcd02, etcd03, and replace these, not etcd01: .* etcd02,etcd03$/,
        ),
        `if nobody does: ${MEMBERS} --replace etcd01`,
      ],
    });
    expect(others.map(({ cause }) => cause)).not.toContain('cluster-id');
  });

  it('are those of before where this machine knows of the recovery, however many they are', () => {
    expect(diagnose({ ...BACK, recovered: LATER })[0]).toMatchObject({
      cause: 'cluster-id',
      hosts: ['etcd02', 'etcd03'],
      remedy: [`${MEMBERS} --replace etcd02,etcd03`],
    });
  });

  it('are the fewer ones where nothing was recovered, or all know of it', () => {
    for (const done of [undefined, EARLIER])
      expect(
        diagnose({ ...cluster({ 0: of('new', done), 1: of('old', done), 2: of('old', done) }) })[0],
      ).toMatchObject({
        cause: 'cluster-id',
        hosts: ['etcd01'],
      });
  });
});
