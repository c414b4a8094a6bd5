import { unread } from '../dsl/common/unread.ts';
import { leaveAlone } from '../dsl/in-series.ts';
import { hasChanges, type Play } from '../dsl/play.ts';
import type { Target } from '../dsl/role.ts';
import { withLoaded } from '../dsl/trace/lazy.ts';
import { EXIT, type QuorateError } from '../errors.ts';
import { doneByNobody } from './apply/once.ts';
import { batchesOf, isTooMany } from './batches.ts';
import { gather } from './gather.ts';
import { lockAll, underLocks } from './locks/under-locks.ts';
import type { LoopHost } from './loop-host.ts';
import { faultsOf } from './plan/faults.ts';
import { isLeftOver } from './plan/left-over.ts';
import { tasksOf } from './plan/tasks.ts';
import { refuseContradictions } from './plan/wishes.ts';
import { playRun, rolesOf } from './play-run.ts';
import type { RunHost, RunOptions, Session } from './session.ts';

/**
 * One play, batch after batch of its hosts; what one broke stops the next, and a check plans them all. Throws exit code 3
 * with the names of hosts that are left alone.
 */
export async function runPlay<Facts>(play: Play<Facts>, session: Session, review?: Review): Promise<void> {
  const { select, limit, check } = session.options;
  const all = select(play.hosts);
  const batches = batchesOf(all.filter(limit), play.serial);
  for (const [i, selected] of batches.entries()) {
    const later = batches.slice(i + 1).flat();
    await runBatch(play, session, { all, selected, later, review });
    if (session.stopping) return;
    const failed = selected.filter(({ name }) => session.failed(name));
    const tooMany = isTooMany(failed.length, selected.length, play.maxFailPercentage);
    if (failed.length > 0 && !tooMany) session.tolerateFailures();
    // A failure that belongs to no host (a gate, a lock) ends the play too.
    if (!check && (tooMany || session.hasFailed)) return leaveAlone(named(failed), named(later));
  }
}

function named(hosts: readonly Pick<RunHost, 'name'>[]): readonly string[] {
  return hosts.map(({ name }) => name);
}

/** All hosts of a play, and those that it takes up now. */
interface Batch {
  readonly all: readonly RunHost[];
  readonly selected: readonly RunHost[];
  /** Whose turn comes behind them. */
  readonly later: readonly RunHost[];
}

type Review = NonNullable<RunOptions['review']> | undefined;

/**
 * One batch of a play from the first exchange to the last: facts, what the cluster is, plans of all hosts, then, where
 * something differs and this is no check, the changes and their proof under the run locks; reads in the end.
 */
async function runBatch<Facts>(
  play: Play<Facts>,
  session: Session,
  { all, selected, later, review }: Batch & { readonly review: Review },
): Promise<void> {
  const { check, approval } = session.options;
  session.sink.emit({ event: 'play', play: play.name, hosts: selected.map((host) => host.name) });
  // Hosts that an earlier play lost within its error budget: this plan does not count them as missing.
  const lostBefore = new Set(selected.filter(({ name }) => session.failed(name)));
  const scope = play.strategy.scope?.(selected, all) ?? selected;
  const hosts = await gatherBatch(play, session, {
    all,
    selected,
    later,
    scope,
    keepsReadings: review !== undefined || session.takenBack !== undefined,
  });
  // After a request to stop, hosts that were never tried are not failures.
  if (session.stopping) return;
  const belongingTo = (changing: readonly string[]) => {
    const due = all.filter(({ name }) => changing.includes(name));
    const together = new Set((play.strategy.scope?.(due, all) ?? due).map(({ name }) => name));
    return hosts.filter(({ target }) => together.has(target.name));
  };
  if (approval) {
    const changing = selected.map(({ name }) => name).filter((name) => approval.changes(name));
    // A host without records of ours gets none yet: their folder would be a difference by itself.
    await lockAll(session, belongingTo(changing), () => false);
  }
  const { run, warnings, steps, notBegun, failed } = playRun(play, session, { scope, selected, hosts });
  await warnings.together(() => play.strategy.survey?.(run));
  if (session.stopping) return;
  if (!play.strategy.plansLater) await plan(session, hosts);
  if (check) for (const host of hosts) session.foreseen.set(host.target.name, host.foreseen);
  await warnings.together(async () => {
    for (const message of hosts.flatMap((host) => session.takenBack?.meet(session.nameOf(play), host) ?? []))
      warnings.add(message);
  });
  if (session.stopping) return;
  nameLeftOvers(session, hosts);
  await warnings.together(() => play.strategy.admit?.(run));
  if (session.stopping) return;
  const isWhole = ({ faults, target }: LoopHost<Facts>) =>
    faults.length === 0 && !session.failed(target.name);
  const planned = {
    play: session.nameOf(play),
    hosts: hosts
      .filter((host) => host.selected && isWhole(host))
      .map(({ target, stateDir, plan }) => ({ name: target.name, target, stateDir, plan })),
    missing: [
      ...failed().flatMap((host) => (lostBefore.has(host) ? [] : [host.name])),
      ...hosts.flatMap(({ faults, target }) => (faults.length > 0 ? [target.name] : [])),
    ],
    steps,
  };
  await review?.(planned, session.sink.emit);
  if (!check) {
    const changing = hosts.filter(hasChanges).map(({ target }) => target.name);
    const { apart = false } = play.strategy;
    const goesOn = () =>
      !session.stopping && !isTooMany(failed().length, selected.length, play.maxFailPercentage);
    const work = async () => {
      await play.strategy.converge(run);
      if (apart && goesOn()) await takeOver(session, hosts);
    };
    await underLocks(session, belongingTo(changing), { apart, work });
    for (const host of hosts) host.reportLeft();
    leaveAlone(named(failed()), named(notBegun));
    if (goesOn()) noteUndone(session, hosts);
    if (!session.stopping) await keepRecords(session, hosts);
  }
  if (!session.stopping) await warnings.together(() => play.strategy.verify?.(run));
}

