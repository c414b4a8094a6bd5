import { describe, expect, it } from 'vitest';
import { requireConsent } from '../../../../../lib/etcd/operations/destroy/consent.ts';
import { purges } from '../../../../../lib/etcd/operations/destroy/strategy.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

const host = (vars: object) => ({ vars: { ...DEFAULTS, etcd_cluster_name: 'prod', ...vars } });
const LOCAL = { ansible_connection: 'local', etcd_service_manager: 'process' };
const SSH = { ansible_connection: 'ssh' };

/** What is said instead of going on. */
function said(hosts: readonly object[], consent: { yes?: boolean; cluster?: string; check?: boolean }) {
  try {
    requireConsent(hosts.map(host), { yes: false, check: false, cluster: undefined, ...consent });
    return undefined;
  } catch (error) {
    const { exitCode, message } = error as { exitCode: number; message: string };
    return `${exitCode} ${message}`;
  }
}

describe('consent to destroy', () => {
  const WANTS_NAME = '1 destroy wants the name of the cluster, which is prod';
  it.each<[string, Parameters<typeof said>, string | undefined]>([
    ['a local cluster wants -y', [[LOCAL], {}], '1 destroy takes the cluster down for good'],
    ['a local cluster wants no name', [[LOCAL], { yes: true }], undefined],
    ['any other wants its name', [[SSH], { yes: true }], WANTS_NAME],
    ['its name is enough', [[SSH], { yes: true, cluster: 'prod' }], undefined],
    [
      'a plain process on another machine is not local',
      [[{ ...SSH, etcd_service_manager: 'process' }], { yes: true }],
      WANTS_NAME,
    ],
    ['one host elsewhere is enough to want it', [[LOCAL, SSH], { yes: true }], WANTS_NAME],
    [
      'a name that is given is checked, also for a local one',
      [[LOCAL], { yes: true, cluster: 'other' }],
      '1 --cluster other: the cluster of this inventory is prod',
    ],
    [
      'in a check, too',
      [[SSH], { check: true, cluster: 'other' }],
      '1 --cluster other: the cluster of this inventory is prod',
    ],
    ['a check wants no consent', [[SSH], { check: true }], undefined],
    [
      'several local clusters are not one name’s',
      [[LOCAL, { ...LOCAL, etcd_cluster_name: 'b' }], { yes: true, cluster: 'prod' }],
      '1 --cluster prod: its hosts are of prod, b',
    ],
  ])('%s', (_name, args, expected) => {
    expect(said(...args)).toBe(expected);
  });
});

describe('data is deleted', () => {
  const inventory = { inventory_dir: '/home/me/inv', etcd_cluster_name: 'prod', etcd_config_dir: '/x/cfg' };
  const OURS = '/home/me/inv/.quorate/prod/etcd01/data';
  it.each<[string, object, boolean]>([
    ['of a throw-away beside the inventory', { ...LOCAL, etcd_data_dir: OURS }, true],
    ['not elsewhere on this machine', { ...LOCAL, etcd_data_dir: '/srv/data' }, false],
    [
      'not of a plain process on another machine, wherever it lies',
      { ...SSH, etcd_service_manager: 'process', etcd_data_dir: OURS },
      false,
    ],
    ['where --purge says so', { ...SSH, purge: true }, true],
  ])('%s', (_name, vars, expected) => {
    const all = { ...DEFAULTS, ...inventory, ...vars };
    expect(purges({ name: 'etcd01', vars: all, hostvars: { etcd01: all } })).toBe(expected);
  });
});
