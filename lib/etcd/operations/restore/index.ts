import { maskCredentials } from '../../../credentials.ts';
import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { snapshotStep } from '../../snapshots/index.ts';
import { doneIntent, intentProblem, openIntent } from '../../survey/intents.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { mayInterrupt } from '../../verbs.ts';
import { contentText } from '../backup/wording.ts';
import type { Wish } from '../common/intent.ts';
import type { Operation, OperationStep } from '../common/operation.ts';
import { refuseNarrow, restoreNeeds } from '../common/room.ts';
import { restoreStep } from './carry-out.ts';
import type { Source } from './file-source.ts';
import { refuseUnfit } from './fit.ts';
import { flagProblems, VERB } from './flags.ts';
import { givesUp, giveUpQuestion, giveUpSteps, mayMissToGiveUp } from './give-up.ts';
import { type RestoreStanding, standingOf } from './progress.ts';
import { findSource } from './source.ts';
import { restoreSteps } from './steps.ts';
import { shutOut, shutOutSaid } from './users.ts';

/**
 * What it ends where that was begun: all data is set aside anyway, and what that was to be made of may be damaged.
 */
const PASSES = ['recover'] as const;

/** How long before it a snapshot of what is there may have been taken, in milliseconds. */
const WITHIN = 10 * 60_000;

/**
 * Gives a cluster the data of a snapshot: all members of it the same, under a new cluster ID. What was written since is
 * set aside, never deleted. Until the first data is set aside another snapshot may take the place of the one that was
 * begun, and it may be given up; from then on it begins anew where the user says so.
 */
export function restoreOperation(): Operation {
  let source: Source | undefined;
  let wished: Wish | undefined;
  const wanted = { byHosts: false };
  const sourceOf = async (run: PlayRun<EtcdFacts>, { cluster, hosts }: Surveyed) => {
    const { from, identity } = hosts[0]?.target.vars ?? {};
    source ??= await findSource(
      run,
      String(from),
      cluster,
      hosts,
      identity === undefined ? undefined : String(identity),
    );
    return source;
  };
  let told = false;
  const tellShutOut = async (run: PlayRun<EtcdFacts>, { cluster, hosts }: Surveyed, path: string) => {
    const out = told ? [] : await shutOut(path, hosts);
    told = true;
    if (out.length > 0) run.log('warning', `${cluster.name}: ${shutOutSaid(out)}`);
  };
  return {
    name: VERB,
    check: flagProblems,
    mayMiss: (run) => (givesUp(run.hosts) ? mayMissToGiveUp(run) : []),
    async derive(run, surveyed) {
      const { cluster, hosts } = surveyed;
      const again = hosts[0]?.target.vars.again === true;
      if (givesUp(hosts)) {
        const standing = await standingOf(surveyed);
        wished = standing.open && { target: standing.open.target, givenUp: true };
        return giveUpSteps(run, surveyed, standing);
      }
      const found = await sourceOf(run, surveyed);
      const target = targetOf(found);
      const standing = await standingOf(surveyed, { target, again });
      wished = {
        target,
        runId: standing.run,
        notes: { ...standing.notes, from: maskCredentials(String(hosts[0]?.target.vars.from)) },
      };
      const passes = standing.movedHosts.length > 0 && !again ? PASSES : [...PASSES, VERB];
      const open = intentProblem(cluster, hosts, VERB, target, passes);
      if (open) throw open;
      if (!again) refuseOthers(surveyed, standing);
      const done = doneIntent(hosts, VERB);
      if (done?.target === target && !again) {
        run.log('info', `${cluster.name}: done before, by run ${done.done}: --again restores it once more`);
        return [];
      }
      await refuseUnfit(surveyed, found, standing);
      if (found.here !== undefined) await tellShutOut(run, surveyed, found.here);
      return deriveSteps(run, surveyed, found, standing, wanted);
    },
    // A copy that is damaged is told before hosts note what they head for: they would want that one alone from then on.
    async prepare(run, surveyed) {
      if (wanted.byHosts) await tellShutOut(run, surveyed, await (await sourceOf(run, surveyed)).path());
    },
    wish: async () => wished,
    question: (surveyed) =>
      givesUp(surveyed.hosts) ? giveUpQuestion(surveyed) : question(surveyed, source, wished),
  };
}

