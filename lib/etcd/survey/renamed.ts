import { dirname, join } from 'node:path';
import type { QuorateError } from '../../errors.ts';
import { memberOf } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost } from '../surveyed.ts';

/**
 * Hosts where what a member wants is another unit's by our own records: `etcd_service_name` was changed under it. Told alone, since
 * what else is found there, ports and data that are taken, is that member: to stop it and set its data aside founds an
 * empty cluster in its place.
 *
 * @param all Of the cluster, whoever of them is asked about: a unit that another of them has on the same machine is that
 * one's.
 */
export function renamedProblems(
  hosts: readonly EtcdHost[],
  all: readonly EtcdHost[] = hosts,
): readonly QuorateError[] {
  return hosts.flatMap(({ target }) => {
    const { service, cluster, stateDir } = memberOf(target);
    const { machine } = target.facts.host;
    const beside = all.filter(
      (other) => machine !== undefined && other.target.facts.host.machine === machine,
    );
    const theirs = new Set(beside.map((other) => memberOf(other.target).stateDir));
    const otherUnit = target.facts.otherUnits.find(
      (unit) => !theirs.has(join(dirname(stateDir), unit.service)),
    );
    if (otherUnit === undefined) return [];
    const name = otherUnit.owner.replace(/^cluster /, '');
    return refusal(
      { host: target.name },
      `${otherUnit.service}.service was set up from here as its member of cluster ${name}, and the inventory calls the unit ${service}`,
      `set etcd_service_name: ${otherUnit.service}${name === cluster ? '' : ` and etcd_cluster_name: ${name}`}: a member keeps the names that it was set up with; another one beside it has an etcd_cluster_name, folders and ports of its own`,
    );
  });
}
