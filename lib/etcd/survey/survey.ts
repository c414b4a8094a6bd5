import type { PlayHost, PlayRun } from '../../dsl/play.ts';
import { EXIT, QuorateError, QuorateErrors } from '../../errors.ts';
import { fingerprint, readCa, readRules } from '../../pki/index.ts';
import { type ClusterFacts, type EtcdFacts, isUp } from '../facts/index.ts';
import { pkiOptions } from '../files/certificates.ts';
import { type Cluster, clusterOf, memberOf } from '../model/cluster.ts';
import { hostSettingsProblems } from '../model/flags.ts';
import { unsafeReason } from '../model/versions.ts';
import { knownMembers, membershipProblems } from './membership.ts';
import { type Candidate, notes, preflight } from './preflight.ts';
import { admitSetAside, SET_ASIDE, strayData } from './set-aside.ts';
import { dataProblems, stateOf } from './state.ts';
import { newToken, savedToken } from './token.ts';

export type EtcdHost = PlayHost<EtcdFacts>;

/** A cluster with those of its hosts that are connected. */
export interface Surveyed {
  readonly cluster: Cluster;
  readonly hosts: readonly EtcdHost[];
}

/** The clusters of a play, each with its connected hosts. */
export function clustersOf(run: PlayRun<EtcdFacts>): readonly Surveyed[] {
  const clusters = new Map<string, { cluster: Cluster; hosts: EtcdHost[] }>();
  for (const host of run.hosts) {
    const cluster = clusterOf(host.target);
    const entry = clusters.get(cluster.name) ?? { cluster, hosts: [] };
    entry.hosts.push(host);
    clusters.set(cluster.name, entry);
  }
  return [...clusters.values()];
}

/** Learns what all members of each cluster mean together, and refuses what is not ours to touch. */
export async function survey(run: PlayRun<EtcdFacts>): Promise<void> {
  for (const surveyed of clustersOf(run)) {
    const facts = await surveyCluster(run, surveyed);
    for (const host of surveyed.hosts) host.target.facts.cluster = facts;
  }
}

