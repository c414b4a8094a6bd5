import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { closedEnvironment, etcdConf, joinEnvironment } from '../../../../lib/etcd/files/etcd-conf.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { exportEnvironment } from '../../../../lib/resources/service/process.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { clusterFacts, surveyedOf } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';

it('has settings also before any host was asked for its version', () => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1', etcd_settings: { 'snapshot-count': 20_000 } };
  for (const version of [{}, { etcd_version: '3.7.3' }]) {
    const all = { ...vars, ...version };
    const target = { name: 'a', vars: all, hostvars: { a: all }, facts: ORDINARY };
    expect(etcdConf(target)).toContain('ETCD_SNAPSHOT_COUNT="20000"');
  }
});

it.each([
  ['3.5.33', ['ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK="true"']],
  ['3.6.11', ['ETCD_FEATURE_GATES="InitialCorruptCheck=true, "']],
  ['3.6.16', ['ETCD_FEATURE_GATES="InitialCorruptCheck=true, "']],
  [undefined, ['ETCD_FEATURE_GATES="InitialCorruptCheck=true, "']],
])('has the settings of the inventory by the names of the version that runs: %s', (version, wanted) => {
  const { hosts } = surveyedOf([{ cluster: clusterFacts(version === undefined ? {} : { version }) }], {
    etcd_settings: { 'feature-gates': 'InitialCorruptCheck=true, ' },
    etcd_version: '3.6.16',
  });
  if (version === undefined) hosts[0]!.target.facts.cluster = undefined;
  const lines = etcdConf(hosts[0]!.target).split('\n');
  expect(lines.filter((line) => /CORRUPT|GATES/.test(line))).toEqual(wanted);
});

it('cannot tell a version what neither it nor an earlier one has', () => {
  const vars = { etcd_settings: { 'enable-v2': true }, etcd_version: '3.5.33' };
  const { hosts } = surveyedOf([{ cluster: clusterFacts({ version: '3.6.16' }) }], vars);
  expect(() => etcdConf(hosts[0]!.target)).toThrow('etcd 3.6.16 has no setting enable-v2');
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

it('a member that is closed to clients has no other door, whatever its settings open', () => {
  const { hosts } = surveyedOf([{}], {
    etcd_settings: { 'listen-client-http-urls': 'https://10.0.0.1:2385' },
    etcd_version: '3.5.30',
  });
  const { target } = hosts[0]!;
  const files = [etcdConf(target), closedEnvironment(memberOf(target))].map((text, i) => {
    const path = join(scratch(), `${i}.env`);
    writeFileSync(path, text);
    return path;
  });
  const environment = (some: readonly string[]) =>
    execFileSync(
      'sh',
      ['-c', `${exportEnvironment(some).text}\nenv | sed -n '/^ETCD_LISTEN_CLIENT/p' | sort`],
      {
        encoding: 'utf8',
        env: { PATH: process.env.PATH },
      },
    );
  expect(environment(files.slice(0, 1))).toContain('ETCD_LISTEN_CLIENT_HTTP_URLS=https://10.0.0.1:2385\n');
  expect(environment(files)).toBe(
    'ETCD_LISTEN_CLIENT_HTTP_URLS=\nETCD_LISTEN_CLIENT_URLS=https://127.0.0.1:2379\n',
  );
});
