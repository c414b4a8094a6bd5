import { leaveAlone } from '../../../dsl/in-series.ts';
import { hostNames, isDue, namesOf, type PlayRun } from '../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { firewall } from '../../../resources/firewall/index.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { settle } from '../../health/settle.ts';
import { HEALTH_FIRST } from '../../health/way-out.ts';
import { canSpareOne, memberOf, quorum } from '../../model/cluster.ts';
import {
  changesService,
  isInTurn,
  isRisked,
  leaderLast,
  roll,
  servicesOf,
  starts,
  stops,
} from '../../roll.ts';
import { untilTimersRest } from '../../snapshots/timers.ts';
import { forgetToken, saveToken } from '../../survey/token.ts';
import { clusterFacts, clustersOf, type EtcdHost, type Surveyed } from '../../surveyed.ts';
import { refuseDueOfMinority } from '../common/minority.ts';

/**
 * Refuses to found a cluster with some of its members only, to stop one that cannot spare a member, and to change hosts
 * of a cluster whose other half somebody else may be changing.
 */
export function admit(run: PlayRun<EtcdFacts>): void {
  const clusters = clustersOf(run);
  for (const surveyed of clusters) {
    refusePartialBootstrap(surveyed);
    refuseDowntime(surveyed);
    refuseDueOfMinority(surveyed);
  }
  const open = clusters.filter(({ hosts }) => hosts.some(opensToAll)).map(({ cluster }) => cluster.name);
  if (open.length === 0) return;
  const message = 'every address may reach the client ports: etcd_client_cidrs narrows it';
  run.log('warning', `${open.join(', ')}: ${message}`);
}

/** Applies the plans of every cluster: side by side where it does not live, member by member where it does. */
export async function converge(run: PlayRun<EtcdFacts>): Promise<void> {
  const clusters = clustersOf(run);
  for (const surveyed of clusters) await keepToken(surveyed);
  await Promise.all(
    clusters.map(async (surveyed) => {
      try {
        await convergeCluster(run, surveyed);
      } catch (error) {
        run.fail(error);
      }
    }),
  );
}

/** Before any host is touched: a run that is killed from here on is continued with the same token. */
async function keepToken(surveyed: Surveyed): Promise<void> {
  const { cluster, hosts } = surveyed;
  const token = clusterFacts(surveyed)?.token;
  if (token !== undefined && hosts.some(starts)) await saveToken(cluster, token);
}

async function convergeCluster(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  const state = clusterFacts(surveyed)?.state;
  if (state !== 'live') {
    const { cluster, hosts } = surveyed;
    const done = await run.each(hosts, (host) => host.apply(() => true));
    if (done.length === cluster.members.length && done.every(isBootstrapped)) await forgetToken(cluster);
    return;
  }
  await forgetToken(surveyed.cluster);
  const whole = await run.each(surveyed.hosts, (host) => host.apply((planned) => !isInTurn(planned)));
  const due = whole.filter((host) => host.plan.some((planned) => isDue(planned) && isInTurn(planned)));
  // Starting members only helps, and they may need each other for quorum.
  const starting = due.filter((host) => !isRisked(host));
  const started = await run.each(starting, (host) => host.apply(isInTurn));
  const turns = due.filter(isRisked);
  const down = starting.filter((host) => !started.includes(host));
  if (down.length > 0) return leaveAlone(namesOf(down), namesOf(leaderLast(turns, surveyed)), HEALTH_FIRST);
  // Without turns to come the verification tells whether they found each other.
  if (turns.length > 0 && starting.some(changesService)) await settle(run, surveyed, starting);
  await untilTimersRest(run, turns);
  await roll(run, surveyed, turns, { apply: (host) => host.apply(isInTurn) });
}

/** Its service was started, or found running, and does its work. */
function isBootstrapped(host: EtcdHost): boolean {
  return servicesOf(host).length > 0;
}

/** A plan that sets the firewall where nobody has said who the clients are. */
function opensToAll({ plan, target }: EtcdHost): boolean {
  const cidrs = target.vars.etcd_client_cidrs as readonly string[];
  return cidrs.length === 0 && plan.some((one) => isDue(one) && firewall.wishOf(one.task) !== undefined);
}

function refusePartialBootstrap(surveyed: Surveyed): void {
  const { cluster, hosts } = surveyed;
  const state = clusterFacts(surveyed)?.state;
  const missing = cluster.members.filter(
    ({ host }) => !hosts.some((one) => one.target.name === host && one.selected),
  );
  if (!hosts.some(starts) || state === 'stopped' || state === 'live') return;
  // A host that could not be planned has no plan at all.
  const unplanned = hosts.filter(({ selected, plan }) => selected && plan.length === 0);
  if (unplanned.length > 0) {
    throw new QuorateError(
      `${cluster.name}: nothing was changed: a new cluster starts with all its members, not without ${hostNames(unplanned)}`,
      { exitCode: EXIT.failed },
    );
  }
  if (missing.length === 0) return;
  throw new QuorateError(
    `${cluster.name}: nothing was changed: a new cluster starts with all its members, and these are left out: ${missing.map(({ host }) => host).join(', ')}`,
    { exitCode: EXIT.refused, hint: 'run without --limit until the cluster exists' },
  );
}

/** Refuse now what the gate would refuse later, after changes were made: no member can be spared, healthy or not. */
function refuseDowntime(surveyed: Surveyed): void {
  const { cluster, hosts } = surveyed;
  const voters = cluster.members.length;
  const host = hosts.find(stops);
  if (!host || clusterFacts(surveyed)?.state !== 'live' || canSpareOne(cluster)) return;
  const { name } = host.target;
  throw new QuorateError(
    `${cluster.name}: nothing was changed: ${voters} voters, quorum ${quorum(voters)}: stopping ${name} leaves ${voters - 1}`,
    {
      exitCode: EXIT.refused,
      host: name,
      hint: `to accept that the cluster is down meanwhile, stop ${memberOf(host.target).service} on ${name}, then run again`,
    },
  );
}
