import { createHash } from 'node:crypto';
import { sh } from '../../dsl/shell/sh.ts';
import { canonicalNetwork, familyOf } from './network.ts';
import { type FilterRule, filterRules } from './rules.ts';
import { type OwnEntries, ruleEntries, type Table } from './table.ts';
import type { PortWish } from './wish.ts';

/** A chain of our own, read from the kernel, in each address family that the host has. */
export const iptables: Table = {
  probe(name) {
    const chain = iptablesChain(name);
    // What `-C` prints is thrown away: iptables 1.8.7 does print something.
    return sh`q_chain() {
  "$1" -w -S ${chain} 2>/dev/null | sed "s/^/$2 /"
  if "$1" -w -C INPUT -j ${chain} >/dev/null 2>&1; then echo "$2 jump"; fi
}
q_chain iptables ipv4
if ${HAS_IPV6}; then echo ipv6; q_chain ip6tables ipv6; fi`;
  },

  compare({ name, ports }, out) {
    const lines = out.split('\n').filter((line) => line !== '' && !/^\S+ -N /.test(line));
    const families: readonly (4 | 6)[] = lines.includes('ipv6') ? [4, 6] : [4];
    const wanted = families.flatMap((family): OwnEntries => {
      const scope = `runtime ipv${family}`;
      return [...ruleEntries(scope, rulesOf(ports, family)), [`${scope} INPUT`, 'judged']];
    });
    const there = lines.filter((line) => line !== 'ipv6').map((line) => parseLine(line, iptablesChain(name)));
    return { wanted, there };
  },

  file: iptablesFile,
  start: (path) => `exec /bin/sh ${path} start`,
  stop: (path) => `exec /bin/sh ${path} stop`,
};

/** At most 28 characters, iptables' limit. */
export function iptablesChain(name: string): string {
  if (name.length <= 20) return `QUORATE-${name}`;
  return `QUORATE-${name.slice(0, 11)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

/**
 * The script that loads (`start`) and removes (`stop`) the chain. `--noflush` with the chain's name replaces
 * that chain only, in one transaction. INPUT jumps to it first, so that what a person drops by default is open
 * to members.
 */
function iptablesFile(name: string, ports: readonly PortWish[]): string {
  const chain = iptablesChain(name);
  const load = (command: string, family: 4 | 6) => [
    `load ${command} <<'END'`,
    '*filter',
    `:${chain} - [0:0]`,
    ...rulesOf(ports, family).map((rule) => render(rule, chain)),
    'COMMIT',
    'END',
  ];
  return `#!/bin/sh
# Written by Quorate: who may reach the ports of ${name}. Other ports are not judged here.
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
load() {
  "$1-restore" -w --noflush || exit 1
  "$1" -w -C INPUT -j ${chain} >/dev/null 2>&1 || "$1" -w -I INPUT 1 -j ${chain} || exit 1
}
remove() {
  while "$1" -w -D INPUT -j ${chain} >/dev/null 2>&1; do :; done
  "$1" -w -F ${chain} 2>/dev/null && "$1" -w -X ${chain}
}
has_ipv6() { ${HAS_IPV6.text}; }
if [ "$1" = stop ]; then
  remove iptables
  if has_ipv6; then remove ip6tables; fi
  exit 0
fi
${load('iptables', 4).join('\n')}
if has_ipv6; then
${load('ip6tables', 6).join('\n')}
fi
`;
}

const HAS_IPV6 = sh`[ -e /proc/net/if_inet6 ] && command -v ip6tables >/dev/null`;

function rulesOf(ports: readonly PortWish[], family: 4 | 6): readonly FilterRule[] {
  return filterRules(ports).filter(
    ({ from }) => from === 'any' || from === 'loopback' || familyOf(from) === family,
  );
}

function render({ port, protocol, from, verdict }: FilterRule, chain: string): string {
  const match = from === 'any' ? '' : from === 'loopback' ? '-i lo ' : `-s ${from} `;
  return `-A ${chain} ${match}-p ${protocol} -m ${protocol} --dport ${port} -j ${verdict.toUpperCase()}`;
}

/** A line as it is compared; what is none of our forms stands for itself. */
function parseLine(line: string, chain: string): readonly [string, string] {
  const [scope = '', ...rest] = line.split(' ');
  const rule = rest.join(' ');
  if (rule === 'jump') return [`runtime ${scope} INPUT`, 'judged'];
  const [, of, lo, source, protocol, port, verdict] =
    /^-A (\S+) (?:(-i lo) |-s (\S+) )?-p (tcp|udp) -m \4 --dport (\d+) -j (ACCEPT|DROP)$/.exec(rule) ?? [];
  const from = lo ? 'loopback' : source === undefined ? 'any' : canonicalNetwork(source);
  if (of !== chain || verdict === undefined || from === undefined) {
    return [`runtime ${scope} line ${JSON.stringify(rule)}`, 'present'];
  }
  return [`runtime ${scope} ${port}/${protocol} from ${from}`, verdict.toLowerCase()];
}