/** The hosts of a batch with their facts, and how the tasks of each are made. */
async function gatherBatch<Facts>(
  play: Play<Facts>,
  session: Session,
  {
    all,
    selected,
    later,
    scope,
    keepsReadings,
  }: Batch & { readonly scope: readonly RunHost[]; readonly keepsReadings: boolean },
): Promise<readonly LoopHost<Facts>[]> {
  const isSelected = new Set(selected.map((host) => host.name));
  const hostvars = Object.fromEntries(all.map((host) => [host.name, host.vars]));
  const taking = rolesOf(play, session);
  const hosts = await gather(session, play, scope, (host) => ({
    data: { name: host.name, vars: host.vars, hostvars },
    selected: isSelected.has(host.name),
    keepsReadings,
    build: (target: Target<Facts>) =>
      tasksOf(taking, { ...target, fleet: session.fleet }, EXIT.failed, {
        isWhole: taking.length === play.roles.length,
        say: (message) => session.sink.emit({ event: 'log', level: 'info', host: target.name, message }),
        missed: (role, names) => session.missedFacts.add(role, names),
      }),
  }));
  const { limit, check } = session.options;
  // A check looks at them before it ends.
  const isLate = (host: RunHost) => !check && !session.lookedAt.has(play) && later.includes(host);
  unread.own.names = named(all.filter((host) => !limit(host) || isLate(host) || session.failed(host.name)));
  session.hosts = hosts;
  session.delegations.read(
    play,
    hosts.map(({ target }) => target),
  );
  for (const host of hosts) session.worked.set(`${host.target.name} ${host.stateDir}`, host);
  return hosts;
}

function nameLeftOvers(session: Session, hosts: readonly LoopHost<unknown>[]): void {
  const makers = new Map<string, Set<string>>();
  for (const { name } of hosts.map(({ target }) => target)) {
    for (const one of session.leftOvers.named(name))
      session.sink.emit({ event: 'left-over', host: name, ...one });
    for (const { by = '', inventory } of session.leftOvers.makers(name)) {
      const playbook = by.replace(/^(\S+) (.*)$/, '$2 of project $1');
      const what = `what the playbook ${playbook} has made${inventory ? ` from ${inventory.join(' and ')}` : ''}`;
      makers.set(what, (makers.get(what) ?? new Set()).add(name));
    }
  }
  for (const [what, names] of makers) {
    const message = `left alone: ${what} on ${[...names].join(', ')}`;
    session.sink.emit({ event: 'log', level: 'info', message });
  }
}

/**
 * What a host was to do for all and came past, and those behind it had nothing left to wait with: the next one does it. One
 * after another, for it may come past it, too.
 */
async function takeOver(session: Session, hosts: readonly LoopHost<unknown>[]): Promise<void> {
  for (const host of hosts) {
    if (host.fallen.length === 0) continue;
    await session.each([host], nameOf, async () => {
      // One without changes is not locked, and may have no records.
      await lockAll(session, [host], () => true);
      await host.takeOver();
    });
  }
}

/** Where hosts have turns, none takes over what fell to it behind its own. */
function noteUndone(session: Session, hosts: readonly LoopHost<unknown>[]): void {
  for (const host of hosts.filter(({ target }) => !session.failed(target.name)))
    for (const { task, skipped = '' } of host.fallen)
      session.fail(doneByNobody(host.target.name, task, skipped));
}

async function keepRecords(session: Session, hosts: readonly LoopHost<unknown>[]): Promise<void> {
  await session.each(
    hosts,
    ({ target }) => target.name,
    (host) => session.leftOvers.keepRecords(host),
  );
}

/** What is wrong with the roles of a play, before any host is contacted. */
export function roleFaults<Facts>(play: Play<Facts>, session: Session): Promise<readonly QuorateError[]> {
  const { options, fleet } = session;
  const all = options.select(play.hosts);
  const hostvars = Object.fromEntries(all.map(({ name, vars }) => [name, vars]));
  const hosts = all.filter(options.limit).map(({ name, vars }) => ({ name, vars, hostvars, fleet }));
  return withLoaded(() => faultsOf(play, rolesOf(play, session), hosts));
}

async function plan<Facts>(session: Session, hosts: readonly LoopHost<Facts>[]): Promise<void> {
  const declaring = hosts.filter(({ selected }) => selected);
  await session.each(declaring, nameOf, (host) => host.declare());
  await session.each(
    hosts.filter((host) => host.selected),
    (host) => host.target.name,
    (host) =>
      host.replan().catch((error) => {
        if (host.faults.length === 0) throw error;
        // Told once all plays are planned: what is wrong here hides nothing else.
        for (const fault of host.faults) session.failLater(fault);
      }),
  );
  refuseContradictions(
    new Map(hosts.map(({ target, plan }) => [target.name, plan.filter((one) => !isLeftOver(one))])),
  );
  for (const host of hosts) host.reportPlan();
}

function nameOf({ target }: LoopHost<unknown>): string {
  return target.name;
}
