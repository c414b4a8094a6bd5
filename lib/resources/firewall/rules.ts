import type { Difference } from '../../dsl/resource.ts';
import { sh } from '../../dsl/sh.ts';
import type { Change, ChangeKind, Guard } from '../../dsl/task.ts';

/** A TCP port and who may reach it. */
export interface OpenPort {
  readonly port: number;
  /** Addresses and networks as `canonicalNetwork` spells them. */
  readonly sources: readonly string[] | 'any';
  /** A service that firewalld ships for this port: as an entry of a zone it opens the port to everybody. */
  readonly service?: string;
}

export interface FirewallOptions {
  readonly backend: 'firewalld' | 'ufw' | 'nftables' | 'iptables';
  readonly ports: readonly OpenPort[];
  /** Addresses of the host that the ports are bound to: they find firewalld's zones. */
  readonly addresses: readonly string[];
  /**
   * The firewall that has rules of its own for these ports. A packet must pass both: what that one lets in by other
   * rules (a default, a range, a trusted source), this one drops.
   */
  readonly besides?: 'firewalld' | 'ufw';
  /** Loads a table or chain of our own at boot (`nftables` and `iptables`). */
  readonly unit: string;
  /** The file that it loads. */
  readonly rulesFile: string;
}

export interface FirewallDesired extends FirewallOptions {
  /** Tells our rules apart from those for another service of the host: the service's name. */
  readonly name: string;
}

/** One line of a table or chain of our own. */
export interface FilterRule {
  readonly port: number;
  /** `loopback`, `any` or a network. */
  readonly from: string;
  readonly verdict: 'accept' | 'drop';
}

/**
 * The rules of a table of our own, in order: it judges packets to `ports` and no other, so it cannot shut out
 * anything else. What comes over loopback is always let in.
 */
export function filterRules(ports: readonly OpenPort[]): readonly FilterRule[] {
  return ports.flatMap(({ port, sources }): FilterRule[] => {
    if (sources === 'any') return [{ port, from: 'any', verdict: 'accept' }];
    return [
      { port, from: 'loopback', verdict: 'accept' },
      ...sources.map((from) => ({ port, from, verdict: 'accept' as const })),
      { port, from: 'any', verdict: 'drop' },
    ];
  });
}

/** `2380/tcp from 10.0.52.14`. */
export function ruleName(port: number, from: string): string {
  return `${port}/tcp from ${from}`;
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

/** For firewalls whose rules are set one by one: the same calls the other way round go back. */
export function reversible(apply: (changes: readonly Change[]) => ReturnType<Guard['undo']>): Guard {
  return { save: sh`:`, undo: (changes) => apply(changes.map(reversed)) };
}

function reversed(change: Change): Change {
  const kind: ChangeKind = change.kind === 'remove' ? 'create' : 'remove';
  return { ...change, kind, before: change.after, after: change.before };
}
