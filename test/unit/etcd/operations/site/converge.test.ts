import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../../../../lib/dsl/play.ts';
import type { Task } from '../../../../../lib/dsl/task.ts';
import type { ClusterFacts } from '../../../../../lib/etcd/facts/index.ts';
import { admit, converge } from '../../../../../lib/etcd/operations/site/converge.ts';
import { firewall } from '../../../../../lib/resources/firewall/index.ts';
import { service } from '../../../../../lib/resources/service/index.ts';
import { clusterFacts, fakeCluster, MEMBER_SERVICE, planned } from '../../../support/fake-cluster.ts';

const START = [planned(MEMBER_SERVICE, 'start')];
const RESTART = [planned(MEMBER_SERVICE, 'restart')];
const NOTHING = [planned(MEMBER_SERVICE)];

/** What `admit` says of a cluster whose members have these plans; one without was not reached. */
function refusal(
  state: ClusterFacts['state'],
  plans: readonly (readonly PlannedTask[] | undefined)[],
  left: number[] = [],
) {
  const facts = { cluster: clusterFacts({ state }) };
  const { run } = fakeCluster(plans.map((plan, i) => plan && { facts, plan, selected: !left.includes(i) }));
  try {
    admit(run());
    return undefined;
  } catch (error) {
    const { exitCode, message } = error as { exitCode: number; message: string };
    return `${exitCode} ${message}`;
  }
}

describe('a plan is refused before anything is changed', () => {
  it.each([
    ['one', [RESTART], '1 voters, quorum 1: stopping etcd01 leaves 0'],
    ['two', [NOTHING, RESTART], '2 voters, quorum 2: stopping etcd02 leaves 1'],
  ])('when it stops a member of a cluster of %s, which cannot spare any', (_name, plans, message) => {
    expect(refusal('live', plans)).toBe(`3 etcd: nothing was changed: ${message}`);
  });

  it.each([
    ['a cluster of three', 'live', [RESTART, RESTART, RESTART]],
    ['a member that does not run', 'live', [START]],
    ['a firewall of a single member', 'live', [[planned('firewall-off:firewalld', 'stop')]]],
    ['another service of a single member', 'live', [[planned(service('nginx'), 'restart')]]],
    ['a single member that is down anyway', 'stopped', [RESTART]],
  ] as const)('but not when it is about %s', (_name, state, plans) => {
    expect(refusal(state, plans)).toBe(undefined);
  });

  const FILE = [planned('file:/etc/x', 'update')];
  it.each([
    [[FILE, undefined, undefined], '1 of 3 hosts reached, and a run holds the locks of at least 2'],
    [[undefined, FILE], '1 of 2 hosts reached, and a run holds the locks of at least 2'],
    [[FILE, FILE, undefined, undefined], '2 of 4 hosts reached, and a run holds the locks of at least 3'],
  ])('when somebody else may hold the locks of the other hosts: %#', (plans, message) => {
    expect(refusal('live', plans)).toBe(
      `4 etcd: nothing was changed: ${message}: another run, elsewhere, may reach the rest`,
    );
  });

  it.each([
    ['the locks of most hosts can be had', [FILE, FILE, undefined]],
    ['nothing is to be changed', [NOTHING, undefined, undefined]],
  ])('but not for that when %s', (_name, plans) => {
    expect(refusal('live', plans)).toBe(undefined);
  });

  const whole = 'etcd: nothing was changed: a new cluster starts with all its members';
  it.each([
    ['is left out by --limit', [START, START, NOTHING], [2], `3 ${whole}, and these are left out: etcd03`],
    ['could not be planned', [START, START, []], [], `2 ${whole}, not without etcd03`],
  ])('when it founds a cluster and a member %s', (_name, plans, left, message) => {
    expect(refusal('new', plans, left)).toBe(message);
    expect(refusal('bootstrapping', plans, left)).toBe(message);
    expect(refusal('live', plans, left)).toBe(undefined);
  });
});