/** Refuses (3) other members than those that the restored data names. */
function refuseOthers({ cluster }: Surveyed, { open, goesOn, movedHosts }: RestoreStanding): void {
  if (open === undefined || goesOn || movedHosts.length === 0) return;
  throw refusal(
    cluster,
    `run ${open.runId} restores it as ${open.notes?.members}, and the inventory has other members`,
    `begin anew on those of the inventory: ${verbLine(VERB, cluster, '--from', 'FILE', '--again')}`,
  );
}

/** What it heads for, as the hosts remember it. */
function targetOf({ sha256 }: Source): string {
  return `snapshot sha256:${sha256}`;
}

async function deriveSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  source: Source,
  { run: id, progress }: RestoreStanding,
  wanted: { byHosts: boolean },
): Promise<readonly OperationStep[]> {
  const { hosts } = surveyed;
  const placeOf = ({ target: of }: EtcdHost) => ({ member: memberOf(of), run: id, verb: VERB }) as const;
  const toPrepare = hosts.filter((_host, i) => !progress[i]?.prepared && !progress[i]?.placed);
  const untouched = toPrepare.length === hosts.length;
  await Promise.all(
    toPrepare.map((host) => refuseNarrow(host, restoreNeeds(placeOf(host).member, source.bytes))),
  );
  const serves = hosts.some(({ target }) => target.facts.reading?.healthy);
  // What is about to be set aside is kept in a form that can be restored as easily.
  const snapshot =
    untouched && serves ? await snapshotStep(run, surveyed, { before: VERB, within: WITHIN }) : undefined;
  const byName = new Map(hosts.map((host) => [host.target.name, host]));
  wanted.byHosts = toPrepare.length > 0;
  if (!wanted.byHosts) source.release?.();
  const atHand = { run, surveyed, source };
  const steps = restoreSteps(progress).map(({ kind, ...step }): OperationStep => {
    const host = byName.get(step.host) as EtcdHost;
    return { ...step, carryOut: () => restoreStep(kind, host, placeOf(host), atHand) };
  });
  return snapshot ? [snapshot, ...steps] : steps;
}

function question(
  { cluster, hosts }: Surveyed,
  source: Source | undefined,
  wished: Wish | undefined,
): string {
  const known = source?.known;
  const now = Math.max(0, ...hosts.map(({ target }) => target.facts.reading?.status?.revision ?? 0));
  const lost =
    now === 0
      ? 'no member answers, so nobody can say what was written since'
      : known === undefined
        ? `the cluster is at revision ${now}: what was written since the snapshot is lost to clients`
        : now > known.revision && known.cluster === cluster.name
          ? `the cluster is at revision ${now}: ${now - known.revision} revisions since are lost to clients`
          : `the cluster is at revision ${now}: what it has is lost to clients`;
  const what = known ? `${source?.name} (${contentText(known)})` : String(source?.name);
  const strange =
    known && known.cluster !== cluster.name ? ` It was taken of another cluster, ${known.cluster}.` : '';
  return `${cluster.name}: ${what} on ${hostNames(hosts)}; ${lost}, and they are shut out meanwhile.${strange}${endsWithIt(hosts, wished)} Go on?`;
}

/** What becomes of what is open, for the question; nothing where that is gone on with. */
function endsWithIt(hosts: readonly EtcdHost[], wished: Wish | undefined): string {
  const open = openIntent(hosts);
  if (open === undefined || open.runId === wished?.runId) return '';
  const begun = open.verb === VERB ? `${VERB}, to ${open.target}` : open.verb;
  const ends = mayInterrupt(VERB, open.verb) ? 'goes on afterwards' : 'ends with it';
  return ` What run ${open.runId} has begun (${begun}) ${ends}.`;
}
