import type { Family, HostFacts } from './host-facts.ts';

/** What a host says of its system. */
export type System = Pick<HostFacts, 'family' | 'distribution' | 'version'>;

/** Which one starts the services of a system, unless somebody has chosen another. */
export function serviceManagerOf({ family }: System): HostFacts['serviceManager'] {
  return family === 'alpine' ? 'openrc' : 'systemd';
}

/** Distributions with a release of today; the first of a family is its ordinary one. */
export const DISTRIBUTIONS: readonly (readonly [Family, distribution: string, version: string])[] = [
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
