import { describe, expect, it } from 'vitest';
import type { ListedMember } from '../../../../lib/etcd/facts/etcdctl-answers.ts';
import { type EtcdFacts, ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import type { MemberReading } from '../../../../lib/etcd/facts/read-member.ts';
import { clusterOf } from '../../../../lib/etcd/model/cluster.ts';
import { dataProblems, stateOf } from '../../../../lib/etcd/survey/state.ts';
import type { EtcdHost } from '../../../../lib/etcd/survey/survey.ts';
import { DEFAULTS } from '../../support/defaults.ts';

/** A cluster whose hosts have these facts; its members run under systemd unless `vars` say otherwise. */
function cluster(hosts: readonly Partial<EtcdFacts>[], vars: object = {}) {
  const name = (i: number) => `etcd0${i + 1}`;
  const hostvars = Object.fromEntries(
    hosts.map((_, i) => [name(i), { ...DEFAULTS, ...vars, etcd_address: `10.0.0.${i + 1}` }]),
  );
  const targets = hosts.map((facts, i) => ({
    name: name(i),
    vars: hostvars[name(i)] ?? {},
    hostvars,
    facts: { ...ORDINARY, ...facts },
  }));
  return {
    cluster: clusterOf(targets[0]!),
    hosts: targets.map((target) => ({ target }) as unknown as EtcdHost),
  };
}

/** The state, or what is refused. */
function judged(hosts: readonly Partial<EtcdFacts>[], pending = false, vars: object = {}) {
  const surveyed = cluster(hosts, vars);
  const problems = dataProblems(surveyed, pending);
  if (problems.length === 0) return stateOf(surveyed, pending);
  return problems.map(({ exitCode, message }) => `${exitCode} ${message}`);
}

const BARE: Partial<EtcdFacts> = {};
const DATA: Partial<EtcdFacts> = { data: 'present', service: 'inactive' };
const FORMED = { formed: [] };
const RUNS: Partial<EtcdFacts> = { data: 'present', service: 'active' };
const STARTING: Partial<EtcdFacts> = { data: 'empty', service: 'activating' };
const WIPED: Partial<EtcdFacts> = { service: 'inactive', data: 'empty' };
const listed = (i: number, clientUrls = [`https://10.0.0.${i}:2379`]): ListedMember => ({
  id: `${i}a`,
  name: clientUrls.length > 0 ? `etcd0${i}` : '',
  peerUrls: [`https://10.0.0.${i}:2380`],
  clientUrls,
  learner: false,
});
const healthy = (...members: readonly ListedMember[]): Partial<EtcdFacts> => ({
  ...RUNS,
  reading: { healthy: true, said: '', certificates: [], members } as MemberReading,
});

const PATH = '/var/lib/etcd/default.etcd';
const surviving = '3 etcd: no quorum, and etcd01, etcd02 has no data; the surviving copy is on etcd03';
const nowhere = (name: string) =>
  `3 etcd: it was formed before (/var/lib/quorate/etcd/formed on ${name}), and no host has data where it is wanted: etcd01 ${PATH}, etcd02 ${PATH}, etcd03 ${PATH}`;
const elsewhere = (name: string) => `3 ${name}: etcd runs, and its data is not in ${PATH}`;

describe('what members are together', () => {
  it.each<[string, readonly Partial<EtcdFacts>[], boolean, string | string[]]>([
    ['bare hosts', [BARE, BARE, BARE], false, 'new'],
    ['bare hosts, and a token left by a run', [BARE, BARE, BARE], true, 'new'],
    ['a bootstrap that was cut off', [DATA, BARE, BARE], true, 'bootstrapping'],
    ['one that was cut off while members start', [RUNS, STARTING, BARE], true, 'bootstrapping'],
    ['a first start that was cut off before there was data', [STARTING, BARE, BARE], true, 'new'],
    ['members with their data that are stopped', [DATA, DATA, DATA], false, 'stopped'],
    ['members that run and cannot be asked', [RUNS, RUNS, DATA], false, 'live'],
    ['one that can be asked', [healthy(listed(1), listed(2), listed(3)), DATA, DATA], true, 'live'],
    [
      'a formed cluster that is stopped',
      [DATA, DATA, DATA].map((one) => ({ ...one, ...FORMED })),
      true,
      'stopped',
    ],
    [
      'one that lives, with a member yet to start',
      [healthy(listed(1), listed(2, [])), STARTING],
      false,
      'live',
    ],
    ['a majority without data, and no token', [WIPED, WIPED, DATA], false, [surviving]],
    [
      'a majority without data, and a token from before',
      [WIPED, WIPED, { ...DATA, ...FORMED }],
      true,
      [surviving],
    ],
    [
      'the record on a wiped host alone, and a token',
      [{ ...WIPED, ...FORMED }, WIPED, DATA],
      true,
      [surviving],
    ],
    [
      'a minority without data of a formed cluster, and a token',
      [WIPED, DATA, { ...DATA, ...FORMED }],
      true,
      ['3 etcd: no quorum, and etcd01 has no data; the surviving copy is on etcd02, etcd03'],
    ],
    [
      'a formed cluster, and no data anywhere',
      [WIPED, { ...WIPED, ...FORMED }, WIPED],
      false,
      [nowhere('etcd02')],
    ],
    ['the same, and a token', [{ ...WIPED, ...FORMED }, BARE, BARE], true, [nowhere('etcd01')]],
    [
      'members that run on data elsewhere',
      [0, 1, 2].map(() => ({ service: 'active' })),
      false,
      ['etcd01', 'etcd02', 'etcd03'].map(elsewhere),
    ],
    ['one that does, and a token', [{ service: 'active' }, BARE, BARE], true, [elsewhere('etcd01')]],
    ['one that starts, without a token', [STARTING, BARE, BARE], false, [elsewhere('etcd01')]],
    [
      'one that starts, a token, and a record',
      [STARTING, { ...DATA, ...FORMED }, DATA],
      true,
      [elsewhere('etcd01')],
    ],
    [
      'one that runs on data elsewhere in a cluster that lives',
      [healthy(listed(1), listed(2), listed(3)), { service: 'active' }, RUNS],
      false,
      [elsewhere('etcd02')],
    ],
    [
      'one that lost its data, and one that is not listed',
      [healthy(listed(1), listed(2)), WIPED, WIPED],
      false,
      [
        '3 etcd02: member etcd02 (2a) has joined this cluster before, and its data directory is empty',
        '3 etcd03: the cluster lives and does not list https://10.0.0.3:2380',
      ],
    ],
  ] as [string, readonly Partial<EtcdFacts>[], boolean, string | string[]][])(
    '%s',
    (_name, hosts, pending, expected) => {
      expect(judged(hosts, pending)).toEqual(expected);
    },
  );

  it('a plain process is there before it has a quorum', () => {
    const vars = { etcd_service_manager: 'process', etcd_config_dir: '/srv/a/cfg' };
    expect(judged([{ service: 'active' }, BARE, BARE], true, vars)).toBe('new');
    expect(judged([{ service: 'active' }, BARE, BARE], false, vars)).toEqual([elsewhere('etcd01')]);
  });

  it('says what to do', () => {
    const hints = (hosts: readonly Partial<EtcdFacts>[]) =>
      dataProblems(cluster(hosts), false).map(({ hint }) => hint);
    expect(hints([{ service: 'active' }])).toEqual([
      'put etcd_data_dir back; or stop etcd and move the data there yourself; or give the cluster up with playbooks/destroy.ts first',
    ]);
    expect(hints([{ ...WIPED, ...FORMED }])[0]).toContain('playbooks/destroy.ts first');
    expect(hints([WIPED, DATA])[0]).toContain(`unless the data lies elsewhere (wanted: etcd01 ${PATH})`);
  });
});
