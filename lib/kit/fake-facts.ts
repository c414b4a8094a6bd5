import { factSource } from '../dsl/facts.ts';
import type { FactName, Family, HostFacts } from '../dsl/host-facts.ts';

type System = Pick<HostFacts, 'family' | 'distribution' | 'version'>;

/** Distributions with a release of today; the first of a family is its ordinary one. */
const DISTRIBUTIONS: readonly (readonly [Family, distribution: string, version: string])[] = [
  ['debian', 'debian', '12'],
  ['debian', 'ubuntu', '24.04'],
  ['redhat', 'rocky', '9.6'],
  ['redhat', 'almalinux', '9.6'],
  ['redhat', 'rhel', '9.6'],
  ['redhat', 'centos', '9'],
  ['redhat', 'fedora', '42'],
  ['redhat', 'amzn', '2023'],
  ['suse', 'opensuse-leap', '15.6'],
  ['suse', 'sles', '15.6'],
  ['arch', 'arch', ''],
  ['alpine', 'alpine', '3.22.1'],
];

/**
 * The facts of these names: those that are given, and for the rest an ordinary host that they fit. `family: 'redhat'`
 * alone is a Rocky Linux, `distribution: 'ubuntu'` alone is of family `debian`.
 */
export function fakeFacts(names: readonly FactName[], given: Partial<HostFacts>): HostFacts {
  const system = systemOf(given);
  const serviceManager = system.family === 'alpine' ? 'openrc' : 'systemd';
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
