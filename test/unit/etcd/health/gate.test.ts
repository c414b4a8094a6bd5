import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../../../lib/dsl/play.ts';
import { MARK } from '../../../../lib/dsl/shell/probe.ts';
import type { MemberReading } from '../../../../lib/etcd/facts/read-member.ts';
import { askMembers, type Settles } from '../../../../lib/etcd/health/ask.ts';
import { judgeCluster } from '../../../../lib/etcd/health/judge.ts';
import { askUntilWhole, awaited } from '../../../../lib/etcd/health/settle.ts';
import {
  fakeCluster,
  listedMember,
  MEMBER_SERVICE,
  memberReading,
  memberStatus,
  planned,
} from '../../support/fake-cluster.ts';

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

/** The list of members as etcdctl prints it. */
const MEMBERS = JSON.stringify({
  members: NAMES.map((name, i) => ({
    ID: i + 1,
    name,
    peerURLs: [`https://10.0.0.${i + 1}:2380`],
    clientURLs: [`https://10.0.0.${i + 1}:2379`],
  })),
});

/** A cluster of large data that is written to; gives who was asked for its hash, in order, and how many at once. */
function largeCluster(sick: readonly number[] = [], slow: readonly number[] = []) {
  const hashed: string[] = [];
  let now = 0;
  let most = 0;
  const fake = fakeCluster(NAMES.map(() => ({})));
  for (const [i, host] of fake.hosts.entries())
    Object.assign(host, {
      read: async (_doing: string, { text }: { readonly text: string }) => {
        const asked = Number(/--rev=(\d+)/.exec(text)?.[1]);
        const lines = [`${MARK}@members ${sick.includes(i) ? 1 : 0}`, MEMBERS];
        const status = {
          header: { cluster_id: 1, member_id: i + 1, revision: 90 + i },
          version: '3.6.16',
          leader: 1,
          raftIndex: 9,
          raftTerm: 2,
          dbSize: 2 ** 31,
        };
        lines.push(`${MARK}@alarms 0`, '{}', `${MARK}@status 0`, JSON.stringify([{ Status: status }]));
        lines.push(`${MARK}@version 0 3.6.16`);
        if (asked === 0) return { code: 0, out: [...lines, `${MARK}@unhashed 0 2147483648`].join('\n') };
        most = Math.max(most, ++now);
        hashed.push(`${host.target.name} at ${asked}`);
        await Promise.resolve();
        now -= 1;
        if (slow.includes(i)) throw new Error('it has not answered for 60 s');
        return { code: 0, out: [...lines, answer({ revision: 95, hash: i === 2 ? 8 : 7 })].join('\n') };
      },
    });
  return { hashed, most: () => most, ask: (settled?: Settles) => askMembers(fake.run(), fake, settled) };
}

function answer({ revision, compacted = -1, hash }: Said): string {
  return `${MARK}@hash 0\n${JSON.stringify([{ HashKV: { header: { revision }, hash, compact_revision: compacted } }])}`;
}

/** Of the checks that are about hashes: the others have no answers here. */
const hashFindings = (answers: Awaited<ReturnType<typeof askMembers>>) =>
  judgeCluster(answers).flatMap(({ check, message }) => (check.startsWith('hash') ? [message] : []));

describe('large data', () => {
  it('is hashed by one member after another, at a revision that all have, and compared', async () => {
    const { ask, hashed, most } = largeCluster();
    const answers = await ask();
    expect(hashed).toEqual(['etcd01 at 90', 'etcd02 at 90', 'etcd03 at 90']);
    expect(most()).toBe(1);
    expect(hashFindings(answers)).toEqual([
      'data differs at one revision (hashkv): 7 on etcd01 etcd02, 8 on etcd03',
    ]);
  });

  it('is not hashed where something else is wrong: that decides by itself', async () => {
    const { ask, hashed } = largeCluster([1]);
    expect(hashFindings(await ask())).toEqual([]);
    expect(hashed).toEqual([]);
  });

  it('is hashed all the same for whom that does not decide it, as where one of them is replaced', async () => {
    const { ask, hashed } = largeCluster([1]);
    await ask(() => false);
    expect(hashed.length).toBeGreaterThan(1);
  });

  it('that takes too long has no hash, and its host is none that does not answer', async () => {
    const { ask } = largeCluster([], [1]);
    const answers = await ask();
    expect(answers.map(({ unreached }) => unreached)).toEqual([false, false, false]);
    expect(hashFindings(answers).join()).toContain('etcd02');
  });
});

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

