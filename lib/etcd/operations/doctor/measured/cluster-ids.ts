import { recoveredBy } from '../../../facts/intent.ts';
import { oddHosts } from '../../../health/answer.ts';
import { mostSaid } from '../../../surveyed.ts';
import { verbLine } from '../../../verb-line.ts';
import type { Evidence } from '../evidence.ts';
import { DOCTOR } from '../remedies.ts';
import { type Clue, clusterIn, type Scene } from '../scene.ts';

/**
 * Members with the data of another cluster than the one that was recovered last, else than most have. Where one alone tells
 * of a later recovery it may have what all others lack: a majority is gone by then, and comes back with its old data.
 */
export function ofClusterIds(scene: Scene): readonly Clue[] {
  const evidence = scene.findings.find(({ check }) => check === 'cluster-id')?.message;
  if (evidence === undefined) return [];
  const odd = withOtherData(scene);
  if (odd.length === 0) {
    const remedy = ['which of them is the cluster is for you to say: stop the others', DOCTOR];
    return [{ cause: 'cluster-id', evidence, remedy }];
  }
  return odd.map(
    (one) => recoveredAlone(one, scene) ?? { cause: 'cluster-id', host: one.member.host, evidence },
  );
}

function withOtherData({ all, recovered }: Scene): readonly Evidence[] {
  const took = all.filter(({ facts }) => recovered !== undefined && recoveredBy(facts.intent) === recovered);
  const own = mostSaid(took.flatMap((one) => idOf(one) ?? []));
  if (own !== undefined) return all.filter((one) => (idOf(one) ?? own) !== own);
  const answers = all.map(({ member, facts: { reading } }) => ({ member, reading }));
  const odd = oddHosts(answers, ({ reading }) => reading?.status?.clusterId);
  return all.filter(({ member }) => odd.includes(member.host));
}

function recoveredAlone(one: Evidence, scene: Scene): Clue | undefined {
  const run = recoveredBy(one.facts.intent);
  if (run === undefined || run <= (scene.recovered ?? '')) return undefined;
  const others = scene.all.filter((other) => (idOf(other) ?? idOf(one)) !== idOf(one));
  if (others.some(({ facts }) => recoveredBy(facts.intent) === run)) return undefined;
  const { host } = one.member;
  const names = others.map(({ member }) => member.host);
  const replace = (hosts: readonly string[]) =>
    verbLine('members', clusterIn(scene), '--replace', hosts.join());
  return {
    cause: 'recovered-alone',
    host,
    evidence: `${host}: it alone says that run ${run} recovered or restored the cluster`,
    remedy: [
      `if somebody knows of that run, stop etcd on ${names.join(', ')}, and replace these, not ${host}: ${replace(names)}`,
      `if nobody does: ${replace([host])}`,
    ],
  };
}

function idOf({ facts }: Evidence): string | undefined {
  return facts.reading?.status?.clusterId;
}
