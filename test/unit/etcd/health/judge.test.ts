import { describe, expect, it } from 'vitest';
import type { Unanswered } from '../../../../lib/etcd/facts/etcdctl/answers.ts';
import type { MemberReading } from '../../../../lib/etcd/facts/read-member.ts';
import type { Answer } from '../../../../lib/etcd/health/answer.ts';
import { judgeCluster, judgeStop } from '../../../../lib/etcd/health/judge.ts';
import { commonRevision, hashesCompare } from '../../../../lib/etcd/health/judge-hashes.ts';
import type { Member } from '../../../../lib/etcd/model/cluster.ts';

const IDS = ['a1', 'b2', 'c3', 'd4', 'e5'];

const LIST = (count: number) =>
  IDS.slice(0, count).map((id, i) => ({
    id,
    name: `etcd0${i + 1}`,
    peerUrls: [`https://10.0.0.${i + 1}:2380`],
    clientUrls: [`https://10.0.0.${i + 1}:2379`],
    learner: false,
  }));

function reading(i: number, count: number, change: Partial<MemberReading> = {}): MemberReading {
  return {
    healthy: true,
    said: '',
    certificates: [],
    status: {
      clusterId: 'c0ffee',
      memberId: IDS[i] as string,
      leaderId: 'a1',
      version: '3.5.30',
      dbSize: 1,
      revision: 7,
      raftTerm: 2,
      raftIndex: 100,
      learner: false,
    },
    members: LIST(count),
    hash: { hash: 42, revision: 7, compacted: 1 },
    alarms: [],
    ...change,
  };
}

/** `count` healthy members, with some readings changed or gone. */
function cluster(
  count: number,
  changed: Readonly<Record<number, Partial<MemberReading> | undefined>> = {},
): Answer[] {
  return Array.from({ length: count }, (_, i) => ({
    member: {
      host: `etcd0${i + 1}`,
      name: `etcd0${i + 1}`,
      service: 'etcd',
      clientUrl: `https://10.0.0.${i + 1}:2379`,
      peerUrl: `https://10.0.0.${i + 1}:2380`,
    } as Member,
    reading: i in changed && changed[i] === undefined ? undefined : reading(i, count, changed[i]),
  }));
}

const status = (change: Partial<NonNullable<MemberReading['status']>>, i = 0) => ({
  status: { ...(reading(i, 3).status as NonNullable<MemberReading['status']>), ...change },
});

const unansweredTo = (
  question: Unanswered['question'],
  kind: Unanswered['kind'],
  said: string,
): Unanswered => ({ question, kind, said });

const [first, second, third] = LIST(3);

