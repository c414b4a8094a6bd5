import { inSeries, type Turn } from '../dsl/in-series.ts';
import { isDue, type PlannedTask, type PlayRun } from '../dsl/play.ts';
import { sh } from '../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { lastLine } from './facts/etcdctl/answers.ts';
import { etcdctlFunction } from './facts/etcdctl/etcdctl.ts';
import type { EtcdFacts } from './facts/index.ts';
import { memberService } from './files/member-service.ts';
import type { Answer } from './health/answer.ts';
import { passGate } from './health/gate.ts';
import { settle } from './health/settle.ts';
import { HEALTH_FIRST } from './health/way-out.ts';
import { memberOf } from './model/cluster.ts';
import type { EtcdHost, Surveyed } from './surveyed.ts';

/**
 * Takes members of a live cluster one after another, the leader last. Each turn stands between two gates, and
 * leadership moves away from a member before it is stopped. When a gate refuses or a turn fails, that is reported; it ends
 * with exit code 3 where members still wait, and resolves where none does: then ask `run.failed(host)`. `acceptDowntime`: the user has agreed to lose the quorum for the time of a turn.
 * `restarts`: a turn stops its member, whatever its plan says.
 *
 * @example
 * await roll(run, surveyed, due, { apply: (host) => host.apply(isInTurn) });
 */
export async function roll(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  members: readonly EtcdHost[],
  turn: Turn<EtcdFacts>,
  {
    acceptDowntime = false,
    restarts = false,
  }: { readonly acceptDowntime?: boolean; readonly restarts?: boolean } = {},
): Promise<void> {
  await inSeries(run, leaderLast(members, surveyed), {
    hint: HEALTH_FIRST,
    // The gate before is passed in `before`: moving leadership needs its answers.
    gate: { after: (host) => settle(run, surveyed, [host]) },
    turn: {
      ...turn,
      async before(host) {
        const isStopped = restarts || stops(host);
        const answers = await passGate(run, surveyed, host, isStopped && !acceptDowntime);
        if (isStopped) await moveLeaderAway(run, surveyed, host, answers);
        await turn.before?.(host);
      },
    },
  });
}

/** In the order given, but for the leader, whose turn comes when no other can be spared for it. */
export function leaderLast(hosts: readonly EtcdHost[], { hosts: all }: Surveyed): readonly EtcdHost[] {
  const leader = all.find(({ target }) => target.facts.reading?.healthy)?.target.facts.reading?.status
    ?.leaderId;
  const leads = (host: EtcdHost) => host.target.facts.reading?.status?.memberId === leader;
  return [...hosts].sort((a, b) => Number(leads(a)) - Number(leads(b)));
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
q_reach
q_etcdctl move-leader ${target}`,
  );
  if (code !== 0) {
    throw new QuorateError(
      `${host.target.name}: leadership did not move to ${next?.member.host}: ${lastLine(out)}`,
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
export function isRisked(host: EtcdHost): boolean {
  if (stops(host)) return true;
  const works = host.target.facts.reading?.healthy === true;
  return works && servicesOf(host).length === 0 && host.plan.some((one) => isDue(one) && isInTurn(one));
}

/** A plan that interrupts a running member. */
export function stops(host: EtcdHost): boolean {
  return servicesOf(host).some(({ changes }) => changes.some(({ kind }) => kind === 'restart'));
}

/** A plan by which a member comes up. */
export function starts({ plan }: EtcdHost): boolean {
  return plan.some(({ changes }) => changes.some(({ kind }) => kind === 'start'));
}

/** A plan that starts or stops the service. */
export function changesService(host: EtcdHost): boolean {
  return servicesOf(host).some(isDue);
}

/** The service of the member in a plan; none when its role takes no part. */
export function servicesOf({ plan }: EtcdHost): readonly PlannedTask[] {
  return plan.filter(({ task }) => memberService.wishOf(task));
}

/** These changes touch what a running member loads: they wait for its turn. */
export function isInTurn({ task, changes }: PlannedTask): boolean {
  return task.inTurn(changes);
}
