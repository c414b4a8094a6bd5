import { commandLine } from '../../command-line.ts';
import { hostNames } from '../../dsl/play.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { type ClusterFacts, isUp } from '../facts/index.ts';
import { memberOf } from '../model/cluster.ts';
import { formedRecord } from '../model/paths.ts';
import type { EtcdHost, Surveyed } from './survey.ts';

/**
 * What the members are together, where `dataProblems` has none. `pending` tells of the token of a bootstrap. It
 * counts for nothing once any member was part of a quorum: from then on one without data has lost it.
 */
export function stateOf({ hosts }: Surveyed, pending: boolean): ClusterFacts['state'] {
  if (isHealthy(hosts)) return 'live';
  if (!isFormed(hosts) && hosts.every(isWithoutData)) return 'new';
  if (!isFormed(hosts) && pending) return 'bootstrapping';
  // Members that run and cannot be asked (no etcdctl, other certificates, another port) still serve: in turns.
  return hosts.some(({ target }) => target.facts.service === 'active') ? 'live' : 'stopped';
}

/** What the survey found out about the cluster: every host has the same. */
export function found({ hosts }: Surveyed): ClusterFacts | undefined {
  return hosts[0]?.target.facts.cluster;
}

/** Members that must not be started as they are: their data is gone, or elsewhere. */
export function dataProblems(surveyed: Surveyed, pending: boolean): readonly QuorateError[] {
  const { hosts } = surveyed;
  if (isHealthy(hosts)) return wiped(hosts);
  const founding = pending && !isFormed(hosts);
  const elsewhere = hosts.filter((host) => runsElsewhere(host) && !(founding && mayBeFounding(host)));
  if (elsewhere.length > 0) return elsewhere.map(misplaced);
  const isNew = !isFormed(hosts) && hosts.every(isWithoutData);
  return isNew || founding || !hosts.some(isWithoutData) ? [] : [lost(surveyed)];
}

function isHealthy(hosts: readonly EtcdHost[]): boolean {
  return hosts.some(({ target }) => target.facts.reading?.healthy);
}

function isFormed(hosts: readonly EtcdHost[]): boolean {
  return hosts.some(({ target }) => target.facts.formed !== undefined);
}

function isWithoutData({ target }: EtcdHost): boolean {
  return target.facts.data !== 'present';
}

/** Its service runs on data that is not where the inventory says. */
function runsElsewhere(host: EtcdHost): boolean {
  return isWithoutData(host) && isUp(host.target.facts);
}

/** It may have been started this very moment for the first time: to systemd a member is `active` with a quorum only. */
function mayBeFounding({ target }: EtcdHost): boolean {
  return target.facts.service === 'activating' || memberOf(target).manager === 'process';
}

/** A member that has joined before and lost its data must be removed and added, never just started. */
function wiped(hosts: readonly EtcdHost[]): readonly QuorateError[] {
  const list = hosts.find(({ target }) => target.facts.reading?.healthy)?.target.facts.reading?.members ?? [];
  return hosts.filter(isWithoutData).flatMap((host) => {
    const { target } = host;
    const { dataDir, peerUrl } = memberOf(target);
    const listed = list.find(({ peerUrls }) => peerUrls.includes(peerUrl));
    if (listed && listed.clientUrls.length === 0) return [];
    if (runsElsewhere(host)) return misplaced(host);
    return new QuorateError(
      listed
        ? `${target.name}: member ${listed.name} (${listed.id}) has joined this cluster before, and its data directory is empty`
        : `${target.name}: the cluster lives and does not list ${peerUrl}`,
      {
        exitCode: EXIT.refused,
        host: target.name,
        hint: listed
          ? `unless its data is not in ${dataDir} but elsewhere, remove the member and add it again: started as it is, it would break the promises it made with its lost log`
          : 'adding a member to a running cluster is an operation of its own',
      },
    );
  });
}

/** Started again with the wanted directory it would begin without all that was written. */
function misplaced({ target }: EtcdHost): QuorateError {
  const { service, dataDir } = memberOf(target);
  return new QuorateError(`${target.name}: ${service} runs, and its data is not in ${dataDir}`, {
    exitCode: EXIT.refused,
    host: target.name,
    hint: `put etcd_data_dir back; or stop ${service} and move the data there yourself; or give the cluster up with ${commandLine('destroy')} first`,
  });
}

/** There is no quorum, and starting members without data could only found another cluster. */
function lost({ cluster, hosts }: Surveyed): QuorateError {
  const empty = hosts.filter(isWithoutData);
  const kept = hosts.filter((host) => !isWithoutData(host));
  const places = empty.map(({ target }) => `${target.name} ${memberOf(target).dataDir}`).join(', ');
  if (kept.length === 0) {
    const record = hosts.find(({ target }) => target.facts.formed !== undefined);
    const where = record && `${formedRecord(memberOf(record.target))} on ${record.target.name}`;
    return new QuorateError(
      `${cluster.name}: it was formed before (${where}), and no host has data where it is wanted: ${places}`,
      {
        exitCode: EXIT.refused,
        hint: `put etcd_data_dir back, or move the data there yourself; to found the cluster anew, ${commandLine('destroy')} first`,
      },
    );
  }
  return new QuorateError(
    `${cluster.name}: no quorum, and ${hostNames(empty)} has no data; the surviving copy is on ${hostNames(kept)}`,
    {
      exitCode: EXIT.refused,
      hint: `a member without its data must not be started as it was: unless the data lies elsewhere (wanted: ${places}), restore the cluster from the surviving copy`,
    },
  );
}
