import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../../../../lib/dsl/play.ts';
import type { Vars } from '../../../../../lib/dsl/role.ts';
import { etcdConf } from '../../../../../lib/etcd/files/etcd-conf.ts';
import { refuseOthers } from '../../../../../lib/etcd/operations/upgrade/others.ts';
import { release } from '../../../../../lib/resources/release.ts';
import {
  clusterFacts,
  fakeCluster,
  MEMBER_SERVICE,
  memberReading,
  memberStatus,
  planned,
} from '../../../support/fake-cluster.ts';

/** Members of 3.5.30 that were set up with these settings, and differ by this plan; resolves to how they are planned. */
async function asked(
  plan: readonly PlannedTask[],
  versions = ['3.5.30', '3.5.30', '3.5.30'],
  wanted: Vars = { 'snapshot-count': 7000 },
) {
  const [old] = fakeCluster([{ facts: { cluster: clusterFacts() } }], {
    etcd_settings: { 'snapshot-count': 5000, 'log-level': 'debug', cors: 'https://a.example:443' },
  }).hosts;
  const cluster = fakeCluster(
    versions.map((version, i) => ({
      facts: {
        cluster: clusterFacts({ version: '3.6.16' }),
        reading: memberReading({ status: memberStatus(i + 1, { version }) }),
      },
      plan,
      says: () => etcdConf(old!.target),
    })),
  );
  const plans: [version: string | undefined, settings: unknown][] = [];
  for (const host of cluster.hosts)
    Object.assign(host, {
      replan: async ({ etcd_settings }: Vars = {}) =>
        plans.push([host.target.facts.cluster?.version, etcd_settings]),
    });
  const settings = new Map(cluster.hosts.map(({ target }) => [target.name, wanted]));
  await refuseOthers(cluster.run(), cluster, '3.6.16', settings);
  return plans;
}

it('an upgrade does not bring along another port that nobody has let in yet', async () => {
  await expect(asked([planned('file:/opt/etcd/cfg/etcd.conf', 'update')])).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringContaining('etcd03: file:/opt/etcd/cfg/etcd.conf'),
    hint: expect.stringContaining('-e etcd_version=3.5.30 makes them first'),
  });
});

it('tells the settings that only the wanted version knows by the names of the one that runs', async () => {
  const other = [planned('file:/opt/etcd/cfg/etcd.conf', 'update')];
  await expect(
    asked(other, undefined, { 'feature-gates': 'InitialCorruptCheck=true' }),
  ).rejects.toMatchObject({
    hint: expect.stringContaining(
      ` -e etcd_version=3.5.30 -e '{"etcd_settings":{"experimental-initial-corrupt-check":"true"}}' makes them first`,
    ),
  });
});

describe('a unit that is written otherwise by now', () => {
  const UNIT = planned('file:/etc/systemd/system/etcd.service', 'update');
  const restart = (before: string): PlannedTask => {
    const one = planned(MEMBER_SERVICE, 'restart', { property: 'loaded' });
    return { ...one, task: MEMBER_SERVICE, changes: one.changes.map((change) => ({ ...change, before })) };
  };
  const programs = release('/opt/x', {
    names: ['etcd'],
    version: '3.5.30',
    record: '/x',
    fetch: () => Promise.reject(new Error('nothing is fetched')),
  });

  it('comes along with the turns, and what is loaded for its sake', async () => {
    await expect(asked([UNIT, restart('other etcd.service')])).resolves.toHaveLength(6);
  });

  it.each([
    ['another file is to be loaded', restart('other etcd.service, etcd.conf')],
    ['the programs go elsewhere', { ...planned(programs, 'create'), task: programs }],
  ])('does not where %s', async (_what, other) => {
    await expect(asked([UNIT, other])).rejects.toMatchObject({ exitCode: 3 });
  });
});

it('looks at members as they are, with the settings that they have, and leaves the plan as it was', async () => {
  const plans = await asked([planned('file:/x')]);
  expect(plans.slice(2, 4)).toEqual([
    ['3.5.30', { 'snapshot-count': '5000', 'log-level': 'debug', cors: 'https://a.example:443' }],
    ['3.6.16', { 'snapshot-count': 7000 }],
  ]);
});

it('nothing but an upgrade helps members of several versions', async () => {
  expect(await asked([planned('file:/x', 'update')], ['3.5.30', '3.6.16', '3.6.16'])).toEqual([]);
});
