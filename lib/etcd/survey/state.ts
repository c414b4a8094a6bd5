import { commandLine } from '../../command-line.ts';
import { hostNames } from '../../dsl/play.ts';
import type { QuorateError } from '../../errors.ts';
import type { ListedMember } from '../facts/etcdctl/answers.ts';
import { type ClusterFacts, isUp } from '../facts/index.ts';
import { memberOf, quorum } from '../model/cluster.ts';
import { formedRecord } from '../model/paths.ts';
import { SET_ASIDE } from '../model/set-aside.ts';
import { refusal } from '../refusal.ts';
import { type EtcdHost, livingList, type Surveyed } from '../surveyed.ts';
import { verbLine } from '../verb-line.ts';
import { votersOf } from './membership.ts';

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

/**
 * Members that must not be started as they are: their data is gone, or elsewhere. Of hosts that the run is about: where
 * others are left out, it may start those that have their data.
 */
export function dataProblems(surveyed: Surveyed, pending: boolean): readonly QuorateError[] {
  const { hosts } = surveyed;
  const selected = hosts.filter((host) => host.selected);
  if (isHealthy(hosts)) return selected.flatMap((host) => notListed(host, surveyed));
  const founding = pending && !isFormed(hosts);
  const elsewhere = hosts.filter((host) => runsElsewhere(host) && !(founding && mayBeFounding(host)));
  if (elsewhere.length > 0) return elsewhere.map(misplaced);
  const isNew = !isFormed(hosts) && hosts.every(isWithoutData);
  const empty = hosts.filter(isWithoutData);
  if (isNew || founding || empty.length === 0) return [];
  const mayStart = makeQuorum(surveyed) && !empty.some((host) => selected.includes(host));
  if (mayStart) return [];
  const instead = empty.flatMap(insteadOfData);
  return instead.length > 0 ? instead : [lost(surveyed)];
}

/** Something else stands where the data was: that it is lost nobody knows yet. */
function insteadOfData({ target }: EtcdHost): readonly QuorateError[] {
  const { dataDir } = memberOf(target);
  const { dataInstead } = target.facts;
  if (dataInstead === undefined) return [];
  return [
    refusal(
      { host: target.name },
      `${dataDir} is ${dataInstead}, and a directory with the data of a member was wanted`,
      `mount or move the data there, or set etcd_data_dir to where it is; only where it is lost for good take ${dataDir} away, and run again: that says how to go on`,
    ),
  ];
}

function isHealthy(hosts: readonly EtcdHost[]): boolean {
  return hosts.some(({ target }) => target.facts.reading?.healthy);
}

function isFormed(hosts: readonly EtcdHost[]): boolean {
  return hosts.some(({ target }) => target.facts.formed !== undefined);
}

/** A start would begin with an empty log: a directory without any is as good as none. */
function isWithoutData({ target: { facts } }: EtcdHost): boolean {
  return facts.data !== 'present' || facts.kept.withoutLog;
}

/** Members that have their data are enough, once they run. */
function makeQuorum(surveyed: Surveyed): boolean {
  return surveyed.hosts.filter((host) => !isWithoutData(host)).length >= quorum(votersOf(surveyed));
}

/** Its service runs on data that is not where the inventory says. */
function runsElsewhere({ target: { facts } }: EtcdHost): boolean {
  return facts.data !== 'present' && isUp(facts);
}

/** It may have been started this very moment for the first time: to systemd a member is `active` with a quorum only. */
function mayBeFounding({ target }: EtcdHost): boolean {
  return target.facts.service === 'activating' || memberOf(target).manager === 'process';
}

/** A member that the living cluster does not know, or that has lost what it promised: never just started. */
function notListed(host: EtcdHost, surveyed: Surveyed): readonly QuorateError[] {
  const { target } = host;
  const member = memberOf(target);
  const { dataDir, peerUrl, name } = member;
  const { cluster } = surveyed;
  const list = livingList(surveyed.hosts) ?? [];
  const listed = list.find(({ peerUrls }) => peerUrls.includes(peerUrl));
  const hasData = !isWithoutData(host);
  if (listed && (hasData || listed.clientUrls.length === 0)) return [];
  if (runsElsewhere(host)) return [misplaced(host)];
  if (listed) {
    const instead = insteadOfData(host);
    if (instead.length > 0) return instead;
    return [
      refusal(
        member,
        `member ${listed.name} (${listed.id}) has joined this cluster before, and its data directory is empty`,
        `started as it is, it would break the promises it made with its lost log. If its data is elsewhere, such as on a disk that is not mounted, bring it to ${dataDir}; else replace the member: ${verbLine('members', cluster, '--replace', target.name)}`,
      ),
    ];
  }
  // At another address under its name: that is told as such.
  if (list.some((one) => one.name === name && !isInInventory(one, surveyed))) return [];
  return [
    refusal(
      member,
      `the cluster lives and does not list ${peerUrl}${hasData ? `: the data in ${dataDir} is of a member that was removed, or of another cluster` : ''}`,
      hasData
        ? `take it out of the inventory; or add it, with that data set aside: ${verbLine('members', cluster, '--replace', target.name)}`
        : `take it out of the inventory, or add it: ${verbLine('members', cluster)}`,
    ),
  ];
}

