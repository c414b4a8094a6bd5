import { sh } from '../../dsl/sh.ts';
import type { FirewallBackend } from './backend.ts';
import { canonicalNetwork, familyOf } from './network.ts';
import {
  enabledEntry,
  type OwnEntries,
  ownDifferences,
  ownGuard,
  probeEnabled,
  reloadUnit,
  ruleEntries,
} from './own.ts';
import { type FilterRule, filterRules, type OpenPort, ruleName } from './rules.ts';

/** A table of our own, read from the kernel. */
export const nftablesBackend: FirewallBackend<OwnEntries> = {
  // `-nn`: numbers only; old versions need both n's for ports.
  probe: ({ name, unit }) => sh`nft -nn list table inet ${nftablesTable(name)} 2>/dev/null
${probeEnabled(unit)}`,

  parse(reading) {
    const lines = reading.out
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && line !== '}' && !/^(table inet \S+|chain input) \{$/.test(line));
    return lines.map((line) => enabledEntry(line) ?? parseLine(line));
  },

  diff: ({ ports }, observed) =>
    ownDifferences([['runtime hook', 'input'], ...ruleEntries('runtime', filterRules(ports))], observed),

  apply: ({ unit }) => reloadUnit(unit),

  guard: ({ unit, rulesFile }) => ownGuard(unit, rulesFile),
};

function nftablesTable(name: string): string {
  return `quorate_${name}`;
}

/**
 * The file that loads the table: in one transaction, so no packet ever meets half of it. It runs before the
 * usual filters (priority 0); its `accept` leaves the last word to them, its `drop` is final.
 */
export function nftablesFile(name: string, ports: readonly OpenPort[]): string {
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

function render({ port, from, verdict }: FilterRule): string {
  const rule = `tcp dport ${port} ${verdict}`;
  if (from === 'any') return rule;
  if (from === 'loopback') return `iifname "lo" ${rule}`;
  return `${familyOf(from) === 4 ? 'ip' : 'ip6'} saddr ${from} ${rule}`;
}

/** A line as it is compared; what is none of our forms stands for itself. */
function parseLine(line: string): readonly [string, string] {
  if (/^type filter hook input priority [^;]+; policy accept;$/.test(line)) return ['runtime hook', 'input'];
  const [, lo, source, port, verdict] =
    /^(?:(iifname "lo") |ip6? saddr (\S+) )?tcp dport (\d+) (accept|drop)$/.exec(line) ?? [];
  const from = lo ? 'loopback' : source === undefined ? 'any' : canonicalNetwork(source);
  if (verdict === undefined || from === undefined) return [`runtime line ${JSON.stringify(line)}`, 'present'];
  return [`runtime ${ruleName(Number(port), from)}`, verdict];
}
