import { isDue, type PlayHost, type PlayRun } from '../dsl/play.ts';
import { type ClusterFacts, type EtcdFacts, isUp } from './facts/index.ts';
import { recoveredBy } from './facts/intent.ts';
import { type Cluster, clusterOf } from './model/cluster.ts';
import { isOf, type RoleName } from './model/role-names.ts';
import { notedRecovery } from './survey/recoveries.ts';

export type EtcdHost = PlayHost<EtcdFacts>;

/** A cluster with those of its hosts that are connected. */
export interface Surveyed {
  readonly cluster: Cluster;
  readonly hosts: readonly EtcdHost[];
}

/** The clusters of a play, each with its connected hosts. */
export function clustersOf(run: Pick<PlayRun<EtcdFacts>, 'hosts'>): readonly Surveyed[] {
  const clusters = new Map<string, { cluster: Cluster; hosts: EtcdHost[] }>();
  for (const host of run.hosts) {
    const cluster = clusterOf(host.target);
    const entry = clusters.get(cluster.name) ?? { cluster, hosts: [] };
    entry.hosts.push(host);
    clusters.set(cluster.name, entry);
  }
  return [...clusters.values()];
}

/** What the survey found out about the cluster: every host has the same. */
export function clusterFacts({ hosts }: Surveyed): ClusterFacts | undefined {
  return hosts[0]?.target.facts.cluster;
}

/** The list of members as most healthy ones have it; undefined where none can be asked. */
export function livingList(hosts: readonly EtcdHost[]) {
  const readings = ofRecovered(hosts).map(({ target }) => target.facts.reading);
  return mostSaid(
    readings.flatMap((reading) => (reading?.healthy && reading.members ? [reading.members] : [])),
  );
}

/**
 * Leave out hosts that came back with data from before a recovery: the hosts that took part remember it, and they are
 * the cluster, even as a minority. Where nothing was recovered, leave out those whose data is of another cluster than
 * that of most.
 */
export function ofRecovered(hosts: readonly EtcdHost[]): readonly EtcdHost[] {
  const id = recoveredId(hosts) ?? mostSaid(hosts.flatMap((host) => clusterIdOf(host) ?? []));
  return hosts.filter((host) => (clusterIdOf(host) ?? id) === id);
}

/** ID of the cluster that was recovered last, as a member says that took part; undefined where nothing was, or nobody answers. */
export function recoveredId(hosts: readonly EtcdHost[]): string | undefined {
  const latest = recoveredLast(hosts);
  if (latest === undefined) return undefined;
  return mostSaid(
    hosts.filter((host) => recoveryOf(host) === latest).flatMap((host) => clusterIdOf(host) ?? []),
  );
}

/**
 * The run that ended the last recovery of the cluster, as this machine has noted it, or most of these hosts: one that was
 * broken into may say anything, and the data of the others would make way.
 */
export function recoveredLast(hosts: readonly EtcdHost[]): string | undefined {
  const [first] = hosts;
  if (first === undefined) return undefined;
  const said = hosts.flatMap((host) => recoveryOf(host) ?? []);
  const noted = notedRecovery(clusterOf(first.target));
  const isVouched = (run: string) =>
    run === noted || said.filter((one) => one === run).length * 2 > hosts.length;
  return said.filter(isVouched).sort().at(-1);
}

/** The run that ended the last recovery by the word of this host alone. */
export function recoveryOf({ target }: EtcdHost): string | undefined {
  return recoveredBy(target.facts.intent);
}

function clusterIdOf({ target }: EtcdHost): string | undefined {
  return target.facts.reading?.status?.clusterId;
}

/** What is said most often, of several the first; undefined where nothing is. */
export function mostSaid<T>(said: readonly T[]): T | undefined {
  const keys = said.map((one) => JSON.stringify(one));
  const count = (key: string) => keys.filter((one) => one === key).length;
  const most = Math.max(...keys.map(count));
  return said.find((_, i) => count(keys[i]!) === most);
}

/** Hex; undefined where nobody answers. */
export function livingId({ hosts }: Surveyed): string | undefined {
  return ofRecovered(hosts)
    .map(clusterIdOf)
    .find((id) => id !== undefined);
}

/** Of etcd's tools on this host; empty where nobody knows. */
export function toolVersion({ target: { facts } }: EtcdHost): string {
  return facts.installed ?? facts.reading?.status?.version ?? '';
}

/** Nothing of a cluster is on any of these hosts. */
export function isBare({ hosts }: Surveyed): boolean {
  return hosts.every(
    ({ target: { facts } }) => facts.owner === undefined && facts.data !== 'present' && !isUp(facts),
  );
}

/** A run is about to put something right there that a role makes. */
export function hasDue({ plan }: Pick<EtcdHost, 'plan'>, role: RoleName): boolean {
  return plan.some((planned) => isOf(planned, role) && isDue(planned));
}