describe('after a change', () => {
  const well = (i: number, change: Partial<MemberReading> = {}): MemberReading =>
    memberReading({
      status: memberStatus(i),
      members: [1, 2, 3].map((j) => listedMember(j)),
      hash: { revision: 5, compacted: 1, hash: 1 },
      ...change,
    });
  const sick = (i: number) => well(i, { healthy: false, said: 'context deadline exceeded' });
  type Third = MemberReading | undefined | 'out of reach';
  const waitsFor = (third: Third, { second = well(2) as MemberReading | undefined, rests = false } = {}) => {
    const { members } = fakeCluster([{}, {}, {}]).cluster;
    const answers = [well(1), second, third].map((one, i) => ({
      member: members[i]!,
      reading: one === 'out of reach' ? undefined : one,
      unreached: one === 'out of reach',
    }));
    expect(judgeCluster(answers)).not.toEqual([]);
    return [
      ...new Set(awaited(answers, () => rests).map(({ check, host }) => `${check} ${host ?? ''}`.trim())),
    ];
  };
  const refused = [
    { question: 'member list', kind: 'refused', said: 'etcdserver: user name is empty' },
  ] as const;

  it.each<[string, Third, object, readonly string[]]>([
    ['a member that runs and does not answer yet', sick(3), {}, ['health etcd03']],
    ['a member between two starts', undefined, {}, ['health etcd03']],
    ['no member that rests', undefined, { rests: true }, []],
    ['no host that is out of reach', 'out of reach', {}, []],
    ['no quorum that cannot come', sick(3), { second: undefined, rests: true }, ['health etcd03']],
    ['nobody, where too few may come', 'out of reach', { second: undefined, rests: true }, []],
    ['no alarm', well(3, { alarms: [{ memberId: '3a', alarm: 'NOSPACE' }] }), {}, []],
    ['no learner', well(3, { status: memberStatus(3), members: [] }), {}, ['member-list']],
    ['no data that differs', well(3, { hash: { revision: 5, compacted: 1, hash: 2 } }), {}, []],
    ['no login', { ...sick(3), unanswered: [...refused] }, {}, []],
    [
      'a member that is behind',
      well(3, { status: memberStatus(3, { raftIndex: 9000 }) }),
      {},
      ['raft-lag etcd01', 'raft-lag etcd02'],
    ],
  ])('waits for %s', (_what, third, options, expected) => {
    expect(waitsFor(third, options)).toEqual(expected);
  });

  /** What a healthy member prints. */
  const printed = (i: number) => {
    const header = { cluster_id: 12, member_id: i, revision: 5, raft_term: 2 };
    const status = { header, version: '3.5.30', dbSize: 20480, leader: 1, raftIndex: 9, raftTerm: 2 };
    const members = [1, 2, 3].map((ID) => ({
      ID,
      name: `etcd0${ID}`,
      peerURLs: [`https://10.0.0.${ID}:2380`],
      clientURLs: [`https://10.0.0.${ID}:2379`],
    }));
    const said = { status: [{ Status: status }], members: { header, members }, alarms: { header } };
    const lines = Object.entries(said).map(([name, value]) => `${MARK}@${name} 0 ${JSON.stringify(value)}`);
    return [...lines, answer({ revision: 5, hash: 1 })].join('\n');
  };

  it('asks once where nothing comes, and again where something may', async () => {
    const down = `${MARK}@down 0\n`;
    const asked = [0, 0, 0];
    const facts = (i: number) => (i === 2 ? {} : { reading: well(i + 1) });
    const surveyed = (plan: readonly PlannedTask[]) =>
      fakeCluster(
        NAMES.map((_, i) => ({
          facts: facts(i),
          ...(i === 2 && { plan }),
          says: () => {
            asked[i]!++;
            return i === 2 ? down : printed(i + 1);
          },
        })),
      );
    const still = surveyed([planned('file:/x', 'update')]);
    const started = performance.now();
    await askUntilWhole(still.run(), still);
    expect(performance.now() - started).toBeLessThan(3000);
    const rounds = asked[2]!;
    const coming = surveyed([planned(MEMBER_SERVICE, 'start')]);
    await askUntilWhole(coming.run(), coming, () => asked[2]! > rounds * 3);
    expect(asked[2]).toBeGreaterThan(rounds * 2);
  });
});
