import { DISTRIBUTIONS, type System, serviceManagerOf } from '../dsl/distributions.ts';
import { factSource } from '../dsl/facts.ts';
import type { FactName, HostFacts } from '../dsl/host-facts.ts';

/**
 * The facts of these names: those that are given, and for the rest an ordinary host that they fit. `family: 'redhat'`
 * alone is a Rocky Linux, `distribution: 'ubuntu'` alone is of family `debian`.
 */
export function fakeFacts(names: readonly FactName[], given: Partial<HostFacts>): HostFacts {
  const system = systemOf(given);
  const serviceManager = serviceManagerOf(system);
  const known: Partial<HostFacts> = { ...factSource(names).ordinary, ...system, serviceManager, ...given };
  const asked = names.map((name) => [name, known[name]] as const);
  return Object.fromEntries(asked) as Partial<HostFacts> as HostFacts;
}

function systemOf({ family, distribution, version }: Partial<HostFacts>): System {
  const [of, name, release] =
    DISTRIBUTIONS.find(([each, known]) =>
      distribution === undefined ? each === (family ?? 'debian') : known === distribution,
    ) ?? (['other', '', ''] as const);
  return {
    family: family ?? of,
    distribution: distribution ?? name,
    version: version ?? release,
  };
}
