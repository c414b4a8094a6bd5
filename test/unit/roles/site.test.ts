import { expect, it } from 'vitest';
import type { Role } from '../../../lib/dsl/role.ts';
import { type EtcdFacts, ORDINARY } from '../../../lib/etcd/facts/index.ts';
import { ROLE_NAMES } from '../../../lib/etcd/model/role-names.ts';
import { ETCD_VARS } from '../../../lib/etcd/model/vars.ts';
import { tasksOf } from '../../../lib/runner/plan/tasks.ts';
import { backups } from '../../../roles/backups.ts';
import { binaries } from '../../../roles/binaries.ts';
import { certs } from '../../../roles/certs.ts';
import { config } from '../../../roles/config.ts';
import { firewall } from '../../../roles/firewall.ts';
import { systemd } from '../../../roles/systemd.ts';
import { verify } from '../../../roles/verify.ts';
import { DEFAULTS } from '../support/defaults.ts';
import { clusterFacts } from '../support/fake-cluster.ts';

const SITE: readonly Role<EtcdFacts>[] = [firewall, certs, binaries, config, systemd, backups, verify];

const CHOICES = Object.entries(ETCD_VARS).flatMap(([name, schema]) =>
  'enum' in schema ? schema.enum.map((value) => [name, value] as const) : [],
);

it('operations know the roles of a member by their names, in their order', () => {
  expect(SITE.map(({ name }) => name)).toEqual(ROLE_NAMES);
});

it.each(CHOICES)('no two roles of a whole run contradict each other: %s is %s', (name, value) => {
  const vars = {
    ...DEFAULTS,
    etcd_address: '10.0.0.1',
    etcd_backup_schedule: 'daily',
    etcd_backup_dir: '/srv/b',
    [name]: value,
  };
  const facts = { ...ORDINARY, cluster: clusterFacts() };
  const target = {
    name: 'etcd01',
    host: { name: 'etcd01', groups: [] },
    vars,
    hostvars: { etcd01: vars },
    facts,
  };
  expect(tasksOf(SITE, target, 1).length).toBeGreaterThan(10);
});
