import type { Difference } from '../../dsl/resource.ts';
import type { Sh } from '../../dsl/shell/sh.ts';
import type { Change, ChangeKind } from '../../dsl/task.ts';
import type { FirewallDesired, PortWish } from './wish.ts';

export interface SharedWish extends Pick<FirewallDesired, 'ports' | 'state'> {
  /** With firewalld: in these zones, instead of those that judge packets to the ports. */
  readonly zones?: readonly string[];
  /** With firewalld: a range of ports counts for none of them. */
  readonly isExact?: boolean;
}

/** A rule of others that comes before ours. */
export interface Denial {
  /** As its firewall says it. */
  readonly rule: string;
  /** How somebody gets rid of it. */
  readonly hint: string;
  /** The command that lets the source in before it, where there is one; the hint ends with them then. */
  readonly before?: string;
}

/** A firewall that others have rules in, too. */
export interface SharedBackend {
  /** Reads what judges packets to these addresses, and these zones. */
  probe(addresses: readonly string[], zones?: readonly string[]): Sh;
  /** Compare what the probe printed with a wish. */
  diff(desired: SharedWish, out: string): readonly Difference[];
  /** Find what shuts out packets of one source, which no entry of ours can undo; undefined where that is not certain. */
  denial(port: PortWish, source: string, out: string): Denial | undefined;
  apply(changes: readonly Change[]): Sh;
  /** Properties of its changes. */
  readonly property: RegExp;
}

/** One line of a table or chain of our own. */
export interface FilterRule extends Pick<PortWish, 'port' | 'protocol'> {
  /** `loopback`, `any` or a network. */
  readonly from: string;
  readonly verdict: 'accept' | 'drop';
}

/**
 * The rules of a table of our own, in order: it judges packets to `ports` and no other, so it cannot shut out
 * anything else. What comes over loopback is always let in.
 */
export function filterRules(ports: readonly PortWish[]): readonly FilterRule[] {
  return ports.flatMap(({ port, protocol, sources }): FilterRule[] => {
    if (sources === 'any') return [{ port, protocol, from: 'any', verdict: 'accept' }];
    return [
      { port, protocol, from: 'loopback', verdict: 'accept' },
      ...sources.map((from) => ({ port, protocol, from, verdict: 'accept' as const })),
      { port, protocol, from: 'any', verdict: 'drop' },
    ];
  });
}

/** `2380/tcp from 10.0.52.14`. */
export function ruleName({ port, protocol }: Pick<PortWish, 'port' | 'protocol'>, from: string): string {
  return `${port}/${protocol} from ${from}`;
}

/** The names of the rules that let in whom ports are for. */
export function ruleNames(ports: readonly PortWish[]): readonly string[] {
  return ports.flatMap((one) =>
    (one.sources === 'any' ? ['any'] : one.sources).map((from) => ruleName(one, from)),
  );
}

/**
 * The set difference as changes, by name and verdict. What is missing comes first: who may go on is let in
 * before who may not is shut out.
 */
export function ruleDifferences(
  wanted: ReadonlyMap<string, string>,
  there: ReadonlyMap<string, string>,
): readonly Difference[] {
  const missing = [...wanted].flatMap(([property, after]): Difference[] => {
    const before = there.get(property);
    if (before === after) return [];
    return [{ kind: before === undefined ? 'create' : 'update', property, before: before ?? null, after }];
  });
  const surplus = [...there].flatMap(([property, before]): Difference[] =>
    wanted.has(property) ? [] : [{ kind: 'remove', property, before, after: null }],
  );
  return [...missing, ...surplus];
}

/**
 * Differences between the items that a firewall has for ports, as `property` names them, and those it must have. Of
 * `absent` ports what their sources name is to go, or all where they name nobody.
 */
export function itemDifferences(
  { ports, state }: SharedWish,
  itemsOf: (port: PortWish) => readonly string[],
  property = (item: string) => item,
): readonly Difference[] {
  const isGone = state === 'absent';
  const there = ports.flatMap((one) => {
    const names = ruleNames([one]);
    return itemsOf(one).filter((item) => !isGone || names.length === 0 || names.includes(item));
  });
  const named = (items: readonly string[]) => new Map(items.map((item) => [property(item), 'accept']));
  return ruleDifferences(named(isGone ? [] : ruleNames(ports)), named(there));
}

/** The change that takes this one back. */
export function reversed(change: Change): Change {
  const kind: ChangeKind = change.kind === 'remove' ? 'create' : 'remove';
  return { ...change, kind, before: change.after, after: change.before };
}
