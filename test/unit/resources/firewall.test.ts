import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/prelude.ts';
import { MARK } from '../../../lib/dsl/probe.ts';
import type { Sh } from '../../../lib/dsl/sh.ts';
import type { Change } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world.ts';
import { firewall } from '../../../lib/resources/firewall/index.ts';
import { iptablesChain, iptablesFile } from '../../../lib/resources/firewall/iptables.ts';
import { canonicalNetwork, overlaps } from '../../../lib/resources/firewall/network.ts';
import { nftablesFile } from '../../../lib/resources/firewall/nftables.ts';
import { noOwnFirewall, ownFirewallUnit } from '../../../lib/resources/firewall/own.ts';
import type { FirewallDesired, OpenPort } from '../../../lib/resources/firewall/rules.ts';
import { parseActiveZones, parseZoneFile, parseZoneReply } from '../../../lib/resources/firewall/zone.ts';
import { scratch } from '../support/scratch.ts';

const SHELLS = ['dash', 'bash'].filter((name) => existsSync(`/bin/${name}`));
const PORTS: readonly OpenPort[] = [
  { port: 2379, sources: ['10.0.52.13', '10.9.0.0/16', 'fd00::13'] },
  { port: 2380, sources: ['10.0.52.13', 'fd00::13'] },
];

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
  const differences = (out: string) => summary(changes({ backend: 'nftables', ports: PORTS }, out));

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
      .replace('tcp dport 2379 drop', 'tcp dport 2379 accept\n\t\tudp dport 53 drop');
    expect(differences(edited)).toEqual([
      'update runtime 2379/tcp from any: accept → drop',
      'create runtime 2380/tcp from 10.0.52.13: null → accept',
      'create permanent: null → enabled',
      'remove runtime line "udp dport 53 drop": present → null',
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
    const unit = ownFirewallUnit({ name: 'etcd', start: '/a', stop: '/b', rulesFile: '/opt/etcd/cfg/f' });
    expect(unit).toContain('\nBefore=network-pre.target etcd.service shutdown.target\n');
    expect(unit).toMatch(/\nAfter=local-fs\.target nftables\.service .*\nBefore/);
    expect(unit).toMatch(/\nPartOf=nftables\.service /);
  });
});

describe('a chain of our own', () => {
  const script = iptablesFile('etcd', PORTS);
  const differences = (out: string) => summary(changes({ backend: 'iptables', ports: PORTS }, out));
  const printed = (ports: readonly OpenPort[]) => {
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
  const differences = (ports: readonly OpenPort[], out: string) =>
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
    const ports: readonly OpenPort[] = [{ port: 2379, sources: 'any' }, ...PEER];
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
  const desired: Pick<FirewallDesired, 'backend' | 'ports'> = {
    backend: 'ufw',
    ports: [{ port: 2379, sources: 'any' }, PORTS[1] as OpenPort],
  };

  it('differ by what is missing and what lets in others', () => {
    expect(summary(changes(desired, USER_RULES))).toEqual([
      'create 2380/tcp from fd00::13: null → accept',
      'remove 2380/any from any: accept → null',
      'remove 2380/tcp from 10.0.52.99: accept → null',
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

function task({ backend, ports }: Pick<FirewallDesired, 'backend' | 'ports'>) {
  return firewall('etcd', {
    backend,
    ports,
    addresses: ['10.0.52.13'],
    unit: 'etcd-firewall.service',
    rulesFile: '/opt/etcd/cfg/firewall.nftables',
  });
}

function changes(desired: Pick<FirewallDesired, 'backend' | 'ports'>, out: string): readonly Change[] {
  return task(desired).diff({ code: 0, out }, new World());
}

function summary(differences: readonly Change[]): readonly string[] {
  return differences.map(({ kind, property, before, after }) => `${kind} ${property}: ${before} → ${after}`);
}

function change(kind: Change['kind'], property: string): Change {
  return { resource: 'firewall:etcd', kind, property, before: null, after: null, certainty: 'certain' };
}

/** The commands that an apply runs, with stand-ins for them in the path. */
function applied(
  shell: string,
  desired: Pick<FirewallDesired, 'backend' | 'ports'>,
  differences: readonly Change[],
): readonly string[] {
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
  const path = '/etc/systemd/system/etcd-firewall.service';
  const task = noOwnFirewall('etcd-firewall.service', { paths: [path] });
  const found = (use: string) => task.diff({ code: 0, out: `${use} ${path}\n` }, new World());
  expect(found('present')).toMatchObject([{ kind: 'remove', property: path }]);
  expect(() => found('directory')).toThrow(`${path} is a directory, a file was wanted`);
});
