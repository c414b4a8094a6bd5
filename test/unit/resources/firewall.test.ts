import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import type { Sh } from '../../../lib/dsl/shell/sh.ts';
import type { Change } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { firewall } from '../../../lib/resources/firewall/index.ts';
import { iptables, iptablesChain } from '../../../lib/resources/firewall/iptables.ts';
import { canonicalNetwork, overlaps } from '../../../lib/resources/firewall/network.ts';
import { nftables } from '../../../lib/resources/firewall/nftables.ts';
import { unitText } from '../../../lib/resources/firewall/own.ts';
import { completeFirewall, type FirewallOptions } from '../../../lib/resources/firewall/wish.ts';
import { parseActiveZones, parseZoneFile, parseZoneReply } from '../../../lib/resources/firewall/zone.ts';
import { packages } from '../../../lib/resources/packages/index.ts';
import { textFile } from '../support/edits.ts';
import { scratch } from '../support/scratch.ts';

const SHELLS = ['dash', 'bash'].filter((name) => existsSync(`/bin/${name}`));
const PORTS: FirewallOptions['ports'] = [
  { port: 2379, sources: ['10.0.52.13', '10.9.0.0/16', 'fd00::13'] },
  { port: 2380, sources: ['10.0.52.13', 'fd00::13'] },
];
const nftablesFile = (name: string, ports: FirewallOptions['ports']) => fileOf(nftables, name, ports);
const iptablesFile = (name: string, ports: FirewallOptions['ports']) => fileOf(iptables, name, ports);

describe('a wish', () => {
  const wish = (options: Partial<FirewallOptions>) =>
    completeFirewall('web', { ports: [{ port: 443, sources: 'any' }], ...options });
  const ports = (...all: FirewallOptions['ports']) => wish({ ports: all }).ports;

  it.each<[string, FirewallOptions['ports'], unknown]>([
    ['TCP unless said', [{ port: 443, sources: 'any' }], [{ port: 443, protocol: 'tcp', sources: 'any' }]],
    [
      'sources as kernels print them, each once',
      [{ port: 53, protocol: 'udp', sources: ['FD00::/8', '10.9.8.7/16', '10.9.0.0/16'] }],
      [{ port: 53, protocol: 'udp', sources: ['10.9.0.0/16', 'fd00::/8'] }],
    ],
    [
      'a family in halves',
      [{ port: 1, sources: ['0.0.0.0/0'] }],
      [{ sources: ['0.0.0.0/1', '128.0.0.0/1'] }],
    ],
    [
      'both families, which is everybody',
      [{ port: 1, sources: ['0.0.0.0/0', '::/0'] }],
      [{ sources: 'any' }],
    ],
    [
      'a port said twice, with all sources',
      [
        { port: 1, sources: ['10.0.0.2'] },
        { port: 1, sources: ['10.0.0.1'] },
        { port: 1, protocol: 'udp', sources: [] },
      ],
      [{ sources: ['10.0.0.1', '10.0.0.2'] }, { protocol: 'udp', sources: [] }],
    ],
  ])('has %s', (_what, given, expected) => expect(ports(...given)).toMatchObject(expected as object[]));

  it.each<[string, string, object, string]>([
    ['a name', 'left over', {}, 'firewall "left over": it has no name for a table'],
    ['a port', 'web', { port: 70000 }, 'ports[0]: port is 70000, a whole number from 1 to 65535 was wanted'],
    ['a protocol', 'web', { protocol: 'icmp' }, 'ports[0]: protocol is "icmp", "tcp" or "udp" was wanted'],
    ['sources', 'web', { sources: undefined }, 'ports[0]: sources is missing'],
    ['a network', 'web', { sources: ['10.0.0.0/33'] }, 'ports[0].sources: 10.0.0.0/33 is neither an address'],
    ['an option', 'web', { from: 'any' }, 'ports[0]: it has no option from'],
  ])('is refused for %s that is none', (_what, name, port, message) => {
    expect(() => firewall(name, { ports: [{ port: 1, sources: 'any', ...port }] })).toThrow(message);
  });
});

