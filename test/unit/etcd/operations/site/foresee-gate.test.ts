import { expect, it } from 'vitest';
import type { Vars } from '../../../../../lib/dsl/role.ts';
import type { ChangeKind } from '../../../../../lib/dsl/task.ts';
import type { Alarm } from '../../../../../lib/etcd/facts/etcdctl/answers.ts';
import { foreseeGate } from '../../../../../lib/etcd/operations/site/foresee-gate.ts';
import {
  clusterFacts,
  fakeCluster,
  listedMember,
  MEMBER_SERVICE,
  memberReading,
  memberStatus,
  planned,
} from '../../../support/fake-cluster.ts';

/** What a check says of a cluster of three: each is `well`, `stopped` or out of `reach`, with its plan. */
async function said(
  states: readonly (readonly ['well' | 'stopped' | 'reach', ChangeKind?])[],
  alarms: readonly Alarm[] = [],
  { vars = {}, quota, told }: { readonly vars?: Vars; readonly quota?: number; readonly told?: number } = {},
) {
  const members = states.map((_, i) => listedMember(i + 1));
  const hash = { hash: 7, revision: 5, compacted: 1 };
  const { run, errors, said } = fakeCluster(
    states.map(([state, kind], i) => {
      const well = () =>
        memberReading({
          status: memberStatus(i + 1, { ...(told && { quota: told }) }),
          ...{ members, hash, alarms, ...(quota && { quota }) },
        });
      const facts = { cluster: clusterFacts(), reading: state === 'well' ? well() : undefined };
      const plan = kind ? [planned(MEMBER_SERVICE, kind, { inTurn: true })] : [];
      return state === 'reach' ? undefined : { facts, plan };
    }),
    vars,
  );
  await foreseeGate(run({ check: true }));
  return [...said, ...errors];
}

it('a check says what the gate refuses, with the arithmetic and its exit code', async () => {
  const failures = await said([['well', 'restart'], ['well', 'restart'], ['reach']]);
  expect(failures).toMatchObject([
    {
      exitCode: 3,
      message: expect.stringMatching(
        /^etcd02: not touched:[\s\S]*3 voters, quorum 2, 2 healthy: stopping etcd02 leaves 1/,
      ),
    },
  ]);
});

it.each([
  [
    'an alarm',
    [
      ['well', 'restart'],
      ['well', 'restart'],
      ['stopped', 'start'],
    ],
    [{ memberId: '1', alarm: 'NOSPACE' }],
    /^etcd02: not touched:\n {2}alarm NOSPACE on .*$/,
  ],
  [
    'a host that is out of reach',
    [['well', 'restart'], ['stopped', 'start'], ['reach']],
    [],
    /^etcd01: not touched:\n {2}etcd03: the host was not reached\n {2}3 voters, quorum 2, 2 healthy: stopping etcd01 leaves 1$/,
  ],
  [
    'a member that rests and is started by nobody',
    [['well', 'restart'], ['stopped', 'start'], ['stopped']],
    [],
    /^etcd01: not touched:\n {2}etcd03: etcd does not run\n {2}3 voters/,
  ],
] as const)(
  'a member that is started first does not heal %s: a check says so',
  async (_, members, alarms, message) => {
    expect(await said(members, alarms)).toMatchObject([
      { exitCode: 3, message: expect.stringMatching(message) },
    ]);
  },
);

it('it says the order of those that come after a start', async () => {
  expect(
    await said([
      ['well', 'restart'],
      ['well', 'restart'],
      ['stopped', 'start'],
    ]),
  ).toEqual(['etcd: one member at a time, the leader last: etcd02, then etcd01']);
});

it.each([
  ['where nothing is to be restarted', [['well'], ['well'], ['reach']]],
  ['where a run starts the one that is down first', [['well', 'restart'], ['well'], ['stopped', 'start']]],
] as const)('it says nothing %s', async (_, members) => {
  expect(await said(members)).toEqual([]);
});

it('it says in which order members come, the leader last', async () => {
  expect(
    await said([
      ['well', 'restart'],
      ['well', 'restart'],
      ['well', 'restart'],
    ]),
  ).toEqual(['etcd: one member at a time, the leader last: etcd02, then etcd03, then etcd01']);
});

const NO_SPACE = [{ memberId: '1', alarm: 'NOSPACE' }];
const room = (bytes: number) => ({
  vars: { etcd_settings: { 'quota-backend-bytes': bytes } },
  quota: 2 ** 22,
});
const ALL = [
  ['well', 'restart'],
  ['well', 'restart'],
  ['well', 'restart'],
] as const;

it('a restart that gives a full database more room passes under that alarm alone', async () => {
  expect(await said(ALL, NO_SPACE, room(2 ** 23))).toEqual([
    expect.stringMatching(/^etcd: one member at a time/),
  ]);
});

it('what the member says of its quota counts more than its environment', async () => {
  const told = (quota: number) => said(ALL, NO_SPACE, { ...room(2 ** 23), told: quota });
  expect(await told(2 ** 22)).toEqual([expect.stringMatching(/^etcd: one member at a time/)]);
  expect(await told(2 ** 23)).toMatchObject([{ exitCode: 3 }]);
});

it.each<[string, Parameters<typeof said>]>([
  ['gives no more room', [ALL, NO_SPACE, room(2 ** 22)]],
  ['gives less', [ALL, NO_SPACE, room(2 ** 21)]],
  [
    'gives more, under another alarm besides',
    [ALL, [...NO_SPACE, { memberId: '2', alarm: 'CORRUPT' }], room(2 ** 23)],
  ],
  [
    'gives more, where too few would be left',
    [[['well', 'restart'], ['well', 'restart'], ['reach']], NO_SPACE, room(2 ** 23)],
  ],
])('a restart does not pass that %s', async (_what, given) => {
  expect(await said(...given)).toMatchObject([
    { exitCode: 3, message: expect.stringMatching(/not touched/) },
  ]);
});
