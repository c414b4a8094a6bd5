import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { legacyStop } from '../../../../lib/etcd/health/legacy-input.ts';
import { filteredSaid } from '../../../../lib/etcd/health/port-matrix.ts';
import { filtered, parsePorts, probePorts } from '../../../../lib/etcd/health/ports.ts';
import type { Member } from '../../../../lib/etcd/model/cluster.ts';
import { SHELLS } from '../../support/shells.ts';

const member = (host: string, address: string, clientPort = 2379, peerPort = 2380) =>
  ({ host, address, peerAddress: address, clientPort, peerPort }) as Member;
const OTHERS = [member('etcd02', '10.0.0.2'), member('etcd03', 'fd00::3')];

const SENDER = { member: member('etcd01', '10.0.0.1'), facts: { sources: [] } };

it.each([
  ['port 10.0.0.2 2380 0 ', 'open'],
  ['port 10.0.0.2 2380 124 ', 'filtered'],
  ['port 10.0.0.2 2380 143 ', 'filtered'],
  ['port fd00::3 2379 1 bash: line 1: /dev/tcp/fd00::3/2379: No route to host', 'filtered'],
  ['port 10.0.0.2 2379 1 bash: line 1: /dev/tcp/10.0.0.2/2379: Connection refused', 'refused'],
  ['port 10.0.0.2 2379 1 ', 'refused'],
  ['port 10.0.0.2 2379 1 bash: line 1: /dev/tcp/10.0.0.2/2379: Network is unreachable', 'unreachable'],
  ['port 10.0.0.2 2379 1 bash: line 1: a: Name or service not known', 'unreachable'],
  ['port 10.0.0.2 2379 127 timeout: not found', 'unknown'],
])('%s means %s', (line, state) => {
  expect(parsePorts(SENDER, OTHERS, line)).toMatchObject([{ from: 'etcd01', state }]);
});

it('takes nothing else for an answer', () => {
  expect(parsePorts(SENDER, OTHERS, 'port 10.0.0.9 2380 0 \nport 10.0.0.2 22 0 \nhello')).toEqual([]);
});