it('does not take a file whose path means something else in a unit', () => {
  const rulesFile = '/srv/100% mine';
  expect(() => firewall('web', { ports: [], rulesFile })).toThrow('a path of plain letters was wanted');
});

describe('what carries the rules', () => {
  const ANY: FirewallOptions['ports'] = [{ port: 443, sources: 'any' }];
  const found = (options: Partial<FirewallOptions>, host: Host, world = new World()) =>
    summary(
      firewall('web', { ports: ANY, ...options }).diff(
        { code: 0, out: reading({ shared: ZONE, ...host }) },
        world,
      ),
    );
  const kinds = (changes: readonly string[]) =>
    new Set(changes.map((one) => /(firewall\.?\w*|public|permanent|runtime|443)/.exec(one)?.[1]));
  const ZONE = `default s "public"\nactive a{sa{sas}} 0\n${MARK}zone public\na{sv} 0\n${MARK}file\n<zone/>`;

  it.each<[string, Partial<FirewallOptions>, Host, readonly string[]]>([
    ['nftables', {}, {}, ['firewall.nftables', 'firewall.service', 'runtime', 'permanent']],
    [
      'iptables',
      {},
      { firewall: 'iptables' },
      ['firewall.iptables', 'firewall.service', 'runtime', 'permanent'],
    ],
    ['firewalld alone, where everybody may come in', {}, { firewall: 'firewalld' }, ['public']],
    [
      'firewalld, and a table beside it',
      { ports: [{ port: 443, sources: ['10.0.0.1'] }] },
      { firewall: 'firewalld' },
      ['public', 'firewall.nftables', 'firewall.service', 'runtime', 'permanent'],
    ],
    [
      'firewalld alone, where nothing makes a table',
      { ports: [{ port: 443, sources: ['10.0.0.1'] }] },
      { firewall: 'firewalld', own: 'none' },
      ['public'],
    ],
    ['ufw', {}, { firewall: 'ufw', shared: '' }, ['443']],
  ])('is %s', (_what, options, host, expected) => {
    expect([...kinds(found(options, host))]).toEqual(expected);
  });

  it.each<[string, Partial<FirewallOptions>, Host, string]>([
    ['nothing to filter with', {}, { firewall: 'none', own: 'none' }, 'there is no firewall to set'],
    ['ufw that is off', { backend: 'ufw' }, {}, 'ufw is asked for, which is not active'],
    ['no nft', { backend: 'nftables' }, { firewall: 'none', own: 'none' }, 'nft is missing'],
    ['no systemd', {}, { systemd: false }, 'lost at the next boot: there is no systemd'],
  ])('is an error where there is %s', (_what, options, host, message) => {
    expect(() => found(options, host)).toThrow(message);
  });

  it('is decided when its turn comes, where an earlier task brings it', () => {
    const world = new World();
    packages('nftables').diff({ code: 0, out: 'manager apt\n' }, world);
    const later = ['update rules: unknown → as wanted'];
    expect(found({}, { firewall: 'none', own: 'none' }, world)).toEqual(later);
    const started = new World();
    started.unit('firewalld').willBe({ state: 'running' });
    expect(found({}, {}, started)).toEqual(later);
    expect(found({ backend: 'nftables' }, {}, started)).not.toEqual(later);
  });

  it('goes with all that is ours, and with rules of these ports', () => {
    const unit = { files: ['table', undefined, 'unit'], enabled: true } as const;
    expect(found({ state: 'absent' }, { firewall: 'firewalld', ...unit })).toEqual([
      'remove /etc/web-firewall.nftables: present → null',
      'remove /etc/systemd/system/web-firewall.service: present → null',
      'remove permanent: enabled → null',
    ]);
    const open = ZONE.replace('<zone/>', '<zone><port port="443" protocol="tcp"/></zone>');
    const rule =
      '<rule family="ipv4"><source address="10.0.0.1"/><port port="443" protocol="tcp"/><accept/></rule>';
    const more = open.replace('</zone>', `${rule}</zone>`);
    const gone = (sources: 'any' | readonly string[]) =>
      found({ state: 'absent', ports: [{ port: 443, sources }] }, { firewall: 'firewalld', shared: more });
    expect(gone('any')).toEqual(['remove public permanent 443/tcp from any: accept → null']);
    expect(gone([])).toEqual([
      'remove public permanent 443/tcp from any: accept → null',
      'remove public permanent 443/tcp from 10.0.0.1: accept → null',
    ]);
    expect(found({ state: 'absent' }, { firewall: 'none', own: 'none' })).toEqual([]);
  });

  it('is refused for a port that another one is to open for others', () => {
    const world = new World();
    found({}, {}, world);
    const other = firewall('admin', { ports: [{ port: 443, sources: ['10.0.0.1'] }] });
    expect(() => other.diff({ code: 0, out: reading({}) }, world)).toThrow(
      'the firewalls web and admin give 443/tcp different sources',
    );
    expect(() => other.diff({ code: 0, out: reading({}) }, world.forNextPlay())).not.toThrow();
  });

  it.each<[string, FirewallOptions['ports'], boolean]>([
    ['the same', [{ port: 443, sources: 'any' }], true],
    ['all', [{ port: 443, sources: [] }], true],
    ['other', [{ port: 443, sources: ['10.0.0.1'] }], false],
    ['no', [], false],
  ])('is refused beside one that takes away its rules: %s', (_what, ports, isRefused) => {
    const world = new World();
    found({ state: 'absent', ports }, {}, world);
    const renamed = firewall('site', { ports: ANY });
    const differences = () => renamed.diff({ code: 0, out: reading({}) }, world);
    if (isRefused) expect(differences).toThrow('the firewalls web and site give 443/tcp different sources');
    else expect(differences()).not.toEqual([]);
  });

  it('leaves files, a unit and the rules that it made', () => {
    const task = firewall('web', { ports: [...ANY, { port: 9100, sources: ['10.0.0.0/8'] }] });
    const traces = (host: Host) => {
      const changes = task.diff({ code: 0, out: reading(host) }, new World());
      return task.traces?.(changes).map(({ kind, name }) => `${kind} ${name}`);
    };
    const own = [
      'unit web-firewall.service',
      'file /etc/web-firewall.nftables',
      'file /etc/systemd/system/web-firewall.service',
    ];
    expect(traces({})).toEqual(own);
    const others =
      '<rule family="ipv4"><source address="10.1.1.1"/><port port="9100" protocol="tcp"/><accept/></rule>';
    const open = ZONE.replace('<zone/>', `<zone><port port="443" protocol="tcp"/>${others}</zone>`);
    expect(traces({ firewall: 'firewalld', shared: open })).toEqual([
      ...own,
      'port 9100/tcp from 10.0.0.0/8',
    ]);
    expect(traces({ firewall: 'ufw' })).toEqual([
      ...own,
      'port 443/tcp from any',
      'port 9100/tcp from 10.0.0.0/8',
    ]);
  });
});

