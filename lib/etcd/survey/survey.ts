import type { PlayRun } from '../../dsl/play.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { isForeignFolder, readCa, readRules } from '../../pki/index.ts';
import type { ClusterFacts, EtcdFacts } from '../facts/index.ts';
import { pkiOptions } from '../files/certificates.ts';
import { waitingForUsers } from '../health/authentication.ts';
import { memberOf } from '../model/cluster.ts';
import { hostSettingsProblems } from '../model/flags.ts';
import { settingsAt } from '../model/translate-settings.ts';
import { refusal, refuse } from '../refusal.ts';
import { clustersOf, type EtcdHost, type Surveyed } from '../surveyed.ts';
import { caOfHosts, caProblems } from './authority.ts';
import type { Candidate } from './candidate.ts';
import { intentProblem } from './intents.ts';
import { membershipProblems } from './membership.ts';
import { ownershipProblems, setUpByOthers } from './ownership.ts';
import { notes, preflight } from './preflight.ts';
import { renamedProblems } from './renamed.ts';
import { revocations } from './revocations.ts';
import { markSetAside, setAsideProblems } from './set-aside.ts';
import { dataProblems, foundingProblems, stateOf } from './state.ts';
import { newToken, savedToken } from './token.ts';
import { twiceProblems } from './twice.ts';
import { keepVersion, type VersionPolicy, versionProblems, versionsFound } from './versions.ts';

/** For a verb that puts one CA in the place of another. */
export interface PassingCa {
  /** Who issues now, PEM; by default the one on control. */
  readonly caPem: string;
  /** CAs that hosts may trust meanwhile. */
  readonly passing: readonly string[];
}

/**
 * Learns what all members of each cluster mean together, and refuses what is not ours to touch. `policy` chooses the
 * version to run: by default a running one stays. What another `verb` has begun and not finished is refused, too.
 */
export async function survey(
  run: PlayRun<EtcdFacts>,
  policy: VersionPolicy = keepVersion,
  verb = 'site',
  authority?: PassingCa,
): Promise<void> {
  refuse(twiceProblems(run.hosts));
  for (const surveyed of clustersOf(run)) {
    const passes = verb === 'issue' ? waitingForUsers(surveyed.hosts) : [];
    const open = intentProblem(surveyed.cluster, surveyed.hosts, verb, undefined, passes);
    if (open) throw open;
    const facts = await surveyCluster(run, surveyed, policy, authority);
    for (const host of surveyed.hosts) host.target.facts.cluster = facts;
  }
}

async function surveyCluster(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  policy: VersionPolicy,
  authority: PassingCa | undefined,
): Promise<ClusterFacts> {
  const { cluster, hosts } = surveyed;
  refuse(renamedProblems(hosts));
  const others = setUpByOthers(surveyed);
  if (others) throw others;
  const ca = authority?.caPem ?? (await readCa(cluster.pkiDir));
  const kept = setAsideProblems(surveyed);
  if (kept.length === 0) markSetAside(surveyed);
  refuse([...kept, ...(await groundProblems(surveyed, ca, authority?.passing))]);
  const pending = (await savedToken(cluster)) ?? hostToken(hosts);
  refuse([...dataProblems(surveyed, pending !== undefined), ...foundingProblems(surveyed)]);
  const state = stateOf(surveyed, pending !== undefined);
  if (state === 'live' || state === 'stopped') refuse(membershipProblems(surveyed));
  return settledFacts(run, surveyed, { state, policy, ca, pending });
}

/** Refused whatever is to become of a cluster: folders and hosts that are not ours, or that cannot carry a member. */
export async function groundProblems(
  surveyed: Surveyed,
  ca: string | undefined,
  passing?: PassingCa['passing'],
  all = surveyed.hosts,
): Promise<readonly QuorateError[]> {
  const renamed = renamedProblems(surveyed.hosts, all);
  if (renamed.length > 0) return renamed;
  return [
    ...(await foreignFolder(surveyed)),
    ...(await ownershipProblems(surveyed, ca, passing, all)),
    ...surveyed.hosts.flatMap(otherUser),
    ...preflight(candidatesOf(surveyed)),
  ];
}

/** What there is to know of a cluster once nothing speaks against its state; refuses versions and settings. */
export async function settledFacts(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  of: {
    readonly state: ClusterFacts['state'];
    readonly policy: VersionPolicy;
    /** On control. */
    readonly ca: string | undefined;
    /** Token of a bootstrap that is under way. */
    readonly pending?: string | undefined;
  },
): Promise<ClusterFacts> {
  const { cluster, hosts } = surveyed;
  const { state, policy, ca, pending } = of;
  const version = chosenVersion(run, surveyed, state, policy);
  refuse(unknownSettings(run, surveyed, version));
  if (state === 'new') refuseMissing(run, surveyed);
  if (state === 'new') for (const note of notes(candidatesOf(surveyed))) run.log('info', note);
  const caPem = ca ?? trustedCa(surveyed, state);
  return {
    state,
    version,
    token: state === 'new' || state === 'bootstrapping' ? (pending ?? newToken(cluster)) : undefined,
    caPem,
    ...(await revocations(run, surveyed, caPem)),
    peersApart: state === 'new' || tellsPeersApart(surveyed),
    ...(await readRules(pkiOptions(hosts[0]!.target))),
  };
}

