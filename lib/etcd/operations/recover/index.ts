import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import type { QuorateError } from '../../../errors.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type Cluster, memberOf } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { clustersOf, livingList, type Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import type { Wish } from '../common/intent.ts';
import type { Operation, OperationStep } from '../common/operation.ts';
import { foreseenGrowth, growthSteps } from '../members/grow.ts';
import { wayBack } from '../restore/swap.ts';
import { showHealth } from '../site/verify.ts';
import { type AtHand, recoverStep } from './carry-out.ts';
import { type Chosen, choose, isDone } from './choose.ts';
import { flagProblems, targetOf, VERB } from './flags.ts';
import { isBack, whyNotLost } from './loss.ts';
import { sourceText } from './sources.ts';
import { placeOf, type Standing, standingOf } from './standing.ts';
import { hasJoined, recoverSteps } from './steps.ts';
import { lookAround } from './witnesses.ts';

/**
 * Makes a cluster that has lost its quorum for good of what one host still has: a member of its own, under a new cluster
 * ID, and the other hosts join it. What they had is set aside, never deleted.
 */
export function recoverOperation(): Operation {
  const chosen = new WeakMap<PlayRun<EtcdFacts>, Chosen>();
  let wished: Wish | undefined;
  let asked: Chosen | undefined;
  let notLost: QuorateError | undefined;
  return {
    name: VERB,
    check: flagProblems,
    // A quorum is lost because hosts are.
    mayMiss: ({ unreachable }) => unreachable,
    async derive(run, surveyed) {
      const { cluster } = surveyed;
      const standing = await standingOf(surveyed);
      const { open, lost } = standing;
      let known = chosen.get(run);
      if (known === undefined && isDone(run, surveyed, standing)) return [];
      // Until data is moved there is a way back: members may return at any time.
      const sight = standing.moved ? undefined : await lookAround(run, surveyed);
      const why = sight && whyNotLost(cluster, sight.witnesses, sight.voters, lost);
      if (why && (known || open === undefined || !isBack(sight.witnesses, sight.voters, lost))) throw why;
      if (why && open) {
        const giveUp = run.check ? 'a run gives up what it has begun' : 'what it has begun is given up';
        run.log('info', `${cluster.name}: run ${open.runId} has moved nothing: ${giveUp}`);
        notLost = why;
        wished = { target: open.target, givenUp: true };
        return [];
      }
      known ??= await choose(run, surveyed, standing, sight);
      if (!chosen.has(run)) for (const doubt of known.doubts) run.log('warning', `${cluster.name}: ${doubt}`);
      chosen.set(run, known);
      asked = known;
      wished = wishOf(known, standing);
      return deriveSteps(run, surveyed, known, standing);
    },
    wish: async () => wished,
    question: (surveyed) => question(surveyed, asked),
    async verify(run) {
      if (notLost) throw notLost;
      for (const surveyed of clustersOf(run)) {
        await showHealth(run, { ...surveyed, cluster: reached(surveyed) });
        for (const host of leftOut(surveyed))
          run.log(
            'warning',
            `${host} was not reached, and is not a member any more: once it is back, ${verbLine('members', surveyed.cluster, '--replace', host)} sets its data aside and adds it`,
          );
      }
    },
  };
}

/** Hosts that are not reached, and that the members do not list: of one that is just away nothing is to be said. */
function leftOut({ cluster, hosts }: Surveyed): readonly string[] {
  const list = livingList(hosts);
  if (list === undefined) return [];
  return cluster.members
    .filter(({ host }) => !hosts.some(({ target }) => target.name === host))
    .filter(({ peerUrl }) => !list.some(({ peerUrls }) => peerUrls.includes(peerUrl)))
    .map(({ host }) => host);
}

async function deriveSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { from, facts }: Chosen,
  standing: Standing,
): Promise<readonly OperationStep[]> {
  const { hosts } = surveyed;
  const { run: id, progress } = standing;
  const survivor = hosts.find(({ target }) => target.name === from);
  const isGone = standing.orphaned && standing.open?.target === targetOf(from);
  if (survivor === undefined || isGone) throw withoutSurvivor(surveyed, from, standing);
  const mine = progress.find(({ host }) => host === from);
  if (mine && !mine.tool)
    throw refusal({ host: from }, `neither etcdutl nor etcdctl is in ${memberOf(survivor.target).binDir}`);
  const here: Surveyed = { cluster: reached(surveyed), hosts };
  const atHand: AtHand = {
    run,
    surveyed: here,
    survivor,
    facts,
    placeOf: (host) => placeOf(host, id),
    kept: mine?.kept,
  };
  const works = mine?.healthy === true && !mine.alarmed && progress.every(({ placed }) => placed);
  const growing = works ? await growthSteps(run, here, facts) : [];
  const joined = progress.filter(hasJoined).map(({ host }) => host);
  const foreseen = foreseenGrowth(here.cluster, from, facts.version ?? '');
  const grown = works ? growing : foreseen.filter(({ host }) => !joined.includes(host));
  return recoverSteps(from, progress, grown).map(({ kind, ...step }) => ({
    ...step,
    async carryOut() {
      if (kind !== 'grow') return recoverStep(kind, step.host, atHand);
      await growing.find(({ host, title }) => host === step.host && title === step.title)?.carryOut();
    },
  }));
}

/** What a rerun goes on to. */
function wishOf({ from }: Chosen, { run, lost, before }: Standing): Wish {
  const notes = {
    ...(lost.length > 0 && { lost: lost.join(',') }),
    ...(before.length > 0 && { before: before.join(',') }),
  };
  return { target: targetOf(from), runId: run, ...(Object.keys(notes).length > 0 && { notes }) };
}

/** Where others have joined it, another host can be chosen only once their own data is back where it was. */
function withoutSurvivor(
  { cluster, hosts }: Surveyed,
  from: string,
  { run, moved, orphaned }: Standing,
): QuorateError {
  const another = `choose another host: ${verbLine(VERB, cluster, '--from', 'HOST')}`;
  const [other] = hosts;
  const back =
    moved && !orphaned && other
      ? `let this machine reach it; where it is gone for good, give every other host its old data back, with etcd stopped there (paths are those of ${other.target.name}): ${wayBack(placeOf(other, run))}; then ${another}`
      : another;
  return refusal(
    { host: from },
    `the cluster is made of its data, and it ${hosts.some(({ target }) => target.name === from) ? 'has none any more' : 'was not reached'}`,
    `${back}; or restore a snapshot on all hosts: ${verbLine('restore', cluster, '--from', 'FILE')}`,
  );
}

/** The cluster as it is to be: of the hosts that are reached. */
function reached({ cluster, hosts }: Surveyed): Cluster {
  const names = hosts.map(({ target }) => target.name);
  return { ...cluster, members: cluster.members.filter(({ host }) => names.includes(host)) };
}

function question({ cluster, hosts }: Surveyed, chosen: Chosen | undefined): string {
  const what = chosen?.source ? ` (${sourceText(chosen.source)})` : '';
  const doubts = (chosen?.doubts ?? []).map((doubt) => ` ${doubt}`).join('');
  return `${cluster.name}: it is made of the data of ${chosen?.from}${what}, on ${hostNames(hosts)}; other data is set aside, and clients are shut out meanwhile.${doubts} Go on?`;
}