describe('networks', () => {
  it.each([
    ['10.0.52.13', '10.0.52.13'],
    ['10.0.52.13/32', '10.0.52.13'],
    ['10.0.52.13/24', '10.0.52.0/24'],
    ['255.255.255.255/1', '128.0.0.0/1'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['FD00:0:0::13', 'fd00::13'],
    ['fd00::13/128', 'fd00::13'],
    ['fd00:1:2:3:4:5:6:7/48', 'fd00:1:2::/48'],
    ['::/0', '::/0'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['10.0.52.13/33', undefined],
    ['fd00::/129', undefined],
    ['10.0.52', undefined],
    ['fe80::1%eth0', undefined],
    ['', undefined],
  ])('%s is %s', (text, canonical) => expect(canonicalNetwork(text)).toBe(canonical));

  it.each([
    ['10.0.52.0/24', '10.0.52.13', true],
    ['10.0.52.13', '10.0.0.0/8', true],
    ['10.0.52.14/31', '10.0.52.13', false],
    ['fd00::/8', 'fd00:52::13', true],
    ['::/0', '10.0.52.13', false],
    ['ipset:blocked', '10.0.52.13', false],
  ])('%s and %s overlap: %s', (one, other, expected) => expect(overlaps(one, other)).toBe(expected));
});

describe('a table of our own', () => {
  const lines = nftablesFile('etcd', PORTS).split('\n');
  const kernel = lines.slice(lines.indexOf('table inet quorate_etcd {')).join('\n');
  const differences = (out: string) =>
    summary(changes({ backend: 'nftables', ports: PORTS }, out)).filter(isRule);

  it('is replaced in one transaction and judges two ports', () => {
    expect(nftablesFile('etcd', PORTS)).toBe(`\
# Written by Quorate: who may reach the ports of etcd. Other ports are not judged here.
table inet quorate_etcd
delete table inet quorate_etcd
table inet quorate_etcd {
	chain input {
		type filter hook input priority -5; policy accept;
		iifname "lo" tcp dport 2379 accept
		ip saddr 10.0.52.13 tcp dport 2379 accept
		ip saddr 10.9.0.0/16 tcp dport 2379 accept
		ip6 saddr fd00::13 tcp dport 2379 accept
		tcp dport 2379 drop
		iifname "lo" tcp dport 2380 accept
		ip saddr 10.0.52.13 tcp dport 2380 accept
		ip6 saddr fd00::13 tcp dport 2380 accept
		tcp dport 2380 drop
	}
}
`);
  });

  it('lets everyone in where no source is named', () => {
    expect(nftablesFile('etcd', [{ port: 2379, sources: 'any' }])).toMatch(
      /policy accept;\n\t\ttcp dport 2379 accept\n\t}/,
    );
  });

  it('judges UDP alone where that is said', () => {
    const file = nftablesFile('dns', [{ port: 53, protocol: 'udp', sources: ['10.0.0.0/8'] }]);
    expect(file).toContain('\t\tip saddr 10.0.0.0/8 udp dport 53 accept\n\t\tudp dport 53 drop\n');
    expect(file).not.toContain('tcp');
  });

  it('is missing whole on a bare host', () => {
    expect(differences('')).toHaveLength(1 + 5 + 4 + 1);
    expect(differences('')[0]).toBe('create runtime hook: null → input');
  });

  it('does not differ as the kernel prints it, priority by name or number', () => {
    expect(differences(`${kernel}enabled`)).toEqual([]);
    expect(differences(`${kernel.replace('priority -5', 'priority filter - 5')}enabled`)).toEqual([]);
  });

  it('differs by what was changed in it by hand', () => {
    const edited = kernel
      .replace('ip saddr 10.0.52.13 tcp dport 2380 accept', 'ip saddr 10.0.52.99 tcp dport 2380 accept')
      .replace('tcp dport 2379 drop', 'tcp dport 2379 accept\n\t\tct state invalid drop');
    expect(differences(edited)).toEqual([
      'update runtime 2379/tcp from any: accept → drop',
      'create runtime 2380/tcp from 10.0.52.13: null → accept',
      'create permanent: null → enabled',
      'remove runtime line "ct state invalid drop": present → null',
      'remove runtime 2380/tcp from 10.0.52.99: accept → null',
    ]);
  });

  it('differs by its order', () => {
    const rules = kernel.split('\n');
    rules.splice(3, 0, ...rules.splice(7, 1));
    expect(differences(`${rules.join('\n')}enabled`)).toEqual([
      'update runtime order: other → as in its file',
    ]);
  });

  it('is loaded before the network and after who flushes all rules', () => {
    const unit = unitText(completeFirewall('etcd', { ports: [], rulesFile: '/opt/etcd/cfg/f' }));
    expect(unit).toContain('\nBefore=network-pre.target etcd.service shutdown.target\n');
    expect(unit).toMatch(/\nAfter=local-fs\.target nftables\.service .*\nBefore/);
    expect(unit).toMatch(/\nPartOf=nftables\.service /);
  });
});

describe('a chain of our own', () => {
  const script = iptablesFile('etcd', PORTS);
  const differences = (out: string) =>
    summary(changes({ backend: 'iptables', ports: PORTS }, out)).filter(isRule);
  const printed = (ports: FirewallOptions['ports']) => {
    const family = (name: string, part: string) =>
      [...part.matchAll(/^-A .*$/gm)].map(([rule]) => `${name} ${rule.replace(/-s (10\.0\S+)/, '-s $1/32')}`);
    const [, four = '', six = ''] = iptablesFile('etcd', ports).split("<<'END'");
    return [
      'ipv4 -N QUORATE-etcd',
      ...family('ipv4', four),
      'ipv4 jump',
      'ipv6',
      'ipv6 -N QUORATE-etcd',
      ...family('ipv6', six),
      'ipv6 jump',
      'enabled',
    ];
  };

  it.each(SHELLS)('is loaded by a script that %s understands', (shell) => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('is replaced in one transaction a family and leaves the rest of the table', () => {
    expect(script).toContain('"$1-restore" -w --noflush');
    expect(script).toContain(`load ip6tables <<'END'
*filter
:QUORATE-etcd - [0:0]
-A QUORATE-etcd -i lo -p tcp -m tcp --dport 2379 -j ACCEPT
-A QUORATE-etcd -s fd00::13 -p tcp -m tcp --dport 2379 -j ACCEPT
-A QUORATE-etcd -p tcp -m tcp --dport 2379 -j DROP
`);
  });

  it('does not differ as the kernel prints it', () => {
    expect(differences(printed(PORTS).join('\n'))).toEqual([]);
  });

  it('is compared in the families that the host has', () => {
    const onlyIpv4 = printed(PORTS).filter((line) => !line.startsWith('ipv6'));
    expect(differences(onlyIpv4.join('\n'))).toEqual([]);
  });

  it('differs by a missing jump and a foreign rule', () => {
    const edited = [
      ...printed(PORTS).filter((line) => line !== 'ipv6 jump'),
      'ipv4 -A QUORATE-etcd -s 10.0.52.99/32 -j ACCEPT',
    ];
    expect(differences(edited.join('\n'))).toEqual([
      'create runtime ipv6 INPUT: null → judged',
      'remove runtime ipv4 line "-A QUORATE-etcd -s 10.0.52.99/32 -j ACCEPT": present → null',
    ]);
  });

  it('has a name of at most 28 characters', () => {
    const long = 'etcd-of-the-accounting-department';
    expect(iptablesChain(long)).toHaveLength(28);
    expect(iptablesChain(long)).not.toBe(iptablesChain(`${long}2`));
  });
});

describe('what firewalld says', () => {
  const RICH = 'rule family="ipv4" source address="10.0.52.14" port port="2380" protocol="tcp" accept';

  it('is read from one reply', () => {
    const reply = `a{sv} 10 "short" s "Public" "description" s "not \\"ports\\" a(ss) 1 \\"1\\" \\"tcp\\"" "services" as 2 "ssh" "etcd-server" "masquerade" b false "interfaces" as 1 "eth0" "ports" a(ss) 2 "2379" "tcp" "53" "udp" "rules_str" as 1 "${RICH.replaceAll('"', '\\"')}"`;
    expect(parseZoneReply(reply)).toEqual({
      ports: ['2379/tcp', '53/udp'],
      services: ['ssh', 'etcd-server'],
      richRules: [RICH],
    });
  });

  it('is read from the replies of an older one', () => {
    const reply = `getPorts aas 2 2 "2379" "tcp" 2 "53" "udp"\ngetServices as 1 "ssh"\ngetRichRules as 1 "${RICH.replaceAll('"', '\\"')}"`;
    expect(parseZoneReply(reply)).toEqual({
      ports: ['2379/tcp', '53/udp'],
      services: ['ssh'],
      richRules: [RICH],
    });
    expect(parseZoneReply('getPorts aas 0\ngetServices as 0\ngetRichRules as 0')).toEqual(EMPTY);
    expect(parseZoneReply('')).toEqual(EMPTY);
  });

  it('is read from a zone file, whatever the order of attributes', () => {
    const xml = `<?xml version="1.0" encoding="utf-8"?>
<zone target='DROP'>
  <short>Public &amp; more</short>
  <!-- <port port="1" protocol="tcp"/> -->
  <service name="ssh"/><service name='etcd-server'/>
  <port protocol="tcp" port="2379"/>
  <rule family="ipv4"><source address="10.0.52.14"/><port protocol="tcp" port="2380"/><accept/></rule>
  <rule priority="-5" family="ipv4">
    <source address="10.0.0.0/8" invert="True"/>
    <port port="2380" protocol="tcp"/>
    <log prefix="&quot;x&quot;" level="info"><limit value="3/m"/></log>
    <accept><limit value="9/m"/></accept>
  </rule>
  <forward/>
</zone>`;
    expect(parseZoneFile(xml)).toEqual({
      ports: ['2379/tcp'],
      services: ['ssh', 'etcd-server'],
      richRules: [
        RICH,
        'rule priority="-5" family="ipv4" source NOT address="10.0.0.0/8" port port="2380" protocol="tcp" log prefix=""x"" level="info" limit value="3/m" accept limit value="9/m"',
      ],
    });
    expect(parseZoneFile('')).toEqual(EMPTY);
  });

  it('tells interfaces and sources of active zones', () => {
    const reply =
      'a{sa{sas}} 2 "internal" 1 "sources" 2 "10.0.53.0/24" "ipset:x" "public" 2 "interfaces" 1 "eth0" "sources" 0';
    expect(Object.fromEntries(parseActiveZones(reply))).toEqual({
      internal: { interfaces: [], sources: ['10.0.53.0/24', 'ipset:x'] },
      public: { interfaces: ['eth0'], sources: [] },
    });
    expect(parseActiveZones('a{sa{sas}} 0').size).toBe(0);
  });
});

describe('rules in firewalld', () => {
  const reading = (active: string, zones: Readonly<Record<string, string>>) =>
    [
      'default s "public"',
      `active ${active}`,
      'interface 2: eth0@if7    inet 10.0.52.13/24 scope global eth0',
      ...Object.entries(zones).map(
        ([zone, file]) => `${MARK}zone ${zone}\na{sv} 0\n${MARK}file\n<zone>${file}</zone>`,
      ),
    ].join('\n');
  const differences = (ports: FirewallOptions['ports'], out: string) =>
    summary(changes({ backend: 'firewalld', ports }, out));
  const PEER = [{ port: 2380, sources: ['10.0.52.14'] }] as const;

  it('go into the default zone when none has the interface', () => {
    expect(differences(PEER, reading('a{sa{sas}} 0', { public: '' }))).toEqual([
      'create public permanent 2380/tcp from 10.0.52.14: null → accept',
      'create public runtime 2380/tcp from 10.0.52.14: null → accept',
    ]);
  });

  it('go into the zone of the interface and those of their sources', () => {
    const active =
      'a{sa{sas}} 3 "home" 1 "interfaces" 1 "eth0" "work" 1 "sources" 1 "10.0.52.0/24" "dmz" 1 "sources" 1 "192.0.2.0/24"';
    const zones = differences(PEER, reading(active, { home: '', work: '', dmz: '', public: '' }));
    expect(zones.map((change) => change.split(' ')[1])).toEqual(['home', 'home', 'work', 'work']);
  });

  it('leave what is not about exactly these ports or does not let in', () => {
    const file = `<port port="2380" protocol="udp"/><port port="1-2379" protocol="tcp"/><service name="etcd-client"/>
      <rule family="ipv4"><source address="10.0.52.14"/><port port="2380" protocol="tcp"/><accept/></rule>
      <rule family="ipv4"><source address="10.0.52.99"/><port port="2380" protocol="tcp"/><drop/></rule>
      <rule family="ipv4"><port port="23800" protocol="tcp"/><accept/></rule>`;
    expect(differences(PEER, reading('a{sa{sas}} 0', { public: file }))).toEqual([
      'create public runtime 2380/tcp from 10.0.52.14: null → accept',
    ]);
  });

  it('count a range as open, and take the peer port out of it', () => {
    const file = '<port port="2300-2400" protocol="tcp"/><service name="etcd-client"/>';
    const ports: FirewallOptions['ports'] = [{ port: 2379, sources: 'any' }, ...PEER];
    const permanent = differences(ports, reading('a{sa{sas}} 0', { public: file })).filter((change) =>
      change.includes('permanent'),
    );
    expect(permanent).toEqual([
      'create public permanent 2380/tcp from 10.0.52.14: null → accept',
      'remove public permanent 2380/tcp from any: accept → null',
    ]);
  });

  it.each(SHELLS)('are added over D-Bus before others are removed, under %s', (shell) => {
    const desired = { backend: 'firewalld', ports: PORTS } as const;
    const calls = applied(shell, desired, [
      change('remove', 'public runtime 2380/tcp from any'),
      change('remove', 'public permanent service etcd-server'),
      change('create', 'public permanent 2380/tcp from fd00::13'),
      change('create', 'public runtime 2379/tcp from any'),
      change('create', 'public runtime 2380/tcp from 10.0.52.13'),
    ]);
    const bus = 'busctl call org.fedoraproject.FirewallD1';
    const object = '/org/fedoraproject/FirewallD1';
    const lookUp = `${bus} ${object}/config org.fedoraproject.FirewallD1.config getZoneByName s public`;
    const config = `${bus} ${object}/config/zone/6 org.fedoraproject.FirewallD1.config.zone`;
    const zone = `${bus} ${object} org.fedoraproject.FirewallD1.zone`;
    expect(calls).toEqual([
      lookUp,
      `${config} addRichRule s rule family="ipv6" source address="fd00::13" port port="2380" protocol="tcp" accept`,
      `${zone} addPort sssi public 2379 tcp 0`,
      `${zone} addRichRule ssi public rule family="ipv4" source address="10.0.52.13" port port="2380" protocol="tcp" accept 0`,
      `${zone} removePort sss public 2380 tcp`,
      lookUp,
      `${config} removeService s etcd-server`,
    ]);
  });
});

describe('rules in ufw', () => {
  const USER_RULES = `*filter
### RULES ###

### tuple ### allow any 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT
### tuple ### allow tcp 2380 0.0.0.0/0 any 10.0.52.13 in
-A ufw-user-input -p tcp --dport 2380 -s 10.0.52.13 -j ACCEPT
### tuple ### allow any 2380 0.0.0.0/0 any 0.0.0.0/0 in comment=6f6f7073
### tuple ### allow tcp 2380 0.0.0.0/0 any 10.0.52.99 in
### tuple ### deny tcp 2380 0.0.0.0/0 any 10.0.52.98 in
### tuple ### allow tcp 2379 ::/0 any ::/0 in
### END RULES ###`;
  const desired: Wish = { backend: 'ufw', ports: [{ port: 2379, sources: 'any' }, ...PORTS.slice(1)] };

  it('differ by what is missing and what lets in others', () => {
    expect(summary(changes(desired, USER_RULES))).toEqual([
      'create 2380/tcp from fd00::13: null → accept',
      'remove 2380/any from any: accept → null',
      'remove 2380/tcp from 10.0.52.99: accept → null',
    ]);
  });

  it('for both protocols stay where they let in whom one of them is for', () => {
    const both = '### tuple ### allow any 53 0.0.0.0/0 any 0.0.0.0/0 in';
    expect(changes({ backend: 'ufw', ports: [{ port: 53, protocol: 'udp', sources: 'any' }] }, both)).toEqual(
      [],
    );
    const some: Wish = { backend: 'ufw', ports: [{ port: 53, protocol: 'udp', sources: ['10.0.0.1'] }] };
    expect(summary(changes(some, both))).toEqual([
      'create 53/udp from 10.0.0.1: null → accept',
      'remove 53/any from any: accept → null',
    ]);
    const each = (sources: 'any' | readonly string[]): Wish => ({
      backend: 'ufw',
      ports: [
        { port: 53, protocol: 'udp', sources: 'any' },
        { port: 53, sources },
      ],
    });
    expect(changes(each('any'), both)).toEqual([]);
    expect(summary(changes(each(['10.0.0.1']), both))).toEqual([
      'create 53/udp from any: null → accept',
      'create 53/tcp from 10.0.0.1: null → accept',
      'remove 53/any from any: accept → null',
    ]);
  });

  it.each(SHELLS)('are changed by its command, under %s', (shell) => {
    expect(applied(shell, desired, changes(desired, USER_RULES))).toEqual([
      'ufw allow proto tcp from fd00::13 to any port 2380',
      'ufw delete allow from any to any port 2380',
      'ufw delete allow proto tcp from 10.0.52.99 to any port 2380',
    ]);
  });
});

const EMPTY = { ports: [], services: [], richRules: [] };

type Wish = Pick<FirewallOptions, 'backend' | 'ports'>;

function fileOf(table: typeof nftables, name: string, ports: FirewallOptions['ports']): string {
  return table.file(name, completeFirewall(name, { ports }).ports);
}

function task(wish: Wish) {
  return firewall('etcd', { ...wish, addresses: ['10.0.52.13'] });
}

interface Host {
  readonly firewall?: string;
  readonly own?: string;
  readonly systemd?: boolean;
  /** The two files of rules, and the unit. */
  readonly files?: readonly (string | undefined)[];
  readonly table?: string;
  readonly enabled?: boolean;
  readonly shared?: string;
}

const FOLDERS = ['/etc', '/etc', '/etc/systemd/system'];

/** What the probe prints. */
function reading({ firewall: active = 'nftables', own = 'nftables', systemd = true, ...host }: Host): string {
  const { files = [undefined, undefined, undefined], table = '', enabled = false, shared = '' } = host;
  return [
    ...files.map((text, i) => textFile(text).replace(/above .*/, `above directory ${FOLDERS[i]}`)),
    `firewall ${active}\nown-firewall ${own}${systemd ? '\nsystemd' : ''}\n${MARK}table\n${table}${enabled ? '\nenabled' : ''}\n${MARK}shared\n${shared}`,
  ].join(`\n${MARK}\n`);
}

/** Of a firewall that others have rules in, too, without a table of ours beside it. */
function changes(wish: Wish, out: string): readonly Change[] {
  const isTable = wish.backend === 'nftables' || wish.backend === 'iptables';
  const host = isTable ? { own: wish.backend, table: out } : { own: 'none', shared: out };
  const all = reading({ ...(wish.backend && { firewall: wish.backend }), ...host });
  return task(wish).diff({ code: 0, out: all }, new World());
}

/** Those of the table itself, and of whether it is loaded at boot. */
function isRule(difference: string): boolean {
  return !difference.includes(' /');
}

function summary(differences: readonly Change[]): readonly string[] {
  return differences.map(({ kind, property, before, after }) => `${kind} ${property}: ${before} → ${after}`);
}

function change(kind: Change['kind'], property: string): Change {
  return { resource: 'firewall:etcd', kind, property, before: null, after: null, certainty: 'certain' };
}

/** The commands that an apply runs, with stand-ins for them in the path. */
function applied(shell: string, desired: Wish, differences: readonly Change[]): readonly string[] {
  const dir = scratch();
  for (const name of ['busctl', 'ufw']) {
    const reply = `echo 'o "/org/fedoraproject/FirewallD1/config/zone/6"'`;
    writeFileSync(join(dir, name), `#!/bin/sh\necho "${name} $*" >>${dir}/calls\n${reply}\n`);
    chmodSync(join(dir, name), 0o755);
  }
  const script: Sh = task(desired).apply(differences, {});
  const { status, stderr } = spawnSync(shell, ['-s'], {
    input: `PATH=${dir}:$PATH\n${PRELUDE}\n${script.text}`,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
}

it('does not plan to remove a directory where a file of ours would be', () => {
  const path = '/etc/web-firewall.iptables';
  const folder = `stat directory|755|root|root|0|0|0|${path}\n${MARK}\nabove directory /etc`;
  const out = reading({}).split(`\n${MARK}\n`);
  const found = [...out.slice(0, 2), folder, ...out.slice(4)].join(`\n${MARK}\n`);
  const web = firewall('web', { ports: [{ port: 443, sources: 'any' }] });
  expect(() => web.diff({ code: 0, out: found }, new World())).toThrow(
    `${path} is a directory, a file was wanted`,
  );
});