function isInInventory({ peerUrls }: ListedMember, { cluster }: Surveyed): boolean {
  return cluster.members.some(({ peerUrl }) => peerUrls.includes(peerUrl));
}

/** Started again with the wanted directory it would begin without all that was written. */
function misplaced({ target }: EtcdHost): QuorateError {
  const { service, dataDir } = memberOf(target);
  return refusal(
    { host: target.name },
    `${service} runs, and its data is not in ${dataDir}`,
    `put etcd_data_dir back; or stop ${service}, and mount or move the data there yourself`,
  );
}

/** There is no quorum, and starting members without data could only found another cluster. */
function lost(surveyed: Surveyed): QuorateError {
  const { cluster, hosts } = surveyed;
  const empty = hosts.filter(isWithoutData);
  const kept = hosts.filter((host) => !empty.includes(host));
  const places = empty.map(({ target }) => `${target.name} ${memberOf(target).dataDir}`).join(', ');
  if (kept.length === 0) {
    const record = hosts.find(({ target }) => target.facts.formed !== undefined);
    const where = record && `${formedRecord(memberOf(record.target))} on ${record.target.name}`;
    return refusal(
      cluster,
      `it was formed before (${where}), and no host has data where it is wanted: ${places}`,
      `put etcd_data_dir back, or mount or move the data there yourself; or, if it is lost: ${verbLine('restore', cluster, '--from', 'FILE')}`,
    );
  }
  if (makeQuorum(surveyed)) {
    return refusal(
      cluster,
      `no quorum: no data on ${hostNames(empty)}; ${hostNames(kept)} have a quorum once they run`,
      `a member without its data must not be started as it was: unless the data lies elsewhere (wanted: ${places}), start the others: ${commandLine('site')} -l ${namesOf(kept)}; then put a new member in its place: ${verbLine('members', cluster, '--replace', namesOf(empty))}`,
    );
  }
  const anew = `; no member was ever part of a quorum, so the cluster may also be founded anew: ${foundAnew(kept)}`;
  return refusal(
    cluster,
    `no quorum: no data on ${hostNames(empty)}; the surviving copy is on ${hostNames(kept)}`,
    `a member without its data must not be started as it was: unless the data lies elsewhere (wanted: ${places}), make the cluster of a surviving copy: ${verbLine('recover', cluster, '--from', kept[0]?.target.name ?? 'HOST')}${isFormed(hosts) ? '' : anew}`,
  );
}

/**
 * Data of a first start that never came to a quorum, made with other members than the inventory has: what the raft
 * log was begun with stays, so it can never come up.
 */
export function foundingProblems({ cluster, hosts }: Surveyed): readonly QuorateError[] {
  if (isHealthy(hosts) || isFormed(hosts)) return [];
  const holders = hosts.filter((host) => !isWithoutData(host));
  const wanted = new Map(cluster.members.map(({ name, peerUrl }) => [name, peerUrl]));
  for (const { target } of holders) {
    const begun = new Map(target.facts.kept.begunWith);
    if (begun.size === 0) continue;
    const names = [...new Set([...begun.keys(), ...wanted.keys()])];
    const other = names.filter((name) => begun.get(name) !== wanted.get(name));
    if (other.length === 0) continue;
    const said = other.map(
      (name) =>
        `${name} at ${begun.get(name) ?? 'nowhere'}, the inventory says ${wanted.get(name) ?? 'nowhere'}`,
    );
    return [
      refusal(
        cluster,
        `it was begun with other members, and never came to a quorum: ${said.join('; ')}`,
        `put that back; or, since no data was ever acknowledged, found it anew with what is there set aside: ${foundAnew(holders)}`,
      ),
    ];
  }
  return [];
}

function foundAnew(holders: readonly EtcdHost[]): string {
  return `${commandLine('site')} --${SET_ASIDE} ${namesOf(holders)}`;
}

/** For a flag. */
function namesOf(hosts: readonly EtcdHost[]): string {
  return hosts.map(({ target }) => target.name).join(',');
}
