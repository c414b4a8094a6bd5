import { commandLine } from '../../../command-line.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { runId } from '../../../dsl/run-id.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type Cluster, memberOf } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { openIntent } from '../../survey/intents.ts';
import { clustersOf, type Surveyed } from '../../surveyed.ts';
import type { Operation, OperationStep } from '../common/operation.ts';
import { foreseenGrowth, growthSteps } from '../members/grow.ts';
import { showHealth } from '../site/verify.ts';
import { type Ground, recoverStep } from './carry-out.ts';
import { type Chosen, choose, lookAtAll, placeOf } from './choose.ts';
import { sourceText } from './sources.ts';
import { hasJoined, recoverSteps } from './steps.ts';
import { flagProblems, targetOf, VERB } from './words.ts';

/**
 * Makes a cluster that has lost its quorum for good of what one host still has: a member of its own, under a new cluster
 * ID, and the other hosts join it. What they had is set aside, never deleted.
 */
export function recoverOperation(): Operation {
  const chosen = new WeakMap<PlayRun<EtcdFacts>, Chosen>();
  let asked: Chosen | undefined;
  return {
    name: VERB,
    check: flagProblems,
    // A quorum is lost because hosts are.
    mayMiss: ({ unreachable }) => unreachable,
    async derive(run, surveyed) {
      const known = chosen.get(run) ?? (await choose(run, surveyed));
      if (known === undefined) return [];
      chosen.set(run, known);
      asked = known;
      return deriveSteps(run, surveyed, known);
    },
    wish: async () => (asked ? { target: targetOf(asked.from) } : undefined),
    question: (surveyed) => question(surveyed, asked),
    async verify(run) {
      for (const surveyed of clustersOf(run)) {
        await showHealth(run, { ...surveyed, cluster: reached(surveyed) });
        for (const { host } of surveyed.cluster.members.filter(({ host }) => run.unreachable.includes(host)))
          run.log(
            'warning',
            `${host} was not reached, and is no member any more: once it is back, ${commandLine('members')} --replace ${host} sets its data aside and adds it`,
          );
      }
    },
  };
}

async function deriveSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { from, facts }: Chosen,
): Promise<readonly OperationStep[]> {
  const { hosts } = surveyed;
  const survivor = hosts.find(({ target }) => target.name === from);
  if (survivor === undefined)
    throw refusal({ host: from }, 'the cluster is made of its data, and it was not reached');
  const id = openIntent(hosts)?.runId ?? runId();
  const progress = (await lookAtAll(surveyed, id, false)).map((one) => one.progress);
  const mine = progress.find(({ host }) => host === from);
  if (mine && !mine.tool)
    throw refusal({ host: from }, `neither etcdutl nor etcdctl is in ${memberOf(survivor.target).binDir}`);
  const here: Surveyed = { cluster: reached(surveyed), hosts };
  const ground: Ground = { run, surveyed: here, survivor, facts, placeOf: (host) => placeOf(host, id) };
  const works = mine?.healthy === true && progress.every(({ placed }) => placed);
  const growing = works ? await growthSteps(run, here, facts) : [];
  const joined = progress.filter(hasJoined).map(({ host }) => host);
  const foreseen = foreseenGrowth(here.cluster, from, facts.version ?? '');
  const grown = works ? growing : foreseen.filter(({ host }) => !joined.includes(host));
  return recoverSteps(from, progress, grown).map(({ kind, ...step }) => ({
    ...step,
    async carryOut() {
      if (kind !== 'grow') return recoverStep(kind, step.host, ground);
      await growing.find(({ host, title }) => host === step.host && title === step.title)?.carryOut();
    },
  }));
}

/** The cluster as it is to be: of the hosts that are reached. */
function reached({ cluster, hosts }: Surveyed): Cluster {
  const names = hosts.map(({ target }) => target.name);
  return { ...cluster, members: cluster.members.filter(({ host }) => names.includes(host)) };
}

function question({ cluster, hosts }: Surveyed, chosen: Chosen | undefined): string {
  const names = hosts.map(({ target }) => target.name);
  const missing = cluster.members.filter(({ host }) => !names.includes(host)).map(({ host }) => host);
  const hidden =
    missing.length === 0
      ? ''
      : ` Not reached: ${missing.join(', ')}. If their members still run and see each other, they are the cluster, and this makes a second one; what only they have is lost.`;
  const what = chosen?.source ? ` (${sourceText(chosen.source)})` : '';
  return `${cluster.name}: it is made of the data of ${chosen?.from}${what}, on ${names.join(', ')}; other data is set aside, and clients are shut out meanwhile.${hidden} Go on?`;
}
