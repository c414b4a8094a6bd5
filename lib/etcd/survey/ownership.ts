import type { QuorateError } from '../../errors.ts';
import { isUp } from '../facts/index.ts';
import { memberOf } from '../model/cluster.ts';
import { SET_ASIDE } from '../model/set-aside.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import { caProblems } from './authority.ts';
import { strayData } from './stray-data.ts';

/**
 * What speaks against these hosts being the cluster's that the inventory means: another owner in their records, data
 * or a service without records, another CA than `ca` (the one on control, if there is one), another cluster ID than
 * the majority's. Whoever changes or takes away anything asks this first.
 */
export async function ownershipProblems(
  surveyed: Surveyed,
  ca: string | undefined,
  passing: readonly string[] = [],
): Promise<readonly QuorateError[]> {
  return [
    ...surveyed.hosts.flatMap((host) => foreign(host, surveyed)),
    ...(ca === undefined ? [] : caProblems(surveyed, ca, passing)),
    ...(await strayData(surveyed)),
  ];
}

/** Data or a service that our records do not claim belongs to somebody else. */
function foreign({ target }: EtcdHost, { cluster }: Surveyed): readonly QuorateError[] {
  const { owner, data } = target.facts;
  const { stateDir, service, dataDir } = memberOf(target);
  const about = { host: target.name };
  if (owner !== undefined && owner !== `cluster ${cluster.name}`) {
    return [
      refusal(
        about,
        `${stateDir} says ${JSON.stringify(owner)}, this inventory says cluster ${cluster.name}`,
        `another inventory manages this host; if it is the same cluster under another file name, set etcd_cluster_name: ${owner.replace(/^cluster /, '')}`,
      ),
    ];
  }
  if (owner !== undefined) return [];
  const notOurs = `it was not set up from here (no ${stateDir})`;
  if (isUp(target.facts)) {
    const hint =
      'it is left untouched; if it is not needed, stop and disable it, and move its data away yourself';
    return [refusal(about, `${service} runs, and ${notOurs}`, hint)];
  }
  if (data !== 'present') return [];
  const hint = `it is left untouched; if it is not needed, --${SET_ASIDE} ${target.name} moves the data aside`;
  return [refusal(about, `${dataDir} has data, and ${notOurs}`, hint)];
}
