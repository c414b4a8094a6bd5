import { type NamedCluster, verbLine } from './verb-line.ts';

/** Verbs that note on hosts what they have begun, `etcdctl`, which changes a cluster by hand, and `issue`, of certificates. */
export type VerbName = 'certs' | 'upgrade' | 'members' | 'restore' | 'recover' | 'etcdctl' | 'issue';

/** What other verbs have to know of one that changes a cluster. */
interface Verb {
  /**
   * It makes another cluster, with an ID of its own: no snapshot is taken half-way, and hosts with the data of before do
   * not count afterwards.
   */
  readonly makesNewCluster?: true;
  /** It goes on with the hosts that are left, however few: most may know nothing of its end. */
  readonly byFew?: true;
  /** Verbs that it may interrupt, because it cannot wait: they go on afterwards. */
  readonly interrupts?: readonly VerbName[];
  /** How to finish it, as the user types it; by default it is run again to the same target. */
  finish?(cluster: NamedCluster, from?: string): string;
}

/**
 * A rotation of the CA and an upgrade want all members, of which one may be lost for good, so repairs interrupt them. A
 * recovery makes another cluster, so an upgrade of the old one ends with it. By hand a person helps a full member, or
 * clients, while a rotation waits for weeks. Certificates that end meanwhile are issued anew (`issue`): both verbs want
 * those that hold.
 */
const VERBS: Readonly<Record<VerbName, Verb>> = {
  certs: { finish: (cluster) => `finish it first: ${verbLine('certs', cluster, '--rotate-ca')}` },
  upgrade: {
    finish: (cluster) =>
      `${sameTarget(verbLine('upgrade', cluster))}; or go back, with etcd_version as it was before`,
  },
  members: { interrupts: ['certs', 'upgrade'] },
  restore: {
    makesNewCluster: true,
    interrupts: ['certs', 'upgrade'],
    finish: (cluster, from = 'FILE') =>
      `${sameTarget(verbLine('restore', cluster, ...fileWords(from)))}; while all have their own data, ${verbLine('restore', cluster, '--give-up')} ends it; where a host of it is lost for good, take that out of the inventory and begin anew with --again`,
  },
  recover: { makesNewCluster: true, byFew: true, interrupts: ['certs'] },
  etcdctl: { interrupts: ['certs', 'upgrade'] },
  issue: { interrupts: ['certs', 'upgrade'] },
};

/** Verbs that make another cluster. */
export const RENEWING: readonly string[] = Object.keys(VERBS).filter((name) => makesNewCluster(name));

/** Whether a verb makes another cluster, with an ID of its own. */
export function makesNewCluster(verb: string): boolean {
  return verbNamed(verb).makesNewCluster === true;
}

/** Whether one host may know of its end what most others do not. */
export function mayEndByFew(verb: string): boolean {
  return verbNamed(verb).byFew === true;
}

/** Whether a verb may interrupt what another has begun, which goes on afterwards. */
export function mayInterrupt(verb: string, begun: string): boolean {
  return verbNamed(verb).interrupts?.some((one) => one === begun) === true;
}

/** How to finish what a verb has begun on a cluster; `from` is the file of a restore, where it was noted. */
export function finishLine(verb: string, cluster: NamedCluster, from?: string): string {
  return verbNamed(verb).finish?.(cluster, from) ?? sameTarget(verbLine(verb, cluster));
}

/** An encrypted file is opened by a key that only the user knows the place of. */
export function fileWords(from: string): readonly string[] {
  return ['--from', from, ...(from.endsWith('.age') ? ['--identity', 'KEY'] : [])];
}

function sameTarget(line: string): string {
  return `finish it first, to the same target: ${line}`;
}

/** Hosts may name a verb that this version does not know. */
function verbNamed(name: string): Verb {
  return Object.hasOwn(VERBS, name) ? VERBS[name as VerbName] : {};
}
