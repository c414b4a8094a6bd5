import { KNOWN_VERSIONS, suiteOf } from '../support/releases/etcdVersions.ts';
import { type Choice, pairwise } from './pairwise.ts';

/** What hosts, the ways to them and clusters differ in. */
export const DIMENSIONS = {
  /** Debian 11, 12 and 13: systemd 247, 252 and 257. */
  suite: ['bullseye', 'bookworm', 'trixie'],
  cgroup: ['hybrid', 'v2'],
  version: KNOWN_VERSIONS,
  /** Of one cluster; or two of three in one inventory, on hosts of their own or side by side on the same. */
  members: ['one', 'three', 'five', 'two-clusters', 'shared-hosts'],
  /** `name` has addresses of both families; `hostname` is on the host itself 127.0.1.1, too, as Debian has it. */
  address: ['ipv4', 'ipv6', 'ipv6-long', 'name', 'hostname'],
  login: ['root', 'sudo', 'sudo-password'],
  /** Where the way to a host is written: with a bastion also in the second and third. */
  route: ['inventory', 'bastion', 'ssh-config', 'agent'],
  /** Of the login; `csh` is tcsh on every other host. */
  shell: ['bash', 'banner', 'slow', 'fish', 'csh'],
  /** What is active; `none` and `disabled` are values of `etcd_firewall`. */
  firewall: ['firewalld', 'ufw', 'nftables', 'iptables', 'inactive', 'none', 'disabled'],
} as const;

export type MatrixCase = Choice<typeof DIMENSIONS>;

/** Debian's own builds want the C library of their suite or a later one; upstream's are static. */
const NEVER: readonly Partial<MatrixCase>[] = KNOWN_VERSIONS.filter(
  (version) => !['bullseye', undefined].includes(suiteOf(version)),
).map((version) => ({ suite: 'bullseye', version }));

/** The cases of the matrix, of the dimensions as they are or with fewer values. */
export function matrixCases(
  next: () => number,
  fewer: { readonly [Name in keyof MatrixCase]?: readonly MatrixCase[Name][] } = {},
): readonly MatrixCase[] {
  return pairwise({ ...DIMENSIONS, ...fewer }, next, NEVER) as readonly MatrixCase[];
}

/** `etcd_firewall` of a case. */
export function firewallVariable({ firewall }: MatrixCase): string {
  return ['nftables', 'none', 'disabled'].includes(firewall) ? firewall : 'auto';
}

/** Whether something must keep those who are not members from the peer port. */
export function isFiltered({ firewall }: MatrixCase): boolean {
  return firewall !== 'none' && firewall !== 'disabled';
}

/** Whether hosts are reached through a bastion only. */
export function hasBastion({ route }: MatrixCase): boolean {
  return route === 'bastion' || route === 'ssh-config';
}
