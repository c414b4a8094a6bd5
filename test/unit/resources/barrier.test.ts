import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { judge, parseBarriers } from '../../../lib/resources/firewall/barrier.ts';
import { firewall } from '../../../lib/resources/firewall/index.ts';
import { matchOf } from '../../../lib/resources/firewall/match.ts';
import { packages } from '../../../lib/resources/packages/index.ts';
import { textFile } from '../support/edits.ts';

const PACKET = { port: 2380, protocol: 'tcp', sources: ['10.0.52.14', 'fd00::14'] } as const;

it.each([
  ['', 'always'],
  ['tcp dport 2380', 'always'],
  ['tcp dport { 22, 2370-2390 }', 'always'],
  ['tcp dport != 22', 'always'],
  ['meta l4proto { 6, 17 } th dport 2380', 'always'],
  ['tcp dport 2380 ct state 0x8', 'always'],
  ['ct state new tcp dport 2380', 'always'],
  ['ct state 0xc', 'always'],
  ['iif != "lo"', 'always'],
  ['tcp dport 22', 'never'],
  ['tcp dport { 22, 80, 443 } ct state 0x8', 'never'],
  ['tcp dport != 2380', 'never'],
  ['udp dport 2380', 'never'],
  ['udp dport != 53', 'never'],
  ['icmp type != 8', 'never'],
  ['icmp type 8 limit rate 5/second', 'never'],
  ['ip protocol 1', 'never'],
  ['meta l4proto { icmp, ipv6-icmp }', 'never'],
  ['ip6 nexthdr 58', 'never'],
  ['ct state 0x2,0x4', 'never'],
  ['ct state { established, related }', 'never'],
  ['ct state 0x1', 'never'],
  ['iifname "lo"', 'never'],
  ['iif lo', 'never'],
  ['ip saddr 192.0.2.0/24', 'never'],
  ['ip saddr 192.0.2.1 tcp dport 2380', 'never'],
  ['iifname "eth1"', 'perhaps'],
  ['iifname { "lo", "eth1" }', 'perhaps'],
  ['ip saddr 10.0.0.0/8', 'perhaps'],
  ['ip saddr @members', 'perhaps'],
  ['ip saddr 10.0.52.1-10.0.52.20', 'perhaps'],
  ['tcp dport @open', 'perhaps'],
  ['ip saddr . tcp dport { 10.0.52.14 . 2380 }', 'perhaps'],
  ['ct state != 0x1 limit rate 9/second', 'perhaps'],
  ['meta mark 0x00000001', 'perhaps'],
  ['ip saddr @members tcp dport 2380', 'named'],
  ['tcp dport { 2379, 2380 } limit rate 9/second', 'named'],
])('a packet to 2380/tcp meets "%s": %s', (condition, match) => {
  expect(matchOf(condition, PACKET)).toBe(match);
});

const STANDARD = [
  'iif "lo" accept',
  'ct state 0x2,0x4 accept',
  'ip protocol 1 accept',
  'tcp dport 22 accept',
];

