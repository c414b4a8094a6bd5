import type { PlayHost, PlayRun } from '../dsl/play.ts';
import { type ClusterFacts, type EtcdFacts, isUp } from './facts/index.ts';
import { recoveredBy } from './facts/intent.ts';
import { type Cluster, clusterOf } from './model/cluster.ts';

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

/** The list of members as a healthy one has it; undefined where none can be asked. */
export function livingList(hosts: readonly EtcdHost[]) {
  const readings = ofRecovered(hosts).map(({ target }) => target.facts.reading);
  return readings.find((reading) => reading?.healthy && reading.members)?.members;
}

/**
 * Leave out hosts that came back with data from before a recovery: the hosts that took part remember it, and they are
 * the cluster, even as a minority.
 */
export function ofRecovered(hosts: readonly EtcdHost[]): readonly EtcdHost[] {
  const id = recoveredId(hosts);
  if (id === undefined) return hosts;
  const idOf = ({ target }: EtcdHost) => target.facts.reading?.status?.clusterId ?? id;
  return hosts.filter((host) => idOf(host) === id);
}

/** ID of the cluster that was recovered last, as a member says that took part; undefined where nothing was, or nobody answers. */
export function recoveredId(hosts: readonly EtcdHost[]): string | undefined {
  const done = ({ target: { facts } }: EtcdHost) => recoveredBy(facts.intent) ?? '';
  const latest = hosts.map(done).sort().at(-1) ?? '';
  const took = latest === '' ? undefined : hosts.find((host) => done(host) === latest);
  return took?.target.facts.reading?.status?.clusterId;
}

/** Hex; undefined where nobody answers. */
export function livingId({ hosts }: Surveyed): string | undefined {
  return ofRecovered(hosts)
    .map(({ target }) => target.facts.reading?.status?.clusterId)
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
