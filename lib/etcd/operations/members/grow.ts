import type { PlayRun } from '../../../dsl/play.ts';
import type { ClusterFacts, EtcdFacts } from '../../facts/index.ts';
import type { Cluster } from '../../model/cluster.ts';
import { compareVersions } from '../../model/versions.ts';
import type { Surveyed } from '../../surveyed.ts';
import type { OperationStep } from '../common/operation.ts';
import { carryOut } from './carry-out.ts';
import { refused } from './index.ts';
import { look } from './look.ts';
import { isAt, type Words } from './scene.ts';
import { type PlannedStep, stepsOf } from './steps.ts';

/** Nobody is served meanwhile, so nobody minds a quorum that is lost for a moment. */
const WORDS: Words = { remove: [], replace: [], acceptDowntime: true };

/**
 * What is left until every host of `surveyed` has a member that votes, of a cluster of which one of them works; for verbs
 * that shut clients out meanwhile, and have a snapshot.
 */
export async function growthSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  facts: ClusterFacts,
): Promise<readonly OperationStep[]> {
  const view = await look(run, surveyed, facts, false, WORDS);
  const { listed, places } = view.scene;
  // A run before this one may have added hosts that are lost by now.
  const gone = listed.filter((one) => !places.some((place) => isAt(one, place))).map(({ id }) => id);
  const planned = stepsOf({ ...view.scene, words: { ...WORDS, remove: gone } });
  if ('refused' in planned) throw refused(surveyed, planned.refused);
  return planned.steps.map(({ deed, host, title, ledger }) => ({
    host,
    title,
    ledger,
    carryOut: () => carryOut(deed, { run, surveyed, view, facts }),
  }));
}

/** The same before there is a cluster to ask: one member of it works then, on `first`, and the others are bare. */
export function foreseenGrowth(
  { name, members }: Cluster,
  first: string,
  version: string,
): readonly Omit<PlannedStep, 'deed'>[] {
  const planned = stepsOf({
    cluster: name,
    listed: members
      .filter(({ host }) => host === first)
      .map((one) => ({
        id: `(${one.host})`,
        name: one.name,
        peerUrls: [one.peerUrl],
        started: true,
        learner: false,
        healthy: true,
      })),
    places: members.map(({ host, name: called, peerUrl }) => {
      const works = host === first;
      return {
        host,
        name: called,
        peerUrl,
        reached: true,
        data: works,
        keeps: works,
        up: works,
        elsewhere: false,
      };
    }),
    learners: compareVersions(version, '3.4.0') >= 0,
    rules: false,
    files: false,
    setsRules: false,
    tidies: false,
    words: WORDS,
  });
  return 'refused' in planned ? [] : planned.steps;
}
