import { hostNames, isDue, type PlannedTask, type PlayRun } from '../../../dsl/play.ts';
import { sh } from '../../../dsl/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { etcdctlFunction } from '../../facts/etcdctl.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { passGate, settle } from '../../health/gate.ts';
import type { Answer } from '../../health/judge.ts';
import { memberOf, quorum } from '../../model/cluster.ts';
import { found } from '../../survey/state.ts';
import { clustersOf, type EtcdHost, type Surveyed } from '../../survey/survey.ts';
import { forgetToken, saveToken } from '../../survey/token.ts';

/** Refuses to found a cluster with some of its members only, and to stop one that cannot spare a member. */
export function admit(run: PlayRun<EtcdFacts>): void {
  for (const surveyed of clustersOf(run)) {
    refusePartialBootstrap(surveyed);
    refuseDowntime(surveyed);
    if (surveyed.hosts.some(opensToAll)) {
      const message = 'every address may reach the client ports: etcd_client_cidrs narrows it';
      run.log('warning', `${surveyed.cluster.name}: ${message}`);
    }
  }
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
  const token = found(surveyed)?.token;
  if (token !== undefined && hosts.some(starts)) await saveToken(cluster, token);
}

async function convergeCluster(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  const state = found(surveyed)?.state;
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
  const turns = leaderLast(due.filter(isRisked), surveyed);
  const down = starting.filter((host) => !started.includes(host));
  if (down.length > 0) return refuseFurther(down, turns);
  // Without turns to come the verification tells whether they found each other.
  if (turns.length > 0 && starting.some(startsOrStops)) await settle(run, surveyed, starting);
  for (const [i, host] of turns.entries()) {
    let began = false;
    const [passed] = await run.each([host], () => {
      began = true;
      return takeTurn(run, surveyed, host);
    });
    if (passed) continue;
    // Asked to stop, it is not begun.
    if (began) refuseFurther([host], turns.slice(i + 1));
    else stoppedBetween(surveyed, turns[i - 1], turns.slice(i));
    return;
  }
}

/** Between two members a roll can stop for good: what is done is whole. */
function stoppedBetween({ cluster }: Surveyed, last: EtcdHost | undefined, left: readonly EtcdHost[]): void {
  const where = last === undefined ? cluster.name : last.target.name;
  throw new QuorateError(`${where}: stopped on request; still to be changed: ${hostNames(left)}`, {
    exitCode: EXIT.interrupted,
    ...(last && { host: last.target.name }),
    hint: 'run again to go on',
  });
}

/** What a member did not survive, no other is put through. */
function refuseFurther(at: readonly EtcdHost[], left: readonly EtcdHost[]): void {
  if (left.length === 0) return;
  throw new QuorateError(
    `stopped at ${hostNames(at)}: no further member is touched; still to be changed: ${hostNames(left)}`,
    {
      exitCode: EXIT.refused,
      hint: 'bring the cluster to health first; npx tsx playbooks/doctor.ts looks for causes',
    },
  );
}

function leaderLast(hosts: readonly EtcdHost[], { hosts: all }: Surveyed): readonly EtcdHost[] {
  const leader = all.find(({ target }) => target.facts.reading?.healthy)?.target.facts.reading?.status
    ?.leaderId;
  const leads = (host: EtcdHost) => host.target.facts.reading?.status?.memberId === leader;
  return [...hosts].sort((a, b) => Number(leads(a)) - Number(leads(b)));
}

/** The member's turn: gate, leadership away, apply and prove, then the whole cluster again. */
async function takeTurn(run: PlayRun<EtcdFacts>, surveyed: Surveyed, host: EtcdHost): Promise<void> {
  const answers = await passGate(run, surveyed, host, stops(host));
  if (stops(host)) await moveLeaderAway(run, surveyed, host, answers);
  await host.apply(isInTurn);
  await settle(run, surveyed, [host]);
}

async function moveLeaderAway(
  run: PlayRun<EtcdFacts>,
  { hosts }: Surveyed,
  host: EtcdHost,
  answers: readonly Answer[],
): Promise<void> {
  const mine = answers.find(({ member }) => member.host === host.target.name)?.reading?.status;
  if (mine === undefined || mine.leaderId !== mine.memberId) return;
  const next = answers.find(
    ({ member }) =>
      member.host !== host.target.name && hosts.some(({ target }) => target.name === member.host),
  );
  const target = next?.reading?.status?.memberId;
  if (target === undefined) return;
  const member = memberOf(host.target);
  const { code, out } = await host.act(
    `moving leadership to ${next?.member.host}`,
    sh`${etcdctlFunction(member)}
q_etcdctl move-leader ${target}`,
  );
  if (code !== 0) {
    throw new QuorateError(
      `${host.target.name}: leadership did not move to ${next?.member.host}: ${out.trim()}`,
      {
        exitCode: EXIT.refused,
        host: host.target.name,
      },
    );
  }
  run.log('info', `${host.target.name}: leadership moved to ${next?.member.host} before the restart`);
}

/**
 * A member that does its work is to load something else: by a restart, or, where the service takes no part in the
 * run and nobody knows whether it is something else, whenever it starts next.
 */
function isRisked(host: EtcdHost): boolean {
  if (stops(host)) return true;
  const works = host.target.facts.reading?.healthy === true;
  return works && servicesOf(host).length === 0 && host.plan.some((one) => isDue(one) && isInTurn(one));
}

/** A plan that interrupts a running member. */
function stops(host: EtcdHost): boolean {
  return servicesOf(host).some(({ changes }) => changes.some(({ kind }) => kind === 'restart'));
}

/** A plan by which a member comes up. */
export function starts({ plan }: EtcdHost): boolean {
  return plan.some(({ changes }) => changes.some(({ kind }) => kind === 'start'));
}

function startsOrStops(host: EtcdHost): boolean {
  return servicesOf(host).some(isDue);
}

/** Its service was started, or found running, and does its work. */
function isBootstrapped(host: EtcdHost): boolean {
  return servicesOf(host).length > 0;
}

function servicesOf({ plan }: EtcdHost): readonly PlannedTask[] {
  return plan.filter(({ task }) => task.resource.startsWith('service:'));
}

function isInTurn({ task, changes }: PlannedTask): boolean {
  return task.inTurn(changes);
}

/** A plan that sets the firewall where nobody has said who the clients are. */
function opensToAll({ plan, target }: EtcdHost): boolean {
  const cidrs = target.vars.etcd_client_cidrs as readonly string[];
  return cidrs.length === 0 && plan.some((one) => isDue(one) && one.task.resource.startsWith('firewall:'));
}

function refusePartialBootstrap(surveyed: Surveyed): void {
  const { cluster, hosts } = surveyed;
  const state = found(surveyed)?.state;
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

/** The gate would refuse it later, with changes made by then: no member can be spared, healthy or not. */
function refuseDowntime(surveyed: Surveyed): void {
  const { cluster, hosts } = surveyed;
  const voters = cluster.members.length;
  const host = hosts.find(stops);
  if (!host || found(surveyed)?.state !== 'live' || voters - 1 >= quorum(voters)) return;
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
