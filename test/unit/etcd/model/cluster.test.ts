import { describe, expect, it } from 'vitest';
import type { HostData, Vars } from '../../../../lib/dsl/role.ts';
import { clusterOf, memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';

/** Hosts `h0`… in clusters of three. */
function hostsOf(count: number, changed: (name: string) => Vars = () => ({})): readonly HostData[] {
  const hostvars = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `h${i}`,
      { ...DEFAULTS, etcd_cluster_name: `c${Math.floor(i / 3)}`, ...changed(`h${i}`) },
    ]),
  );
  return Object.entries(hostvars).map(([name, vars]) => ({ name, vars, hostvars }));
}

describe('members and clusters of an inventory', () => {
  it('are made once, however often and by however many hosts they are asked for', () => {
    const hosts = hostsOf(6);
    const [first, second, , other] = hosts.map(clusterOf);
    expect(first?.members).toHaveLength(3);
    expect(second?.members).toBe(first?.members);
    expect(other?.members).not.toBe(first?.members);
    expect(hosts.map(memberOf).slice(0, 3)).toEqual(first?.members);
    expect(memberOf(hosts[0]!)).toBe(first?.members[0]);
  });

  it.each(['prod.yaml', 'prod.yml', 'prod.json', 'prod.ini', 'prod.toml', 'prod'])(
    'have the name of the inventory %s without its ending',
    (inventory_file) => {
      const vars = { ...DEFAULTS, inventory_file: `/inventories/${inventory_file}` };
      expect(clusterOf({ name: 'h', vars, hostvars: { h: vars } }).name).toBe('prod');
    },
  );

  it('look at each host once to find all clusters', () => {
    const reads: string[] = [];
    const hosts = hostsOf(30).map((host) => host.hostvars)[0]!;
    const hostvars = new Proxy(hosts, {
      get: (own, name) => {
        reads.push(String(name));
        return Reflect.get(own, name);
      },
    });
    for (const [name, vars] of Object.entries(hosts)) clusterOf({ name, vars, hostvars });
    expect(reads).toHaveLength(30);
  });

  it('follow vars that are others, and take a host of one name only for that', () => {
    const [host] = hostsOf(3);
    const elsewhere = hostsOf(3, (name) => (name === 'h1' ? { etcd_address: '10.0.0.9' } : {}));
    expect(clusterOf(elsewhere[0]!).members[1]?.address).toBe('10.0.0.9');
    expect(clusterOf(host!).members[1]?.address).toBe('h1');
    expect(memberOf({ ...host!, name: 'twin' }).host).toBe('twin');
    expect(clusterOf({ ...host!, vars: { ...host!.vars, etcd_version: '3.6.16' } }).version).toBe('3.6.16');
  });
});
