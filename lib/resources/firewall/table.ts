import type { Difference } from '../../dsl/resource.ts';
import type { Sh } from '../../dsl/shell/sh.ts';
import { type FilterRule, ruleDifferences, ruleName } from './rules.ts';
import type { FirewallDesired, PortWish } from './wish.ts';

/** What a table or chain of our own holds, in order, as property and value. */
export type OwnEntries = readonly (readonly [property: string, value: string])[];

/** What a table of our own is made with. */
export interface Table {
  /** Shell that prints what the kernel has; `compare` brings that, and what it must have, into one form. */
  probe(name: string): Sh;
  compare(
    desired: Pick<FirewallDesired, 'name' | 'ports'>,
    out: string,
  ): { readonly wanted: OwnEntries; readonly there: OwnEntries };
  /** The text of the file that loads it. */
  file(name: string, ports: readonly PortWish[]): string;
  /** Lines for `/bin/sh -c` that load it from `path`, and that take it away. */
  start(path: string): string;
  stop(path: string, name: string): string;
}

/** Differences between the lines of a table of ours and those it must have; their order counts. */
export function entryDifferences(wanted: OwnEntries, there: OwnEntries): readonly Difference[] {
  const differences = ruleDifferences(new Map(wanted), new Map(there));
  const inOrder = JSON.stringify(wanted) === JSON.stringify(there);
  if (differences.length > 0 || inOrder) return differences;
  return [{ kind: 'update', property: 'runtime order', before: 'other', after: 'as in its file' }];
}

/** Rules as entries, for comparison with what a kernel printed. */
export function ruleEntries(scope: string, rules: readonly FilterRule[]): OwnEntries {
  return rules.map((rule) => [`${scope} ${ruleName(rule, rule.from)}`, rule.verdict]);
}
