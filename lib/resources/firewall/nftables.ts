import { sh } from '../../dsl/shell/sh.ts';
import { canonicalNetwork, familyOf } from './network.ts';
import { type FilterRule, filterRules } from './rules.ts';
import { type OwnEntries, ruleEntries, type Table } from './table.ts';
import type { PortWish } from './wish.ts';

/** A table of our own, read from the kernel. */
export const nftables: Table = {
  // `-nn`: numbers only; old versions need both n's for ports.
  probe: (name) => sh`nft -nn list table inet ${nftablesTable(name)} 2>/dev/null`,

  compare({ ports }, out) {
    const lines = out
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && line !== '}' && !/^(table inet \S+|chain input) \{$/.test(line));
    const wanted: OwnEntries = [['runtime hook', 'input'], ...ruleEntries('runtime', filterRules(ports))];
    return { wanted, there: lines.map(parseLine) };
  },

  file: nftablesFile,

  // Old systemd wants a path, and nft lies elsewhere on each distribution.
  start: (path) => `exec nft -f ${path}`,
  stop: (_path, name) => `exec nft delete table inet ${nftablesTable(name)}`,
};

function nftablesTable(name: string): string {
  return `quorate_${name}`;
}

/**
 * The file that loads the table: in one transaction, so no packet ever meets half of it. It runs before the
 * usual filters (priority 0); its `accept` leaves the last word to them, its `drop` is final.
 */
function nftablesFile(name: string, ports: readonly PortWish[]): string {
  const table = `table inet ${nftablesTable(name)}`;
  return [
    `# Written by Quorate: who may reach the ports of ${name}. Other ports are not judged here.`,
    table,
    `delete ${table}`,
    `${table} {`,
    '\tchain input {',
    '\t\ttype filter hook input priority -5; policy accept;',
    ...filterRules(ports).map((rule) => `\t\t${render(rule)}`),
    '\t}',
    '}',
    '',
  ].join('\n');
}

function render({ port, protocol, from, verdict }: FilterRule): string {
  const rule = `${protocol} dport ${port} ${verdict}`;
  if (from === 'any') return rule;
  if (from === 'loopback') return `iifname "lo" ${rule}`;
  return `${familyOf(from) === 4 ? 'ip' : 'ip6'} saddr ${from} ${rule}`;
}

/** A line as it is compared; what is none of our forms stands for itself. */
function parseLine(line: string): readonly [string, string] {
  if (/^type filter hook input priority [^;]+; policy accept;$/.test(line)) return ['runtime hook', 'input'];
  const [, lo, source, protocol, port, verdict] =
    /^(?:(iifname "lo") |ip6? saddr (\S+) )?(tcp|udp) dport (\d+) (accept|drop)$/.exec(line) ?? [];
  const from = lo ? 'loopback' : source === undefined ? 'any' : canonicalNetwork(source);
  if (verdict === undefined || from === undefined) return [`runtime line ${JSON.stringify(line)}`, 'present'];
  return [`runtime ${port}/${protocol} from ${from}`, verdict];
}
