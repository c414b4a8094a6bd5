import { expect, it } from 'vitest';
import type { PlannedTask } from '../../../../../lib/dsl/play.ts';
import type { Vars } from '../../../../../lib/dsl/role.ts';
import { etcdConf } from '../../../../../lib/etcd/files/etcd-conf.ts';
import { refuseOthers } from '../../../../../lib/etcd/operations/upgrade/others.ts';
import {
  clusterFacts,
  fakeCluster,
  memberReading,
  memberStatus,
  planned,
} from '../../../support/fake-cluster.ts';

/** Members of 3.5.30 that were set up with these settings, and differ by this plan; resolves to how they are planned. */
async function asked(plan: readonly PlannedTask[], versions = ['3.5.30', '3.5.30', '3.5.30']) {
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
  const settings = new Map(cluster.hosts.map(({ target }) => [target.name, { 'snapshot-count': 7000 }]));
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