describe('what stops packets', () => {
  const said = (
    rules: Readonly<Record<string, string>>,
    sources = [{ to: '10.0.0.2', from: '10.0.0.1' }],
  ) => {
    const sender = { member: member('etcd01', '10.0.0.1'), facts: { sources } };
    const [pair] = filtered(parsePorts(sender, OTHERS, 'port 10.0.0.2 2380 124 '), () => true);
    return pair && filteredSaid(pair, new Map(Object.entries(rules)));
  };
  const FOREIGN = '2380 rule tcp dport 2380 reject';
  const OWN = '2380 own ip saddr 10.0.0.0/8 tcp dport 2380 accept\n2380 own tcp dport 2380 drop';
  const CHAIN =
    '2380 own -A QUORATE-etcd -s 10.0.0.1/32 -p tcp -m tcp --dport 2380 -j ACCEPT\n2380 own -A QUORATE-etcd -p tcp -m tcp --dport 2380 -j DROP';
  const barrier = (rule: string, family = 'inet') =>
    `barrier input ${family} filter input\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t\t${rule}\n\t}\n`;
  const DROPS = 'table inet filter on etcd02 drops what none of its rules accepts';
  const WAY = 'nothing on etcd01 or etcd02 shows why: a security group, a router or NAT between them';

  it.each<[string, Readonly<Record<string, string>>, string | undefined]>([
    ['not known without an answer of the far end', {}, undefined],
    [
      'a zone without a rule there',
      { etcd02: '2380 no-rule firewalld\n2379 rule tcp dport 2379 drop' },
      'firewalld on etcd02 has no rule for it',
    ],
    [
      'a rule of others there',
      { etcd02: `${OWN}\n${FOREIGN}` },
      'etcd02 has the rule "tcp dport 2380 reject"',
    ],
    [
      'a rule of others at the sending end, and no zone there',
      { etcd01: `2380 no-rule firewalld\n${FOREIGN}`, etcd02: OWN },
      'etcd01 has the rule "tcp dport 2380 reject"',
    ],
    [
      'a rule of others that is for the sender, and none that is for somebody else',
      { etcd02: `2380 rule ip saddr 192.168.0.0/16 tcp dport 2380 drop\n${FOREIGN}` },
      'etcd02 has the rule "tcp dport 2380 reject"',
    ],
    [
      'a chain there rather than what the sender has for its own port',
      { etcd01: FOREIGN, etcd02: barrier('tcp dport 22 accept') },
      `chain input of ${DROPS}`,
    ],
    [
      'the old iptables, by its policy',
      { etcd02: 'legacy ip :INPUT DROP [0:0]\nlegacy ip -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT' },
      'chain INPUT of iptables-legacy on etcd02 drops what none of its rules accepts',
    ],
    [
      'the old iptables, by its last rule, unless a chain of it accepts it',
      { etcd02: 'legacy ip :INPUT ACCEPT [0:0]\nlegacy ip -A INPUT -j MINE\nlegacy ip -A INPUT -j REJECT' },
      'chain INPUT of iptables-legacy on etcd02 may drop it, or a security group, a router or NAT between them does',
    ],
    [
      'no old iptables that lets it in, or is of the other family',
      {
        etcd02:
          'legacy ip :INPUT DROP [0:0]\nlegacy ip -A INPUT -s 10.0.0.0/8 -p tcp -m multiport --dports 2379:2380 -j ACCEPT\nlegacy ip6 :INPUT DROP [0:0]',
      },
      WAY,
    ],
    [
      'the old iptables for certain, where it knows all words of what comes before',
      {
        etcd02: `legacy ip :INPUT ACCEPT [0:0]\n${[
          '-i lo -j ACCEPT',
          '-m state --state RELATED,ESTABLISHED -j ACCEPT',
          '-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j ACCEPT',
          '-s 192.168.0.0/16 -p tcp -m tcp --dport 2380 -j ACCEPT',
          '-p tcp -m conntrack --ctstate NEW -m tcp --dport 22 -m comment --comment "as -j ACCEPT" -j ACCEPT',
          '-m limit --limit 5/min -j LOG',
          '-m set --match-set block src -j DROP',
          '! -i lo -j REJECT --reject-with icmp-port-unreachable',
        ]
          .map((rule) => `legacy ip -A INPUT ${rule}`)
          .join('\n')}`,
      },
      'chain INPUT of iptables-legacy on etcd02 drops what none of its rules accepts',
    ],
    ['a chain there', { etcd02: `${OWN}\n${barrier('tcp dport 22 accept')}` }, `chain input of ${DROPS}`],
    [
      'a chain there that may accept it',
      { etcd02: barrier('iifname "eth1" accept') },
      'chain input of table inet filter on etcd02 may drop it, or a security group, a router or NAT between them does',
    ],
    ['no chain there that accepts it', { etcd02: barrier('tcp dport 2380 accept') }, WAY],
    ['no chain of the other family', { etcd02: barrier('tcp dport 22 accept', 'ip6') }, WAY],
    ['not our own rules at the sending end', { etcd01: '2380 own tcp dport 2380 drop', etcd02: '' }, WAY],
    ['something between, where our own rules let the sender in', { etcd01: '', etcd02: OWN }, WAY],
    ['something between, where our own chain lets the sender in', { etcd02: CHAIN }, WAY],
    ['something between, where nobody has a rule', { etcd02: '' }, WAY],
  ])('is %s', (_what, rules, why) => {
    expect(said(rules)).toBe(`etcd01 → etcd02:2380 filtered${why === undefined ? '' : `; ${why}`}`);
  });

  it.each<[rules: string, policy: string, is: 'sure' | 'maybe' | 'not']>([
    ['-p tcp -m set --match-set block src -j DROP', 'ACCEPT', 'maybe'],
    ['-i eth9 -j DROP', 'ACCEPT', 'maybe'],
    ['-d 10.9.9.9/32 -j DROP', 'ACCEPT', 'maybe'],
    ['-p tcp -m limit --limit 5/sec -j ACCEPT', 'DROP', 'maybe'],
    ['-i eth0 -j ACCEPT', 'DROP', 'maybe'],
    ['-s ! 10.0.0.0/8 -j DROP', 'ACCEPT', 'maybe'],
    ['! -s 10.0.0.0/8 -j DROP', 'ACCEPT', 'not'],
    ['! -s 192.168.0.0/16 -j DROP', 'ACCEPT', 'sure'],
    ['! -p tcp -j DROP', 'ACCEPT', 'not'],
    ['-p tcp ! --dport 22 -j DROP', 'ACCEPT', 'sure'],
    ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j DROP', 'ACCEPT', 'not'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP', 'ACCEPT', 'sure'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP', 'ACCEPT', 'not'],
    ['-m conntrack --ctstate INVALID -j DROP', 'ACCEPT', 'not'],
    ['-p tcp -m multiport --dports 22,2379:2380 -j ACCEPT', 'DROP', 'not'],
    ['-p tcp -m multiport --dports 22,2379:2380 -j DROP', 'ACCEPT', 'sure'],
  ])('is the old iptables with "%s" and policy %s: %s', (rule, policy, is) => {
    const found = legacyStop(`legacy ip :INPUT ${policy} [0:0]\nlegacy ip -A INPUT ${rule}`, {
      port: 2380,
      sources: ['10.0.0.1'],
    });
    expect(found?.isSure).toBe({ sure: true, maybe: false, not: undefined }[is]);
  });

  it.each([
    ['nftables', OWN, 'tcp dport 2380 drop'],
    ['iptables', CHAIN, '-A QUORATE-etcd -p tcp -m tcp --dport 2380 -j DROP'],
  ])('is our own rule where it lets in others alone: %s', (_backend, rules, drop) => {
    expect(said({ etcd02: rules }, [{ to: '10.0.0.2', from: '192.0.2.7' }])).toBe(
      `etcd01 → etcd02:2380 filtered; etcd02 has the rule "${drop}"`,
    );
  });

  it('is looked for under the address of the inventory, where the kernel tells none', () => {
    expect(said({ etcd02: OWN }, [])).toContain(WAY);
  });
});

it('does not call a host that is down one behind a firewall', () => {
  expect(filtered(parsePorts(SENDER, OTHERS, 'port 10.0.0.2 2380 124 '), () => false)).toEqual([]);
});

it.each(SHELLS)('tries ports side by side under %s', async (_name, shell, ...args) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const others = [member('here', '127.0.0.1', port, 1)];
  const child = spawn(shell ?? 'sh', [...args, '-c', probePorts(others).text]);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  server.close();
  const states = parsePorts(SENDER, others, out).map(
    (one) => `${one.port === port ? 'client' : 'peer'} ${one.state}`,
  );
  expect(states.sort()).toEqual(['client open', 'peer refused']);
});
