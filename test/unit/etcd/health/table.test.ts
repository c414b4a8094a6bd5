import { expect, it } from 'vitest';
import { healthTable } from '../../../../lib/etcd/health/table.ts';
import { type Member, memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';

function members(net: string, vars = {}): Member[] {
  const names = ['etcd01', 'etcd02', 'etcd03'];
  const hostvars = Object.fromEntries(
    names.map((name, i) => [
      name,
      { ...DEFAULTS, ...vars, etcd_cluster_name: 'c', etcd_address: `${net}.${i + 1}` },
    ]),
  );
  return names.map((name) => memberOf({ name, vars: hostvars[name] ?? {}, hostvars }));
}

type State = 'stopped' | 'not reached' | 'unhealthy' | 'healthy';

function table(all: readonly Member[], states: readonly State[] = [], version = '3.5.16'): string[] {
  const status = {
    clusterId: 'c',
    memberId: '102b996c4aa7e55a',
    leaderId: 'x',
    version,
    dbSize: 20480,
    revision: 1,
    raftTerm: 1,
    raftIndex: 1,
    learner: false,
  };
  const until = new Date(Date.now() + 3649.5 * 86_400_000);
  const certificates = [{ file: 'server.pem' as const, from: new Date(0), until, names: [], lacks: [] }];
  const reading = { healthy: true, said: '', certificates, status };
  const answer = (state: State = 'healthy') => {
    if (state === 'stopped') return { reading: undefined };
    if (state === 'not reached') return { reading: undefined, unreached: true };
    return { reading: { ...reading, healthy: state === 'healthy' } };
  };
  return healthTable(all.map((member, i) => ({ member, ...answer(states[i]) }))).split('\n');
}

it('fits a terminal of 80 columns', () => {
  const rows = table(members('10.20.130')).slice(0, 4);
  expect(rows[1]).toBe('etcd01 102b996c4aa7e55a 10.20.130.1:2379 follower healthy 3.5.16  20 KiB 3649d');
  expect(Math.max(...rows.map(({ length }) => length))).toBeLessThanOrEqual(80);
});

it('says on which host the call of etcdctl is to be run, and nothing on this machine', () => {
  expect(table(members('10.0.0')).at(-2)).toBe('# on etcd01, as root or etcd:');
  expect(
    table(members('127.0.0', { etcd_service_manager: 'process', ansible_connection: 'local' })).at(-2),
  ).toBe('');
});

it('is short where the script for it is there, and quoted', () => {
  const [member] = members('10.0.0', { etcd_config_dir: '/opt/my etcd' });
  const said = (wrapper: boolean) =>
    healthTable([{ member: member!, reading: undefined, wrapper }])
      .split('\n')
      .slice(-2);
  expect(said(true)).toEqual(['# on etcd01, as root or etcd:', "'/opt/my etcd/etcdctl' member list"]);
  expect(said(false).at(-1)).toContain('--cacert=');
});

it.each<[etcd01: State, etcd02: State, etcd03: State, host: string]>([
  ['healthy', 'healthy', 'healthy', 'etcd01'],
  ['unhealthy', 'stopped', 'healthy', 'etcd03'],
  ['not reached', 'stopped', 'unhealthy', 'etcd03'],
  ['not reached', 'stopped', 'not reached', 'etcd02'],
  ['not reached', 'not reached', 'not reached', 'etcd01'],
])('names a host where it can be run: %s, %s, %s: %s', (etcd01, etcd02, etcd03, host) => {
  expect(table(members('10.0.0'), [etcd01, etcd02, etcd03]).at(-2)).toBe(`# on ${host}, as root or etcd:`);
});

it.each([
  ['3.3.25', true],
  ['3.4.23', false],
  ['3.7.3', false],
  ['3.30.0', false],
])('sets the variable for the API in that call where %s needs it: %s', (version, wanted) => {
  expect(table(members('10.0.0'), [], version).at(-1)?.startsWith('ETCDCTL_API=3 ')).toBe(wanted);
});

it('shows the end of a CA once that takes planning', () => {
  const [member] = members('10.0.0');
  const row = (days: number) => {
    const caEnd = new Date(Date.now() + (days + 0.5) * 86_400_000);
    return healthTable([{ member: member!, reading: undefined, caEnd }]).split('\n')[1];
  };
  expect(row(180)).not.toContain('CA');
  expect(row(179)).toContain('-, CA 179d');
});
