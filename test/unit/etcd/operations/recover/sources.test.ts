import { describe, expect, it } from 'vitest';
import {
  bestFirst,
  choiceLines,
  type Source,
  sourceText,
} from '../../../../../lib/etcd/operations/recover/sources.ts';
import type { Snapshot } from '../../../../../lib/etcd/snapshots/index.ts';

const source = (
  host: string,
  last: number,
  more: Partial<Source> & { term?: number; committed?: number } = {},
): Source => {
  const { term = 3, committed = last, ...rest } = more;
  return { host, up: true, log: { term, lastTerm: term, last, committed }, ...rest };
};

describe('what a cluster could be made of', () => {
  it('is most where the last entry has the later term, then where the log is longer', () => {
    const some = [
      source('h1', 100),
      source('h2', 120),
      source('h3', 90, { term: 4 }),
      { host: 'h4', up: false, none: 'it has no data' },
    ];
    expect(bestFirst(some).map(({ host }) => host)).toEqual(['h3', 'h2', 'h1']);
  });

  it('is told with what each would lose, and who could not be read', () => {
    const snapshot = { revision: 60, keys: 9, size: 2048, age: 7_200_000, version: '3.6.16' } as Snapshot;
    const lines = choiceLines(
      [
        source('h1', 120, { revision: 80, keys: 12, bytes: 1024, age: 61_000 }),
        source('h2', 110, { revision: 74 }),
        { host: 'h3', up: false, none: 'it has no data' },
      ],
      ['h4'],
      [{ where: 'x.db on h1', snapshot }],
    );
    expect(lines).toEqual([
      'h1: revision 80, 12 keys, raft term 3, index 120, 1.0 KiB, written 1 min ago; the most that was found',
      'h2: revision 74, raft term 3, index 110; 10 entries, 6 revisions, behind h1',
      'h3: it has no data',
      'h4: not reached, so nobody can say what it has',
      'x.db on h1: 2 h old, revision 60, 9 keys, 2.0 KiB, etcd 3.6.16; 20 revisions behind h1',
    ]);
  });

  it.each<[what: string, source: Source, said: string]>([
    ['all of it is known', source('h1', 9, { revision: 5 }), 'revision 5, raft term 3, index 9'],
    [
      'at rest its log may have more',
      source('h1', 9, { revision: 5, up: false }),
      'at least revision 5, raft term 3, index 9',
    ],
    [
      'its log has more than is known to be committed',
      source('h1', 9, { revision: 5, committed: 8 }),
      'at least revision 5, raft term 3, index 9, the last 1 of them not known to be acknowledged, and kept',
    ],
    [
      'its answer is in no shape known here',
      source('h1', 9, { unread: ['etcdutl 3.9.0 answered `snapshot status` in a shape not known here'] }),
      'revision not known, raft term 3, index 9, etcdutl 3.9.0 answered `snapshot status` in a shape not known here',
    ],
    ['nobody can ask', source('h1', 9), 'revision not known, raft term 3, index 9'],
  ])('%s', (_what, one, said) => {
    expect(sourceText(one)).toBe(said);
  });
});
