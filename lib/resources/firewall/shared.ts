import type { Difference } from '../../dsl/resource.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Change } from '../../dsl/task.ts';
import type { Trace } from '../../dsl/trace/trace.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { firewalld } from './firewalld.ts';
import { type SharedName, senders } from './means.ts';
import { ruleNames, type SharedBackend, type SharedWish } from './rules.ts';
import { ufw } from './ufw.ts';
import type { FirewallDesired } from './wish.ts';

const SHARED: Readonly<Record<SharedName, SharedBackend>> = { firewalld, ufw };

/** Reads the one that `q_firewall` names. */
export function probeShared(addresses: readonly string[], zones: readonly string[] = []): Sh {
  return sh`case $q_firewall in
firewalld) ( ${firewalld.probe(addresses, zones)} ) || exit 1 ;;
ufw) ( ${ufw.probe(addresses)} ) || exit 1 ;;
esac`;
}

export function sharedDifferences(
  name: SharedName | undefined,
  desired: SharedWish,
  out: string,
): readonly Difference[] {
  return name === undefined ? [] : SHARED[name].diff(desired, out);
}

/** Throws exit code 3 where a rule of others comes before ours, and shuts out whom a port is for. */
export function requireNoDenial(
  name: SharedName | undefined,
  { ports, addresses }: Pick<FirewallDesired, 'ports' | 'addresses'>,
  out: string,
  local: readonly string[],
): void {
  if (name === undefined) return;
  for (const port of ports) {
    const all = senders(port.sources, addresses).filter((one) => !local.includes(one));
    const denials = all.flatMap((from) => SHARED[name].denial(port, from, out) ?? []);
    const [first] = denials;
    // For everybody: some may be shut out on purpose.
    if (first === undefined || (port.sources === 'any' && denials.length < all.length)) continue;
    throw new QuorateError(
      `${name} has a rule before ours that blocks sources of ${port.port}/${port.protocol}: ${first.rule}`,
      {
        exitCode: EXIT.refused,
        hint: first.hint + [...new Set(denials.flatMap(({ before }) => before ?? []))].join('; '),
      },
    );
  }
}

/** Makes those of the changes that are about a shared firewall; ends where one fails. */
export function changeShared(changes: readonly Change[]): Sh {
  const steps = Object.values(SHARED).flatMap(({ property, apply }) => {
    const own = changes.filter((change) => property.test(change.property));
    return own.length > 0 ? [sh`( ${apply(own)} ) || exit 1`] : [];
  });
  return joinSh(steps);
}

export function isOfShared({ property }: Change): boolean {
  return Object.values(SHARED).some((one) => one.property.test(property));
}

/** A rule that was there before us is nobody's to take away, and neither is one of another zone of firewalld. */
export function sharedTraces({ ports }: SharedWish, changes?: readonly Change[]): readonly Trace[] {
  const made = changes?.flatMap(({ property, kind }): Trace[] => {
    const [, zone, name] = /^(?:(\S+) permanent )?(\d+\/\w+ from \S+)$/.exec(property) ?? [];
    if (kind !== 'create' || name === undefined) return [];
    return [{ kind: 'port', name, ...(zone !== undefined && { digest: zone }) }];
  });
  return made ?? ruleNames(ports).map((name) => ({ kind: 'port', name }));
}