describe('the judgement of a cluster', () => {
  const cases: readonly (readonly [string, Answer[], readonly string[]])[] = [
    ['a whole cluster', cluster(3), []],
    ['one member alone', cluster(1), []],
    ['a stopped member', cluster(3, { 1: undefined }), ['etcd02: etcd does not run']],
    [
      'a member whose host was lost',
      cluster(3, { 1: undefined }).map((answer, i) => ({ ...answer, unreached: i === 1 })),
      ['etcd02: the host was not reached'],
    ],
    [
      'a member without quorum',
      cluster(3, { 2: { healthy: false, said: 'x\ncontext deadline exceeded' } }),
      ['etcd03: no linearizable read through https://10.0.0.3:2379: context deadline exceeded'],
    ],
    [
      'an alarm that every member tells of',
      cluster(3, {
        0: { alarms: [{ memberId: 'b2', alarm: 'NOSPACE' }] },
        1: { alarms: [{ memberId: 'b2', alarm: 'NOSPACE' }] },
      }),
      ['alarm NOSPACE on etcd02'],
    ],
    [
      'two cluster IDs',
      cluster(3, { 2: status({ clusterId: 'dead', memberId: 'c3' }, 2) }),
      ['cluster IDs differ: c0ffee on etcd01 etcd02, dead on etcd03'],
    ],
    [
      'two leaders',
      cluster(3, { 2: status({ leaderId: 'c3', memberId: 'c3' }) }),
      ['not one leader: a1 on etcd01 etcd02, c3 on etcd03'],
    ],
    [
      'no leader',
      cluster(3, {
        0: status({ leaderId: '' }),
        1: status({ leaderId: '' }, 1),
        2: status({ leaderId: '' }, 2),
      }),
      ['not one leader: none on etcd01 etcd02 etcd03'],
    ],
    [
      'member lists that differ',
      cluster(3, { 1: { members: LIST(3).slice(0, 2) } }),
      ['member lists differ between etcd01 etcd03 and etcd02'],
    ],
    [
      'a member that the inventory does not have',
      cluster(3, { 0: { members: LIST(4) }, 1: { members: LIST(4) }, 2: { members: LIST(4) } }),
      ['member etcd04 (https://10.0.0.4:2380) is not in the inventory'],
    ],
    [
      'a learner',
      cluster(
        3,
        Object.fromEntries(
          [0, 1, 2].map((i) => [i, { members: [first!, second!, { ...third!, learner: true }] }]),
        ),
      ),
      ['etcd03 is still a learner'],
    ],
    [
      'a member that never started',
      cluster(
        3,
        Object.fromEntries(
          [0, 1, 2].map((i) => [i, { members: [first!, second!, { ...third!, name: '', clientUrls: [] }] }]),
        ),
      ),
      ['https://10.0.0.3:2380 was added but never started'],
    ],
    [
      'a member far behind',
      cluster(3, { 0: status({ raftIndex: 5000 }), 1: status({ raftIndex: 4500 }, 1) }),
      ['etcd03 is 4900 raft entries behind (at most 1000)'],
    ],
    [
      'data that differs at one revision',
      cluster(3, { 1: { hash: { hash: 43, revision: 7, compacted: 1 } } }),
      ['data differs at one revision (hashkv): 42 on etcd01 etcd03, 43 on etcd02'],
    ],
    [
      'hashes that cannot be compared',
      cluster(3, { 1: { hash: { hash: 43, revision: 7, compacted: 3 } } }),
      [
        'data cannot be compared (hashkv), members hash it in different states: revision 7, compacted 1 on etcd01 etcd03, revision 7, compacted 3 on etcd02',
      ],
    ],
    [
      'data that differs between some, and cannot be compared with the rest',
      cluster(3, {
        1: { hash: { hash: 43, revision: 8, compacted: 1 } },
        2: { hash: { hash: 44, revision: 7, compacted: 1 } },
      }),
      [
        'data cannot be compared (hashkv), members hash it in different states: revision 7, compacted 1 on etcd01 etcd03, revision 8, compacted 1 on etcd02',
        'data differs at one revision (hashkv): 42 on etcd01, 44 on etcd03',
      ],
    ],
    [
      'a healthy member without a hash',
      cluster(3).map((answer, i) => {
        if (i !== 1) return answer;
        const { hash: _, ...rest } = answer.reading as MemberReading;
        const unanswered = [unansweredTo('endpoint hashkv', 'refused', 'Error: context deadline exceeded')];
        return { ...answer, reading: { ...rest, unanswered } };
      }),
      ['etcd02: no hash of its data (hashkv): Error: context deadline exceeded'],
    ],
    [
      'a healthy member whose hash nobody here can read',
      cluster(3).map((answer, i) => {
        if (i !== 1) return answer;
        const { hash: _, ...rest } = answer.reading as MemberReading;
        const unanswered = [unansweredTo('endpoint hashkv', 'unknown', 'etcdctl 3.9.0 answered so')];
        return { ...answer, reading: { ...rest, unanswered } };
      }),
      ['etcd02: etcdctl 3.9.0 answered so'],
    ],
    [
      'a healthy member that does not tell of alarms: there may be one',
      cluster(3, { 2: { unanswered: [unansweredTo('alarm list', 'refused', 'Error: permission denied')] } }),
      ['etcd03: no answer to `alarm list`: Error: permission denied'],
    ],
    [
      'a healthy member whose status nobody here can read',
      cluster(3, {
        0: { unanswered: [unansweredTo('endpoint status', 'unknown', 'etcdctl 3.9.0 answered so')] },
      }),
      ['etcd01: etcdctl 3.9.0 answered so'],
    ],
    [
      'a sick member that hashed an older revision',
      cluster(3, { 1: { healthy: false, hash: { hash: 43, revision: 5, compacted: 1 } } }),
      ['etcd02: no linearizable read through https://10.0.0.2:2379'],
    ],
  ];
  it.each(cases)('%s', (_name, answers, messages) => {
    expect(judgeCluster(answers).map(({ message }) => message)).toEqual(messages);
  });

  it('finds a CA that ended', () => {
    const answers = cluster(3).map((answer) => ({ ...answer, caEnd: new Date('2020-01-01T00:00:00Z') }));
    expect(judgeCluster(answers)[0]?.message).toMatch(
      /^etcd01: .*ca\.pem ended 2020-01-01: no certificate under it holds/,
    );
  });

  it('knows when hashes must be asked for again, and at which revision all can answer', () => {
    expect(hashesCompare(cluster(3))).toBe(true);
    const uneven = cluster(3, { 1: { hash: { hash: 1, revision: 9, compacted: 1 } } });
    expect(hashesCompare(uneven)).toBe(false);
    expect(commonRevision(uneven)).toBe(7);
  });
});

