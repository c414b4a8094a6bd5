import { describe, expect, it } from 'vitest';
import { firewallFacts, parseFirewallFacts } from '../../../lib/etcd/facts/firewall-facts.ts';
import { ORDINARY } from '../../../lib/etcd/facts/index.ts';
import { firewall as firewallRules } from '../../../lib/resources/firewall/index.ts';
import type { PortWish } from '../../../lib/resources/firewall/wish.ts';
import { firewall } from '../../../roles/firewall.ts';
import { DEFAULTS } from '../support/defaults.ts';

describe('the firewall role', () => {
  it.each([
    ['auto', ['directory:/opt/etcd/cfg', 'firewall:etcd']],
    ['nftables', ['directory:/opt/etcd/cfg', 'firewall:etcd']],
    ['disabled', ['firewall:etcd', 'firewall-off:firewalld']],
    ['none', []],
  ])('has for etcd_firewall %s these tasks', (etcd_firewall, resources) => {
    expect(tasks({ etcd_firewall }).map(({ resource }) => resource)).toEqual(resources);
  });

  it('leaves the choice to the host, and its files where those of the member are', () => {
    const wish = (vars: object) => tasks(vars).flatMap((task) => firewallRules.wishOf(task) ?? [])[0];
    expect(wish({})).toMatchObject({
      state: 'present',
      backend: 'auto',
      addresses: ['10.0.0.1'],
      rulesFile: '/opt/etcd/cfg/firewall',
      unit: 'etcd-firewall.service',
    });
    expect(wish({ etcd_firewall: 'iptables' })).toMatchObject({ backend: 'iptables' });
    expect(wish({ etcd_firewall: 'disabled' })).toMatchObject({ state: 'absent', ports: [] });
  });

  it('has nothing to do, nor to ask, for plain processes of this machine', () => {
    const here = { etcd_service_manager: 'process', ansible_connection: 'local' };
    expect(tasks(here)).toEqual([]);
    expect(firewallFacts(host(here)).text).toBe(':');
  });

  it('is the same for plain processes of another one, whose ports are open to others', () => {
    const there = { etcd_service_manager: 'process' };
    expect(firewallFacts(host(there)).text).toContain('nft');
    expect(tasks(there).map(({ resource }) => resource)).toContain('firewall:etcd');
  });

  it('takes no property of objects for the addresses of a name', () => {
    const named = { two: { ansible_host: 'constructor' } };
    expect(() => rules({}, '', named)).toThrow('one: constructor, the address of two, does not resolve here');
    expect(sources(rules({}, `resolves constructor 10.0.0.7\n`, named), 2380)).toContain('10.0.0.7');
  });

  it('needs the addresses of members given by name, but not its own', () => {
    const byName = { two: { ansible_host: 'two.example' } };
    expect(() => rules({}, '', byName)).toThrow(
      'one: two.example, the address of two, does not resolve here',
    );
    const resolved = `resolves two.example 10.0.0.2\nresolves two.example 10.0.0.2\nresolves two.example fd00::2\n`;
    expect(sources(rules({}, resolved, byName), 2380)).toEqual(['10.0.0.1', '10.0.0.2', 'fd00::2']);
    const network = { two: { etcd_peer_address: 'two.peers' } };
    expect(() => rules({}, '', network)).toThrow('one: two.peers, the address of two, does not resolve here');
    const itself = { one: { ansible_host: 'one.example' } };
    expect(sources(rules({}, `resolves one.example 127.0.1.1\n`, itself), 2380)).toEqual(['10.0.0.2']);
  });

  it.each([
    [[], 'any'],
    [['0.0.0.0/0', '::/0'], 'any'],
    [['0.0.0.0/0'], ['0.0.0.0/1', '10.0.0.1', '10.0.0.2', '128.0.0.0/1']],
    [['10.9.8.7/16'], ['10.0.0.1', '10.0.0.2', '10.9.0.0/16']],
  ])('lets clients %j in, and the members', (etcd_client_cidrs, expected) => {
    const table = rules({ etcd_client_cidrs });
    expect(sources(table, 2379)).toEqual(expected);
    expect(sources(table, 2380)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('lets clients read metrics, and members in over a network of their own', () => {
    const table = rules({ etcd_client_cidrs: ['10.9.0.0/16'], etcd_metrics_port: 2381 }, '', {
      two: { etcd_peer_address: '192.168.0.2' },
    });
    expect(sources(table, 2381)).toEqual(sources(table, 2379));
    expect(sources(table, 2380)).toEqual(['10.0.0.1', '10.0.0.2', '192.168.0.2']);
  });

  it('covers ports that settings open to others, and those alone', () => {
    const etcd_settings = { 'listen-client-http-urls': 'https://10.0.0.1:2385,http://127.0.0.1:2386' };
    const table = rules({ etcd_client_cidrs: ['10.9.0.0/16'], etcd_settings });
    expect(sources(table, 2385)).toEqual(sources(table, 2379));
    expect(sources(table, 2386)).toBe(undefined);
  });
});

function host(vars: object, others: Readonly<Record<string, object>> = {}) {
  const of = (name: string, address: string) => ({
    ...DEFAULTS,
    ansible_host: address,
    ...vars,
    ...others[name],
  });
  const hostvars = { one: of('one', '10.0.0.1'), two: of('two', '10.0.0.2') };
  return { name: 'one', vars: hostvars.one as Record<string, unknown>, hostvars };
}

function tasks(vars: object, facts = '', others = {}) {
  return firewall.tasks({
    ...host(vars, others),
    facts: { ...ORDINARY, firewall: parseFirewallFacts(facts) },
  });
}

/** Which ports are for whom. */
function rules(vars: object, facts = '', others = {}): readonly PortWish[] {
  return tasks(vars, facts, others).flatMap((task) => firewallRules.wishOf(task)?.ports ?? []);
}

function sources(ports: readonly PortWish[], port: number): PortWish['sources'] | undefined {
  return ports.find((one) => one.port === port)?.sources;
}