it('where nobody has said who the clients are, a firewall that is set lets everybody in, which is said', () => {
  const rules = firewall('etcd', { ports: [] });
  const said = (of: Task, vars = {}) => {
    const surveyed = fakeCluster(
      [{ facts: { cluster: clusterFacts() }, plan: [planned(of, 'update')] }],
      vars,
    );
    admit(surveyed.run());
    return surveyed.said;
  };
  expect(said(rules)).toEqual([
    'etcd: every address may reach the client ports: etcd_client_cidrs narrows it',
  ]);
  expect(said(rules, { etcd_client_cidrs: ['10.0.0.0/8'] })).toEqual([]);
  expect(said(service('nginx'))).toEqual([]);
});

it('a member is not stopped while its timer takes a snapshot', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'quorate-timers-'));
  const asked: string[] = [];
  const { run, errors } = fakeCluster(
    [1, 2, 3].map((i) => ({
      facts: { cluster: clusterFacts(), backupTimer: i < 3 },
      plan: i === 1 ? [planned(MEMBER_SERVICE, 'restart', { inTurn: true })] : [],
      says: (doing) => {
        asked.push(`etcd0${i} ${doing}`);
        return 'inactive';
      },
    })),
    { inventory_dir: dir },
  );
  await converge(run());
  rmSync(dir, { recursive: true });
  expect(asked.filter((one) => one.includes('timer'))).toEqual(['etcd01 asking what its timer does']);
  expect(asked[0]).toContain('timer');
  // The gate, which comes next, finds nobody there.
  expect(errors).toHaveLength(1);
});

describe('the token of a bootstrap', () => {
  const dir = mkdtempSync(join(tmpdir(), 'quorate-token-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** What is kept on control while hosts are applied to; undefined when they are not. */
  async function keptMeanwhile(state: ClusterFacts['state'], plan: readonly PlannedTask[]) {
    const token = state === 'new' ? 'etcd-0123' : undefined;
    const facts = { cluster: clusterFacts({ state, token }) };
    const { run, errors } = fakeCluster([{ facts, plan }], { inventory_dir: dir });
    let kept: string | undefined;
    await converge(
      run({
        async each() {
          try {
            kept = readFileSync(join(dir, '.quorate/etcd/bootstrap-token'), 'utf8');
          } catch {
            kept = 'none';
          }
          return [];
        },
      }),
    );
    expect(errors).toEqual([]);
    return kept;
  }

  it('is kept before a host that starts is touched, and forgotten where the cluster lives', async () => {
    expect(await keptMeanwhile('new', NOTHING)).toBe('none');
    expect(await keptMeanwhile('new', START)).toBe('etcd-0123\n');
    expect(await keptMeanwhile('live', NOTHING)).toBe('none');
  });
});

it('a member that was down and does not come up ends a roll before it has begun', async () => {
  const names = ['etcd01', 'etcd02', 'etcd03'];
  const dir = mkdtempSync(join(tmpdir(), 'quorate-roll-'));
  const plans = [
    [planned(MEMBER_SERVICE, 'restart', { inTurn: true })],
    [planned(MEMBER_SERVICE, 'restart', { inTurn: true })],
    [planned(MEMBER_SERVICE, 'start', { inTurn: true })],
  ];
  const facts = { cluster: clusterFacts() };
  const { run, errors } = fakeCluster(
    plans.map((plan) => ({ facts, plan })),
    { inventory_dir: dir },
  );
  const touched: string[][] = [];
  await converge(
    run({
      async each(some) {
        const all = some.map(({ target }) => target.name);
        touched.push(all);
        return some.filter(() => all.length === names.length);
      },
    }),
  );
  rmSync(dir, { recursive: true });
  expect(touched).toEqual([names, ['etcd03']]);
  expect(errors).toMatchObject([
    {
      exitCode: 3,
      message: 'stopped at etcd03: no further host is touched; still to be changed: etcd01, etcd02',
    },
  ]);
});