describe('the arithmetic of stopping a member', () => {
  const cases: readonly (readonly [number, readonly number[], string, string | undefined])[] = [
    [3, [], 'etcd01', undefined],
    [3, [1], 'etcd01', '3 voters, quorum 2, 2 healthy: stopping etcd01 leaves 1'],
    [3, [1], 'etcd02', undefined],
    [5, [1], 'etcd01', undefined],
    [5, [1, 2], 'etcd01', '5 voters, quorum 3, 3 healthy: stopping etcd01 leaves 2'],
    [2, [], 'etcd01', '2 voters, quorum 2, 2 healthy: stopping etcd01 leaves 1'],
    [1, [], 'etcd01', '1 voters, quorum 1, 1 healthy: stopping etcd01 leaves 0'],
  ];
  it.each(cases)('%i members, down: %j, stopping %s', (count, down, host, message) => {
    const answers = cluster(count, Object.fromEntries(down.map((i) => [i, { healthy: false }])));
    expect(judgeStop(answers, host)[0]?.message).toBe(message);
  });
});

it.each([
  'Failed to get the status of endpoint https://10.0.0.1:2379 (etcdserver: user name not found)',
  'Error: rpc error: code = Unknown desc = auth: user not found',
  'Error: etcdserver: permission denied',
])(
  'a member that refuses us by etcd’s authentication is told with the commands that let us in: %s',
  (said) => {
    const refused: Partial<MemberReading> = {
      unanswered: [{ question: 'endpoint hashkv', kind: 'refused', said }],
    };
    const { hash: _, ...without } = reading(0, 3, refused);
    const [, second, third] = cluster(3);
    const answers = [{ ...cluster(3)[0], reading: without } as Answer, second as Answer, third as Answer];
    expect(judgeCluster(answers).map(({ check, message }) => [check, message])).toEqual([
      [
        'authentication',
        expect.stringMatching(
          /^etcd01: authentication is enabled, and user etcd01, of its certificate, may not ask; as a user with role root, on etcd01: .*\/etcdctl --user=root user add etcd01 --no-password; .*\/etcdctl --user=root user grant-role etcd01 root; .*--client root/,
        ),
      ],
    ]);
  },
);

it('a program that nobody has installed is found, however well the member answers', () => {
  const foreign = { pid: 7, runs: '/var/lib/etcd/x', wanted: '/opt/etcd/bin/etcd' };
  const message =
    'etcd02: foreign program: etcd was to run /opt/etcd/bin/etcd, its process 7 runs /var/lib/etcd/x';
  expect(judgeCluster(cluster(3, { 1: { foreign } }))).toEqual([
    { check: 'foreign', host: 'etcd02', message },
  ]);
});