/**
 * A cluster that lives stays as it was founded, since this needs a restart of all and certificates that carry the name:
 * most of its members say which. Where none has a file that could say it, the stricter one counts.
 */
function tellsPeersApart({ hosts }: Surveyed): boolean {
  const said = hosts.flatMap(({ target }) => target.facts.kept.peersApart ?? []);
  return said.filter(Boolean).length * 2 > said.length || said.length === 0;
}

/** The folder for certificates would be closed to others and filled: one that has something else stays as it is. */
async function foreignFolder({ cluster }: Surveyed): Promise<readonly QuorateError[]> {
  if (!(await isForeignFolder(cluster.pkiDir))) return [];
  const hint = 'choose an empty one for etcd_pki_dir, or one that has a CA or the files that cfssl reads';
  return [refusal(cluster, `${cluster.pkiDir} is not a folder of certificates: it has other files`, hint)];
}

/** The token of a bootstrap that another operator may have begun. */
function hostToken(hosts: readonly EtcdHost[]): string | undefined {
  return hosts.find(({ target }) => target.facts.pendingToken)?.target.facts.pendingToken;
}

/** The CA as hosts have it, for who has none here; undefined where a run may make one. */
function trustedCa(surveyed: Surveyed, state: ClusterFacts['state']): string | undefined {
  const untouched = surveyed.hosts.every(({ target }) => target.facts.caPem === undefined);
  if (state === 'new' || (state === 'bootstrapping' && untouched)) return undefined;
  const found = caOfHosts(surveyed);
  if (typeof found !== 'string') throw found;
  refuse(caProblems(surveyed, found));
  return found;
}

/** `etcd_settings` that the version cannot be told: one that hosts have, where the inventory leaves it to them or has another. */
function unknownSettings(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  version: string | undefined,
): readonly QuorateError[] {
  const unfit = (host: string, message: string, hint: string) =>
    new QuorateError(message, { exitCode: EXIT.usage, host, hint });
  // What the inventory's version makes of it was said before any contact.
  if (cluster.version !== undefined) {
    return hosts.flatMap(({ target: { name, vars } }) => {
      const { left, problem } = settingsAt(vars, version);
      if (problem) return unfit(name, `etcd_settings of ${name}: ${problem.message}`, problem.hint);
      if (left.length > 0) run.log('info', `${name}: etcd ${version} has no ${left.join(', ')}: left out`);
      return [];
    });
  }
  return hosts.flatMap(({ target }) =>
    hostSettingsProblems(target, version).flatMap(({ message, hint, level }) => {
      if (level === undefined) return unfit(target.name, message, hint);
      run.log(level, `${message}: ${hint}`);
      return [];
    }),
  );
}

/** Files of a running member that go to another user are lost to it at once. For members that are not ours, see `ownershipProblems`. */
function otherUser({ target }: EtcdHost): readonly QuorateError[] {
  const { owner, data, dataOwner } = target.facts;
  const { user, dataDir, service } = memberOf(target);
  if (owner === undefined || data !== 'present' || user === undefined || dataOwner === undefined) return [];
  if (dataOwner === user || dataOwner === 'UNKNOWN') return [];
  return [
    refusal(
      { host: target.name },
      `the data in ${dataDir} belongs to ${dataOwner}, and etcd_user is ${user}`,
      `set etcd_user to ${dataOwner}; or, with ${service} stopped, give ${user} the data: chown -R`,
    ),
  ];
}

function refuseMissing({ unreachable }: PlayRun<EtcdFacts>, { cluster }: Surveyed): void {
  if (!unreachable.some((name) => cluster.members.some(({ host }) => host === name))) return;
  throw refusal(
    cluster,
    `nothing was changed: a new cluster needs every member, not reached: ${unreachable.join(', ')}`,
    undefined,
    EXIT.unreachable,
  );
}

function candidatesOf({ hosts }: Surveyed): readonly Candidate[] {
  return hosts.map(({ target }) => ({ member: memberOf(target), facts: target.facts }));
}

function chosenVersion(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  state: ClusterFacts['state'],
  policy: VersionPolicy,
): string | undefined {
  const found = versionsFound(surveyed, state);
  const chosen = policy(found);
  if (chosen instanceof QuorateError) throw chosen;
  const { problems, warnings } = versionProblems(surveyed, chosen, found);
  refuse(problems);
  for (const warning of warnings) run.log('warning', warning);
  return chosen;
}