describe('a chain that drops by default', () => {
  it.each<
    ['open' | 'shut' | 'unsure', string, readonly string[], Readonly<Record<string, readonly string[]>>?]
  >([
    ['shut', 'has no rule for a port', STANDARD],
    [
      'open',
      'accepts it',
      [...STANDARD, 'tcp dport { 2379, 2380 } counter packets 3 bytes 180 accept comment "etcd"'],
    ],
    ['open', 'accepts it from a set', [...STANDARD, 'ip saddr @members tcp dport 2380 accept']],
    [
      'open',
      'accepts it in a chain that it jumps to',
      ['jump own'],
      { own: ['jump etcd'], etcd: ['tcp dport 2380 accept'] },
    ],
    [
      'open',
      'accepts it in a chain of a map',
      ['tcp dport vmap { 22 : accept, 2380 : jump etcd }'],
      { etcd: ['accept'] },
    ],
    [
      'open',
      'accepts everything at its end',
      [...STANDARD, 'ct state vmap { 0x1 : drop, 0x2 : accept }', 'accept'],
    ],
    ['open', 'accepts it before a rule drops it', ['tcp dport 2380 accept', 'tcp dport 2380 drop']],
    ['shut', 'drops it before a rule accepts it', ['tcp dport 2380 drop', 'tcp dport 2380 accept']],
    [
      'shut',
      'has chains without a rule for it',
      ['jump a', 'goto b'],
      { a: STANDARD, b: ['log prefix "accept " level warn'] },
    ],
    [
      'shut',
      'has none in the chain that it goes to for good',
      ['goto a', 'tcp dport 2380 accept'],
      { a: STANDARD },
    ],
    [
      'shut',
      'has no entry for it',
      ['ct state vmap { 0x2 : accept, 0x4 : accept }', 'tcp dport vmap { 22 : accept }'],
    ],
    ['unsure', 'accepts an interface', [...STANDARD, 'iifname "eth1" accept']],
    ['unsure', 'accepts addresses of a set', [...STANDARD, 'ip saddr @members accept']],
    ['unsure', 'asks a map', [...STANDARD, 'tcp dport vmap @services']],
    [
      'unsure',
      'jumps by interface',
      ['iifname vmap { "lo" : accept, "eth0" : jump lan }'],
      { lan: ['accept'] },
    ],
    ['unsure', 'asks a program', ['queue to 0']],
    ['unsure', 'goes in circles', ['jump a'], { a: ['jump input'] }],
  ])('is %s where it %s', (found, _what, rules, chains = {}) => {
    const [barrier] = parseBarriers(printed(rules, chains));
    expect(barrier && judge(barrier, PACKET)).toBe(found);
  });

  it.each([
    ['shut', ['counter packets 1 bytes 40 reject with icmpx 3']],
    ['shut', ['log prefix "bye accept " drop']],
    ['open', ['ip saddr @bad drop', 'tcp dport 23 reject']],
  ])('or by its last rule is %s', (found, rules) => {
    const [barrier] = parseBarriers(printed([...STANDARD, ...rules], {}, 'accept'));
    expect(barrier && judge(barrier, PACKET)).toBe(found);
  });

  it('keeps a role from rules that would do nothing, before they are written', () => {
    expect(() => differences(printed(STANDARD))).toThrow(
      expect.objectContaining({
        exitCode: 3,
        message: expect.stringMatching(
          /^chain input of table inet filter drops what comes to 2379\/tcp and 2380\/tcp: /,
        ),
        hint: expect.stringMatching(
          /^nft insert rule inet filter input tcp dport \{ 2379, 2380 \} accept: now, and/,
        ),
      }),
    );
    expect(() => differences(printed([...STANDARD, 'tcp dport 2379 accept']))).toThrow('comes to 2380/tcp:');
  });

  it.each<[string, string, World?]>([
    ['lets it in', printed(['tcp dport { 2379, 2380 } accept'])],
    ['may let it in', printed(['iifname "eth1" accept'])],
    ['is of the other family', printed(STANDARD, {}, 'drop', 'ip6')],
    ['an earlier task may change', printed(STANDARD), willLoad()],
    ['is behind packages that are due', printed(STANDARD), willInstall()],
  ])('stops nobody where it %s', (_what, barrier, world) => {
    expect(differences(barrier, world)).not.toEqual([]);
  });

  it('stops nobody where the host alone is let in', () => {
    expect(differences(`${printed(STANDARD)}local 10.0.52.14\n`, new World(), ['10.0.52.14'])).not.toEqual(
      [],
    );
  });
});

/** What the probe prints of one. */
function printed(
  rules: readonly string[],
  chains: Readonly<Record<string, readonly string[]>> = {},
  policy = 'drop',
  family = 'inet',
): string {
  const all = Object.entries({
    ...chains,
    input: [`type filter hook input priority 0; policy ${policy};`, ...rules],
  });
  const text = all.map(
    ([name, lines]) => `\tchain ${name} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`,
  );
  return `barrier input ${family} filter input\n${text.join('')}`;
}

function differences(barriers: string, world = new World(), sources = ['10.0.52.14', 'fd00::14']) {
  const ports = [
    { port: 2379, sources: sources.slice(0, 1) },
    { port: 2380, sources: sources.slice(0, 1) },
  ];
  const files = ['/etc', '/etc', '/etc/systemd/system'].map((folder) =>
    textFile(undefined).replace(/above .*/, `above directory ${folder}`),
  );
  const found = `firewall nftables\nown-firewall nftables\nsystemd\n${barriers}${MARK}table\n\n${MARK}shared\n`;
  const out = [...files, found].join(`\n${MARK}\n`);
  return firewall('etcd', { ports, addresses: ['10.0.52.13'] }).diff({ code: 0, out }, world);
}

function willLoad(): World {
  const world = new World();
  world.unit('nftables').willBe({ state: 'running' });
  return world;
}

function willInstall(): World {
  const world = new World();
  packages('nftables').diff({ code: 0, out: 'manager apt\n' }, world);
  return world;
}
