import { describe, expect, it } from 'vitest';
import type { Vars } from '../../../../lib/dsl/role.ts';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { twiceProblems } from '../../../../lib/etcd/survey/twice.ts';
import type { EtcdHost } from '../../../../lib/etcd/surveyed.ts';
import { DEFAULTS } from '../../support/defaults.ts';

const MACHINE = '4c3f8a0e-6f6f-4a53-9a2f-0d6d3a1a7c11 pid:[4026531836] 2049:2';

/** Hosts h1, h2… by names that no address tells of, each with the machine that it turned out to be. */
function hosts(
  ...all: readonly (readonly [
    vars: Vars,
    machine: string | undefined,
    resolved?: string,
    hasData?: boolean,
  ])[]
) {
  return all.map(([own, machine, resolved, hasData], i): EtcdHost => {
    const name = `h${i + 1}`;
    const vars = { ...DEFAULTS, etcd_cluster_name: 'a', ansible_host: `${name}.example`, ...own };
    const host = { ...ORDINARY.host, machine };
    const facts = { ...ORDINARY, resolved, host, ...(hasData && { data: 'present' as const }) };
    return { target: { name, vars, hostvars: {}, facts } } as Partial<EtcdHost> as EtcdHost;
  });
}

const APART = {
  etcd_cluster_name: 'b',
  etcd_service_name: 'etcd-b',
  ...Object.fromEntries(['bin', 'config', 'cert', 'data'].map((dir) => [`etcd_${dir}_dir`, `/b/${dir}`])),
};

describe('hosts that turn out to be one machine', () => {
  it.each<[what: string, hosts: readonly EtcdHost[], ...said: string[]]>([
    ['are two, by another boot', hosts([{}, MACHINE], [{}, MACHINE.replace('4c3f', '4c30')])],
    ['are two containers of one kernel', hosts([{}, MACHINE], [{}, MACHINE.replace('836', '999')])],
    [
      'are two containers with one list of processes',
      hosts([{}, MACHINE], [{}, MACHINE.replace('2049', '57')]),
    ],
    [
      'may not have new data of one below that of the other',
      hosts(
        [{ etcd_data_dir: '/srv/etcd' }, MACHINE, undefined, true],
        [{ ...APART, etcd_data_dir: '/srv/etcd/b' }, MACHINE],
      ),
      'h2: h2 of cluster b and h1 of cluster a have /srv/etcd/b and /srv/etcd on h1.example: one lies in the other: it is one machine by two names',
    ],
    [
      'may not by one address either, which tells by itself',
      hosts(
        [{ etcd_data_dir: '/srv/etcd', etcd_address: '10.0.0.1' }, MACHINE],
        [
          {
            ...APART,
            etcd_data_dir: '/srv/etcd/b',
            etcd_address: '10.0.0.1',
            etcd_client_port: 12379,
            etcd_peer_port: 12380,
          },
          MACHINE,
        ],
      ),
      'h2: h2 of cluster b and h1 of cluster a have /srv/etcd/b and /srv/etcd on 10.0.0.1: one lies in the other',
    ],
    [
      'may go on so where both have data',
      hosts(
        [{ etcd_data_dir: '/srv/etcd' }, MACHINE, undefined, true],
        [{ ...APART, etcd_data_dir: '/srv/etcd/b' }, MACHINE, undefined, true],
      ),
    ],
    ['are not told of, while their members are up', hosts([{}, undefined], [{}, undefined])],
    [
      'may have two members that share nothing',
      hosts([{}, MACHINE, '10.0.0.1'], [APART, MACHINE, '10.0.0.2']),
    ],
    [
      'may not share a service, in two clusters',
      hosts([{}, MACHINE], [{ ...APART, etcd_service_name: 'etcd' }, MACHINE]),
      'h2: h2 of cluster b and h1 of cluster a both have the service etcd on h1.example: it is one machine by two names',
    ],
    [
      'may not share a directory, in one cluster',
      hosts(
        [{}, MACHINE],
        [{ ...APART, etcd_cluster_name: 'a', etcd_data_dir: '/var/lib/etcd/default.etcd' }, MACHINE],
      ),
      'h2: h2 and h1 both have /var/lib/etcd/default.etcd on h1.example: it is one machine by two names',
    ],
    [
      'may not share a port, where names lead to one address',
      hosts([{}, MACHINE, '10.0.0.1'], [{ ...APART, etcd_peer_port: 12380 }, MACHINE, '10.0.0.1']),
      'h2: h2 of cluster b and h1 of cluster a both bind port 2379 of 10.0.0.1 on h1.example: it is one machine by two names',
    ],
  ])('%s', (_what, all, ...said) => {
    expect(twiceProblems(all).map(({ message }) => message)).toEqual(said);
  });
});
