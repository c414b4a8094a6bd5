import { describe, expect, it } from 'vitest';
import { firewallFacts, parseFirewallFacts } from '../../../lib/etcd/facts/firewall-facts.ts';
import { ORDINARY } from '../../../lib/etcd/facts/index.ts';
import { firewall } from '../../../roles/firewall.ts';
import { DEFAULTS } from '../support/defaults.ts';

const NFT = 'firewall nftables\n';

describe('the firewall role', () => {
  it.each([
    ['auto', 'firewall firewalld', ['firewall:etcd', 'no-own-firewall:etcd-firewall.service']],
    ['auto', 'firewall ufw', ['firewall:etcd', 'no-own-firewall:etcd-firewall.service']],
    [
      'auto',
      'firewall firewalld\nown-firewall nftables',
      [
        'firewall:etcd',
        'assert:nft is installed',
        'no-own-firewall:etcd-firewall.service',
        'directory:/opt/etcd/cfg',
        'file:/opt/etcd/cfg/firewall.nftables',
        'file:/etc/systemd/system/etcd-firewall.service',
        'firewall:etcd besides firewalld',
      ],
    ],
    ['disabled', NFT, ['no-own-firewall:etcd-firewall.service', 'firewall-off:firewalld']],
    ['none', NFT, []],
    [
      'nftables',
      'firewall firewalld',
      [
        'assert:nft is installed',
        'no-own-firewall:etcd-firewall.service',
        'directory:/opt/etcd/cfg',
        'file:/opt/etcd/cfg/firewall.nftables',
        'file:/etc/systemd/system/etcd-firewall.service',
        'firewall:etcd',
      ],
    ],
  ])('has for etcd_firewall %s, with %j, these tasks', (etcd_firewall, facts, resources) => {
    expect(tasks({ etcd_firewall }, facts).map(({ resource }) => resource)).toEqual(resources);
  });

  it('has nothing to do, nor to ask, for plain processes of this machine', () => {
    const here = { etcd_service_manager: 'process', ansible_connection: 'local' };
    expect(tasks(here, '')).toEqual([]);
    expect(firewallFacts(host(here)).text).toBe(':');
  });

  it('is the same for plain processes of another one, whose ports are open to others', () => {
    const there = { etcd_service_manager: 'process' };
    expect(firewallFacts(host(there)).text).toContain('nft');
    expect(tasks(there, NFT).map(({ resource }) => resource)).toContain('firewall:etcd');
    const target = { ...host(there), facts: { ...ORDINARY, systemd: undefined } };
    expect(() => firewall.tasks(target)).toThrow(
      'one: the rules for its ports would be lost at the next boot',
    );
  });

  it('takes no property of objects for the addresses of a name', () => {
    const named = { two: { ansible_host: 'constructor' } };
    expect(() => rules({}, NFT, named)).toThrow(
      'one: constructor, the address of two, does not resolve here',
    );
    expect(sources(rules({}, `${NFT}resolves constructor 10.0.0.7\n`, named), 2380)).toContain('10.0.0.7');
  });

  it.each([
    [{ etcd_firewall: 'ufw' }, NFT, 'one: etcd_firewall is ufw, which is not active'],
    [{}, 'firewall none', 'one: there is no firewall to set'],
    [{ etcd_client_cidrs: ['10.0.0.0/33'] }, NFT, '10.0.0.0/33 is neither an address nor a network'],
  ])('refuses %j with %j', (vars, facts, message) => {
    expect(() => tasks(vars, facts)).toThrow(message);
  });

  it('needs the addresses of members given by name, but not its own', () => {
    const byName = { two: { ansible_host: 'two.example' } };
    expect(() => rules({}, NFT, byName)).toThrow(
      'one: two.example, the address of two, does not resolve here',
    );
    const resolved = `${NFT}resolves two.example 10.0.0.2\nresolves two.example 10.0.0.2\nresolves two.example fd00::2\n`;
    expect(sources(rules({}, resolved, byName), 2380)).toEqual(['10.0.0.1', '10.0.0.2', 'fd00::2']);
    const network = { two: { etcd_peer_address: 'two.peers' } };
    expect(() => rules({}, NFT, network)).toThrow(
      'one: two.peers, the address of two, does not resolve here',
    );
    const itself = { one: { ansible_host: 'one.example' } };
    expect(sources(rules({}, `${NFT}resolves one.example 127.0.1.1\n`, itself), 2380)).toEqual(['10.0.0.2']);
  });

  it.each([
    [[], 'any'],
    [['0.0.0.0/0', '::/0'], 'any'],
    [['0.0.0.0/0'], ['0.0.0.0/1', '10.0.0.1', '10.0.0.2', '128.0.0.0/1']],
    [['10.9.8.7/16'], ['10.0.0.1', '10.0.0.2', '10.9.0.0/16']],
  ])('lets clients %j in, and the members', (etcd_client_cidrs, expected) => {
    const table = rules({ etcd_client_cidrs }, NFT);
    if (expected === 'any') expect(table).toContain('\t\ttcp dport 2379 accept\n');
    else expect(sources(table, 2379)).toEqual(expected);
    expect(sources(table, 2380)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it('lets clients read metrics, and members in over a network of their own', () => {
    const table = rules({ etcd_client_cidrs: ['10.9.0.0/16'], etcd_metrics_port: 2381 }, NFT, {
      two: { etcd_peer_address: '192.168.0.2' },
    });
    expect(sources(table, 2381)).toEqual(sources(table, 2379));
    expect(sources(table, 2380)).toEqual(['10.0.0.1', '10.0.0.2', '192.168.0.2']);
  });

  it('covers ports that settings open to others, and those alone', () => {
    const etcd_settings = { 'listen-client-http-urls': 'https://10.0.0.1:2385,http://127.0.0.1:2386' };
    const table = rules({ etcd_client_cidrs: ['10.9.0.0/16'], etcd_settings }, NFT);
    expect(sources(table, 2385)).toEqual(sources(table, 2379));
    expect(table).not.toContain('2386');
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

function tasks(vars: object, facts: string, others = {}) {
  return firewall.tasks({
    ...host(vars, others),
    facts: { ...ORDINARY, firewall: parseFirewallFacts(facts) },
  });
}

/** The nftables file. */
function rules(vars: object, facts: string, others = {}): string {
  const file = tasks(vars, facts, others).find(({ resource }) => resource.endsWith('firewall.nftables'));
  return file?.apply([{ property: 'content' } as never], {}).text ?? '';
}

function sources(table: string, port: number): readonly string[] {
  return [...table.matchAll(/saddr (\S+) tcp dport (\d+) accept/g)].flatMap(([, source = '', to]) =>
    Number(to) === port ? [source] : [],
  );
}
