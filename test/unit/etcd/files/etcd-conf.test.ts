import { expect, it } from 'vitest';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { etcdConf, joinEnvironment } from '../../../../lib/etcd/files/etcd-conf.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { clusterFacts, surveyedOf } from '../../support/fake-cluster.ts';

it('has settings also before any host was asked for its version', () => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1', etcd_settings: { 'snapshot-count': 20_000 } };
  for (const version of [{}, { etcd_version: '3.7.3' }]) {
    const all = { ...vars, ...version };
    const target = { name: 'a', vars: all, hostvars: { a: all }, facts: ORDINARY };
    expect(etcdConf(target)).toContain('ETCD_SNAPSHOT_COUNT="20000"');
  }
});

it.each<[string, object, boolean, readonly string[]]>([
  ['where they are told apart', {}, true, ['HOSTNAME="localhost"']],
  ['as the cluster was founded, where they are not', {}, false, []],
  ['by what is set, if something is', { 'peer-cert-allowed-cn': 'x' }, true, ['CN="x"']],
  ['by another name, if that is set', { 'peer-cert-allowed-hostname': 'db' }, true, ['HOSTNAME="db"']],
])('lets only members in at the peer port: %s', (_where, etcd_settings, peersApart, expected) => {
  const { hosts } = surveyedOf([{ cluster: clusterFacts({ peersApart }) }], { etcd_settings });
  const lines = etcdConf(hosts[0]!.target).split('\n');
  const allowed = lines.flatMap((one) => /^ETCD_PEER_CERT_ALLOWED_(.*)$/.exec(one)?.[1] ?? []);
  expect(allowed).toEqual(expected);
});

it.each([
  ['a line of its own', "etcd02=x'\nETCD_CLIENT_CERT_AUTH=false"],
  ['quotes of both kinds', `etcd02'"=x`],
])('writes no value that would be a setting of its own: %s', (_what, member) => {
  expect(() => joinEnvironment([member])).toThrow('ETCD_INITIAL_CLUSTER cannot be written');
});
