import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../lib/dsl/probe.ts';
import { askMembers, awaited } from '../../../../lib/etcd/health/gate.ts';
import { judgeCluster } from '../../../../lib/etcd/health/judge.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';

const NAMES = ['etcd01', 'etcd02', 'etcd03'];

/** What members of all versions print: the revision in the header is the current one, whatever was asked for. */
interface Said {
  readonly revision: number;
  readonly compacted?: number;
  readonly hash: number;
}

/** A cluster whose members answer as `say` has it, and how often each was asked. */
function cluster(say: (member: number, asked: number, turn: number) => Said | string) {
  const turns = NAMES.map(() => 0);
  const says = (i: number) => (_doing: string, script: string) => {
    const asked = Number(/--rev=(\d+)/.exec(script)?.[1]);
    const said = say(i, asked, turns[i]!++);
    return `${MARK}@members 0\n{}\n${typeof said === 'string' ? said : answer(said)}`;
  };
  const fake = fakeCluster(NAMES.map((_, i) => ({ says: says(i) })));
  return { turns, ask: () => askMembers(fake.run(), fake) };
}

function answer({ revision, compacted = -1, hash }: Said): string {
  return `${MARK}@hash 0\n${JSON.stringify([{ HashKV: { header: { revision }, hash, compact_revision: compacted } }])}`;
}

/** Of the checks that are about hashes: the others have no answers here. */
const hashFindings = (answers: Awaited<ReturnType<typeof askMembers>>) =>
  judgeCluster(answers).flatMap(({ check, message }) => (check.startsWith('hash') ? [message] : []));

describe('asking members', () => {
  /** Each member has another revision each time: somebody writes. */
  const writing = (member: number, turn: number) => 100 + turn * 50 + member;

  it('once, when all answer at one revision', async () => {
    const { ask, turns } = cluster(() => ({ revision: 7, hash: 1 }));
    expect(hashFindings(await ask())).toEqual([]);
    expect(turns).toEqual([1, 1, 1]);
  });

  it('sees through writes that data differs, at the revision that was asked for', async () => {
    const { ask, turns } = cluster((member, asked, turn) => ({
      revision: writing(member, turn),
      hash: (asked || writing(member, turn)) + (member === 2 ? 1000 : 0),
    }));
    expect(hashFindings(await ask())).toEqual([
      'data differs at one revision (hashkv): 100 on etcd01 etcd02, 1100 on etcd03',
    ]);
    expect(turns).toEqual([2, 2, 2]);
  });

  it('sees through writes that data is equal', async () => {
    const { ask } = cluster((member, asked, turn) => ({ revision: writing(member, turn), hash: asked }));
    expect(hashFindings(await ask())).toEqual([]);
  });

  it('asks anew after a compaction in between', async () => {
    const { ask, turns } = cluster((member, asked, turn) =>
      turn === 1
        ? `${MARK}@hash 1\nError: etcdserver: mvcc: required revision has been compacted`
        : { revision: writing(member, turn), compacted: turn > 1 ? 90 : -1, hash: asked },
    );
    expect(hashFindings(await ask())).toEqual([]);
    expect(turns).toEqual([4, 4, 4]);
  });

  it('gives up on members that never hash one state, and says so', async () => {
    const { ask, turns } = cluster((member, _asked, turn) => ({
      revision: writing(member, turn),
      compacted: member,
      hash: 1,
    }));
    expect(hashFindings(await ask())).toEqual([
      'data cannot be compared (hashkv), members hash it in different states: revision 300, compacted 0 on etcd01, revision 300, compacted 1 on etcd02, revision 300, compacted 2 on etcd03',
    ]);
    expect(turns).toEqual([6, 6, 6]);
  });

  it('says which member gives no hash, and why', async () => {
    const { ask } = cluster((member) =>
      member === 1 ? `${MARK}@hash 1\nwarned\nError: context deadline exceeded` : { revision: 7, hash: 1 },
    );
    expect(hashFindings(await ask())).toEqual([
      'etcd02: no hash of its data (hashkv): Error: context deadline exceeded',
    ]);
  });
});

it('nobody waits for a host that is known to be out of reach', () => {
  const { members } = fakeCluster([{}, {}, {}]).cluster;
  const answers = members.map((member, i) => ({ member, reading: undefined, unreached: i > 0 }));
  expect(judgeCluster(answers).map(({ host }) => host)).toEqual(NAMES);
  expect(awaited(answers).map(({ host }) => host)).toEqual(['etcd01']);
});
