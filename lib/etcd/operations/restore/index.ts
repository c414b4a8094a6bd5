import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import { runId } from '../../../dsl/run-id.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { snapshotStep } from '../../snapshots/index.ts';
import { doneIntent, intentProblem, openIntent, openRun } from '../../survey/intents.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { contentText } from '../backup/words.ts';
import type { Operation, OperationStep } from '../common/operation.ts';
import { restoreStep } from './carry-out.ts';
import type { Source } from './file-source.ts';
import { refuseNarrow, refuseUnfit } from './fit.ts';
import { readProgress } from './progress.ts';
import type { RestorePlace } from './shell.ts';
import { findSource } from './source.ts';
import { restoreSteps } from './steps.ts';
import { flagProblems, VERB } from './words.ts';

/**
 * What it ends where that was begun: all data is set aside anyway, and what that was to be made of may be damaged. A
 * rotation of the CA, which wants all members, goes on afterwards.
 */
const PASSES = ['recover', 'certs'] as const;

/** How long before it a snapshot of what is there may have been taken, in milliseconds. */
const WITHIN = 10 * 60_000;

/**
 * Gives a cluster the data of a snapshot: all members of it the same, under a new cluster ID. What was written since is
 * set aside, never deleted.
 */
export function restoreOperation(): Operation {
  let source: Source | undefined;
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
  return {
    name: VERB,
    check: flagProblems,
    async derive(run, surveyed) {
      const found = await sourceOf(run, surveyed);
      const { cluster, hosts } = surveyed;
      const open = intentProblem(cluster, hosts, VERB, targetOf(found), PASSES);
      if (open) throw open;
      const done = doneIntent(hosts, VERB);
      if (done?.target === targetOf(found) && hosts[0]?.target.vars.again !== true) {
        run.log('info', `${cluster.name}: done before, by run ${done.done}: --again restores it once more`);
        return [];
      }
      await refuseUnfit(surveyed, found);
      return deriveSteps(run, surveyed, found, wanted);
    },
    // A copy that is damaged is told before hosts note what they head for: they would want that one alone from then on.
    async prepare(run, surveyed) {
      if (wanted.byHosts) await (await sourceOf(run, surveyed)).path();
    },
    wish: async (run, surveyed) => ({ target: targetOf(await sourceOf(run, surveyed)) }),
    question: (surveyed) => question(surveyed, source),
  };
}

/** What it heads for, as the hosts remember it. */
function targetOf({ sha256 }: Source): string {
  return `snapshot sha256:${sha256}`;
}

async function deriveSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  source: Source,
  wanted: { byHosts: boolean },
): Promise<readonly OperationStep[]> {
  const { hosts } = surveyed;
  const id = openRun(hosts, VERB) ?? runId();
  const places = new Map(
    hosts.map((host) => [host, { member: memberOf(host.target), run: id, verb: VERB }] as const),
  );
  const progress = await Promise.all(
    hosts.map((host) => readProgress(host, places.get(host) as RestorePlace)),
  );
  const toPrepare = hosts.filter((_host, i) => !progress[i]?.prepared && !progress[i]?.placed);
  const untouched = toPrepare.length === hosts.length;
  await Promise.all(toPrepare.map((host) => refuseNarrow(host, source.bytes)));
  const serves = hosts.some(({ target }) => target.facts.reading?.healthy);
  // What is about to be set aside is kept in a form that can be restored as easily.
  const snapshot = untouched && serves ? await snapshotStep(run, surveyed, { within: WITHIN }) : undefined;
  const byName = new Map(hosts.map((host) => [host.target.name, host]));
  wanted.byHosts = toPrepare.length > 0;
  if (!wanted.byHosts) source.release?.();
  const ground = { run, surveyed, source };
  const steps = restoreSteps(progress).map(({ kind, ...step }): OperationStep => {
    const host = byName.get(step.host) as EtcdHost;
    return {
      ...step,
      carryOut: () => restoreStep(kind, host, places.get(host) as RestorePlace, ground),
    };
  });
  return snapshot ? [snapshot, ...steps] : steps;
}

function question({ cluster, hosts }: Surveyed, source: Source | undefined): string {
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
  const open = openIntent(hosts);
  const ends =
    open && open.verb !== VERB
      ? ` What run ${open.runId} has begun (${open.verb}) ${open.verb === 'certs' ? 'goes on afterwards' : 'ends with it'}.`
      : '';
  return `${cluster.name}: ${what} on ${hostNames(hosts)}; ${lost}, and they are shut out meanwhile.${ends} Go on?`;
}