async function surveyCluster(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<ClusterFacts> {
  const { cluster, hosts } = surveyed;
  const ca = await readCa(cluster.pkiDir);
  refuse([
    ...admitSetAside(surveyed),
    ...foreign(surveyed, ca && fingerprint(ca)),
    ...otherUser(surveyed),
    ...preflight(candidatesOf(surveyed)),
    ...(await strayData(surveyed)),
  ]);
  const pending = (await savedToken(cluster)) ?? hostToken(hosts);
  refuse(dataProblems(surveyed, pending !== undefined));
  const state = stateOf(surveyed, pending !== undefined);
  if (state === 'live') refuse(membershipProblems(cluster, knownMembers(hosts)));
  const version = versionOf(run, surveyed, state);
  refuse(unknownSettings(surveyed, version));
  const token = state === 'new' || state === 'bootstrapping' ? (pending ?? newToken(cluster)) : undefined;
  if (state === 'new' && run.unreachable.some((name) => cluster.members.some(({ host }) => host === name))) {
    throw new QuorateError(
      `${cluster.name}: nothing was changed: a new cluster needs every member, not reached: ${run.unreachable.join(', ')}`,
      {
        exitCode: EXIT.unreachable,
      },
    );
  }
  if (state === 'new') for (const note of notes(candidatesOf(surveyed))) run.log('info', note);
  const caPem = ca ?? (state === 'new' ? undefined : commonCa(hosts.map(({ target }) => target.facts)));
  const rules = await readRules(pkiOptions(hosts[0]!.target));
  return {
    state,
    version,
    token,
    caPem,
    ...rules,
  };
}

/** The token of a bootstrap that another operator may have begun. */
function hostToken(hosts: readonly EtcdHost[]): string | undefined {
  return hosts.find(({ target }) => target.facts.pendingToken)?.target.facts.pendingToken;
}

/** `etcd_settings` that the running version does not have, where the inventory leaves it to the hosts. */
function unknownSettings({ hosts }: Surveyed, version: string | undefined): readonly QuorateError[] {
  return hosts.flatMap(({ target }) =>
    hostSettingsProblems(target, version).flatMap(({ message, hint, level }) =>
      level === 'warning' ? [] : new QuorateError(message, { exitCode: EXIT.usage, host: target.name, hint }),
    ),
  );
}

/** The CA that most hosts have: one file edited by hand must not become everybody's. */
export function commonCa(hosts: readonly Pick<EtcdFacts, 'caPem'>[]): string | undefined {
  const pems = hosts.flatMap(({ caPem }) => caPem ?? []);
  const votes = (pem: string) => pems.filter((other) => other === pem).length;
  return [...pems].sort((a, b) => votes(b) - votes(a))[0];
}

/** Data or a service that our records do not claim belongs to somebody else. */
export function foreign({ cluster, hosts }: Surveyed, caFingerprint?: string): readonly QuorateError[] {
  return hosts.flatMap(({ target }) => {
    const { owner, data, caPem } = target.facts;
    const problem = (message: string, hint: string) =>
      new QuorateError(`${target.name}: ${message}`, { exitCode: EXIT.refused, host: target.name, hint });
    const member = memberOf(target);
    if (owner !== undefined && owner !== `cluster ${cluster.name}`) {
      return problem(
        `${member.stateDir} says ${JSON.stringify(owner)}, this inventory says cluster ${cluster.name}`,
        `another inventory manages this host; if it is the same cluster under another file name, set etcd_cluster_name: ${owner.replace(/^cluster /, '')}`,
      );
    }
    const alive = isUp(target.facts);
    if (owner === undefined && (data === 'present' || alive)) {
      const what = alive ? `${member.service} runs` : `${member.dataDir} has data`;
      return problem(
        `${what}, and it was not set up from here (no ${member.stateDir})`,
        alive
          ? 'it is left untouched; if it is not needed, stop and disable it, and move its data away yourself'
          : `it is left untouched; if it is not needed, --${SET_ASIDE} ${target.name} moves the data aside`,
      );
    }
    if (
      caPem !== undefined &&
      caFingerprint !== undefined &&
      data === 'present' &&
      fingerprint(caPem) !== caFingerprint
    ) {
      return problem(
        `its CA has SHA-256 ${fingerprint(caPem)}, the one in ${cluster.pkiDir} ${caFingerprint}`,
        'the cluster lives under another CA: use that one, or rotate the CA',
      );
    }
    return [];
  });
}

/** Files of a running member that go to another user are lost to it, here and now. Of ours alone: see `foreign`. */
function otherUser({ hosts }: Surveyed): readonly QuorateError[] {
  return hosts.flatMap(({ target }) => {
    const { owner, data, dataOwner } = target.facts;
    const { user, dataDir, service } = memberOf(target);
    if (owner === undefined || data !== 'present' || user === undefined || dataOwner === undefined) return [];
    if (dataOwner === user || dataOwner === 'UNKNOWN') return [];
    return new QuorateError(
      `${target.name}: the data in ${dataDir} belongs to ${dataOwner}, and etcd_user is ${user}`,
      {
        exitCode: EXIT.refused,
        host: target.name,
        hint: `set etcd_user to ${dataOwner}; or, with ${service} stopped, give ${user} the data: chown -R`,
      },
    );
  });
}

/** Throws all of them together, if there are any. */
export function refuse(problems: readonly QuorateError[]): void {
  if (problems.length > 0) throw new QuorateErrors(problems);
}

function candidatesOf({ hosts }: Surveyed): readonly Candidate[] {
  return hosts.map(({ target }) => ({ member: memberOf(target), facts: target.facts }));
}

function versionOf(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  state: ClusterFacts['state'],
): string | undefined {
  const facts = hosts.map(({ target }) => target.facts);
  const running = facts.find(({ reading }) => reading?.status?.version)?.reading?.status?.version;
  const installed = running ?? (state === 'new' ? undefined : facts.find((one) => one.installed)?.installed);
  const { version } = cluster;
  if (version !== undefined && installed !== undefined && version !== installed) {
    throw new QuorateError(`${cluster.name} runs etcd ${installed}, the inventory says ${version}`, {
      exitCode: EXIT.refused,
      hint: 'this playbook never changes a running version; that is an upgrade',
    });
  }
  const chosen = version ?? installed;
  // On this machine whatever there is will do, but no release is without a version.
  const anyWill = hosts.every(
    ({ target }) => memberOf(target).manager === 'process' && target.vars.etcd_source !== 'release',
  );
  if (chosen === undefined && !anyWill) {
    throw new QuorateError(`${cluster.name}: etcd_version is required for a new cluster`, {
      exitCode: EXIT.usage,
      hint: 'set it on the group: etcd_version: "3.5.30"',
    });
  }
  const reason = chosen === undefined ? undefined : unsafeReason(chosen);
  if (reason !== undefined) {
    const allowed = hosts.every(({ target }) => target.vars.etcd_allow_unsafe_version === true);
    if (!allowed && installed === undefined) {
      throw new QuorateError(`${cluster.name}: etcd ${chosen} ${reason}`, {
        exitCode: EXIT.refused,
        hint: 'choose a later release, or set etcd_allow_unsafe_version: true',
      });
    }
    run.log('warning', `${cluster.name}: etcd ${chosen} ${reason}`);
  }
  return chosen;
}

/** Nothing of a cluster is on any of these hosts. */
export function isBare({ hosts }: Surveyed): boolean {
  return hosts.every(
    ({ target: { facts } }) => facts.owner === undefined && facts.data !== 'present' && !isUp(facts),
  );
}
