import { expect, it } from 'vitest';
import type { PlannedTask, PlayRun } from '../../../../../lib/dsl/play.ts';
import type { ChangeKind } from '../../../../../lib/dsl/task.ts';
import { type EtcdFacts, ORDINARY } from '../../../../../lib/etcd/facts/index.ts';
import { foreseeGate } from '../../../../../lib/etcd/operations/site/foresee-gate.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

const HASH = { hash: 7, revision: 5, compacted: 1 };

function planned(kind: ChangeKind): PlannedTask {
  const resource = 'service:etcd';
  return {
    role: 'systemd',
    task: { resource, inTurn: () => true } as unknown as PlannedTask['task'],
    changes: [{ resource, kind, property: 'state', before: null, after: null, certainty: 'certain' }],
  };
}

/** What a check says of a cluster of three: each is `well`, `stopped` or out of `reach`, with its plan. */
async function said(members: readonly (readonly ['well' | 'stopped' | 'reach', ChangeKind?])[]) {
  const names = members.map((_, i) => `etcd0${i + 1}`);
  const hostvars = Object.fromEntries(
    names.map((name, i) => [name, { ...DEFAULTS, etcd_address: `10.0.0.${i + 1}` }]),
  );
  const list = names.map((name, i) => ({
    id: `${i + 1}`,
    name,
    peerUrls: [`https://10.0.0.${i + 1}:2380`],
    clientUrls: [`https://10.0.0.${i + 1}:2379`],
    learner: false,
  }));
  const hosts = members.flatMap(([state, kind], i) => {
    if (state === 'reach') return [];
    const status = { memberId: `${i + 1}`, leaderId: '1', clusterId: 'c', raftIndex: 9, version: '3.5.30' };
    const reading = {
      healthy: true,
      said: '',
      status,
      members: list,
      alarms: [],
      hash: HASH,
      certificates: [],
    };
    const cluster = {
      state: 'live',
      version: '3.5.30',
      token: undefined,
      caPem: undefined,
      furtherHosts: [],
    };
    const facts = { ...ORDINARY, cluster, reading: state === 'well' ? reading : undefined };
    const target = { name: names[i], vars: hostvars[names[i] as string], hostvars, facts };
    return [{ target, selected: true, plan: kind ? [planned(kind)] : [] }];
  });
  const failures: unknown[] = [];
  const log = (_level: string, message: string) => failures.push(message);
  const run = { check: true, hosts, log, fail: (error: unknown) => failures.push(error) };
  await foreseeGate(run as unknown as PlayRun<EtcdFacts>);
  return failures;
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
