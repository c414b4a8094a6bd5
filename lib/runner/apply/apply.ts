import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../../dsl/ledger/ledger.ts';
import { addToLedger, beginLedger } from '../../dsl/ledger/records.ts';
import { retriesOf } from '../../dsl/options/words.ts';
import { pathsOf } from '../../dsl/paths-of.ts';
import type { PlannedTask } from '../../dsl/play.ts';
import { sh } from '../../dsl/shell/sh.ts';
import type { Prepared, Reading, Task, Transfer } from '../../dsl/task.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Host } from '../../transport/host.ts';
import type { Slots } from '../../transport/slots.ts';
import { compileLinks, noteLinks, refuseStrangersLinks } from '../exchange/links.ts';
import type { Fragment } from '../exchange/script.ts';
import { clearSent, forgetOthers, waiting } from '../exchange/sent.ts';
import { shellOn } from '../exchange/shell.ts';
import { differencesOf, handlerOf, leftOf, probeFragment, wordsOf } from '../exchange/task-shell.ts';
import type { Wire } from '../exchange/wire.ts';
import { NO_ROOM } from '../records.ts';
import type { Actor } from './elsewhere.ts';
import { applyGuarded } from './guarded.ts';
import { applyAndProve, exchangeAll, finished, type Proving, RECORD, type Step, unproven } from './prove.ts';

export interface ApplyContext extends Proving {
  /** Written beside the manifest: whose records these are. */
  readonly owner: string;
  readonly connect: () => Promise<Host>;
  /** What runs have made there. */
  readonly ledger?: Ledger | undefined;
  readonly prepare: (planned: PlannedTask) => Promise<Prepared>;
  readonly send: (transfers: readonly Transfer[]) => Promise<void>;
  /** The host's turns, and the tasks that take one: other hosts have it do something about the same. */
  readonly turns?: { readonly slots: Slots; takes(task: Task): boolean } | undefined;
  /** The host that acts for this one in a task, where one does, and what it is carried out with there. */
  readonly elsewhere?: (task: Task) => { readonly actor: Actor; readonly context: ApplyContext } | undefined;
}

/**
 * Applies and proves steps in order, as many as possible in one exchange; files are sent meanwhile. Throws what failed;
 * what came before it is applied and proven. Nothing is begun after an apply that failed. Proofs are judged here while
 * the host goes on, so it is stopped one round trip after a proof that failed: what takes something away, and what stands
 * after a task whose proof often decides, waits for the proofs before it.
 */
export async function applySteps(steps: readonly Step[], context: ApplyContext): Promise<void> {
  const transfers = steps.flatMap(({ prepared }) => prepared.transfers ?? []);
  const own = steps.filter(({ planned }) => !context.elsewhere?.(planned.task));
  let head: readonly Fragment[] = [recordsFragment(own, context)];
  const { turns } = context;
  if (transfers.length > 0 || turns !== undefined) {
    const prepare = () => exchangeAll('preparing', head, context.wire);
    await (turns ? turns.slots.run(prepare) : prepare());
    head = [];
  }
  const sent = sendAhead({ transfers }, context);
  const applied = applySegments(segmentsOf(steps, turns), head, context, sent);
  // The failure of the apply comes first: it says more than that of a file which was still on its way.
  const ends = await Promise.allSettled([applied, sent]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  const left = steps.filter(({ planned }) => !context.done.has(planned));
  if (left.length > 0) throw stopped(context.wire, left);
}

async function applySegments(
  segments: readonly (readonly Step[])[],
  first: readonly Fragment[],
  progress: ApplyContext,
  sent: Promise<void>,
): Promise<void> {
  let head = first;
  for (const [first, ...rest] of segments as readonly (readonly [Step, ...Step[]])[]) {
    if ([first, ...rest].some(({ prepared }) => prepared.transfers?.length)) await sent;
    if (progress.wire.stopping) return;
    const other = progress.elsewhere?.(first.planned.task);
    if (other) await applyElsewhere(first, other);
    else {
      const apply = () => applySegment(first, rest, head, progress);
      const { turns } = progress;
      if (await (turns?.takes(first.planned.task) ? turns.slots.run(apply) : apply())) head = [];
    }
  }
}

/** On a host that acts for this one: under its lock, and with nothing else that it is asked for in between. */
async function applyElsewhere(
  step: Step,
  { actor, context }: { readonly actor: Actor; readonly context: ApplyContext },
): Promise<void> {
  await actor.slots.run(async () => {
    await actor.lock();
    await applySegment(step, [], [recordsFragment([step], context)], context);
  });
}

/** Tells whether anything of it was sent. */
async function applySegment(
  first: Step,
  rest: readonly Step[],
  head: readonly Fragment[],
  progress: ApplyContext,
): Promise<boolean> {
  const begin = first.planned.waits ? await judge(first, progress) : first;
  const segment = (begin ? [begin, ...rest] : rest).map((step) => recorded(step, progress));
  const last = segment.at(-1)?.planned.task;
  if (last === undefined || progress.wire.stopping) return false;
  if (last.act) await applyByHand(segment[0] as Step, head, progress);
  else if (last.guard) await applyGuarded(segment, head, progress);
  else await applyTrying(segment, head, progress);
  if (begin && progress.done.has(begin.planned)) progress.done.add(first.planned);
  return true;
}

/** Its turn has come: reads again what decides about a task; undefined when there is nothing left to do. */
async function judge({ planned }: Step, progress: ApplyContext): Promise<Step | undefined> {
  const { wire, proof, done } = progress;
  const { task, role } = planned;
  const reading = await ask(planned, progress);
  const changes = wire.inTask(planned, () => {
    const found = differencesOf(task, reading, proof);
    if (found.length > 0) refuseStrangersLinks(proof, task);
    return found;
  });
  if (changes.length === 0) {
    done.add(planned);
    wire.finished(planned, 'ok');
    return undefined;
  }
  const due = { role, task, changes };
  const prepared = await progress.prepare(due);
  await sendAhead(prepared, progress);
  return { planned: due, prepared };
}

async function sendAhead({ transfers = [] }: Prepared, { send, wire }: ApplyContext): Promise<void> {
  await send(waiting(transfers, wire.stateDir));
}

/** Send the files of a failed apply again: it may have moved them already, or given them to another user. */
async function sendAgain(step: Step, context: ApplyContext): Promise<void> {
  const cleared = clearSent(step, context.wire.stateDir);
  if (cleared.length === 0) return;
  await context.wire.exchange('preparing', cleared);
  await sendAhead(step.prepared, context);
}

/** One exchange, and one more for each time that the last task of it is tried again. */
async function applyTrying(
  steps: readonly Step[],
  head: readonly Fragment[],
  context: ApplyContext,
): Promise<void> {
  const { planned, prepared } = steps.at(-1) as Step;
  const { wire, proof } = context;
  const { times, delay } = retriesOf(wordsOf(planned.task));
  let failure = await applyAndProve(steps, context, { head, tries: times > 0 });
  for (let i = 1; failure !== undefined && i <= times && !wire.stopping; i += 1) {
    wire.doing(`${planned.task.title}: again in ${delay} s (${i} of ${times})`);
    await pause(delay, wire);
    if (wire.stopping) break;
    const reading = await ask(planned, { wire, proof });
    // An unproven task cannot be read again: all we know is that it failed.
    const isBlind = planned.task.unproven === true && failure.inApply;
    const left = isBlind ? planned.changes : wire.inTask(planned, () => leftOf(planned.task, reading, proof));
    if (left.length === 0) return finished(planned, context);
    if (failure.inApply) {
      const again = { planned: { ...planned, changes: left }, prepared };
      await sendAgain(again, context);
      failure = await applyAndProve([again], context, { tries: true, as: planned });
    } else failure = { ...failure, error: unproven(planned, left, wire, failure.why) };
  }
  if (failure === undefined) return;
  wire.failed(planned, planned.changes);
  throw failure.error;
}

/** Earlier tasks may have made a folder of a link by now, or a link of a folder. */
async function ask(
  { task }: PlannedTask,
  { wire, proof }: Pick<Proving, 'wire' | 'proof'>,
): Promise<Reading> {
  const paths = pathsOf(task);
  const links = { id: 'links', sh: compileLinks(paths), critical: false };
  const { readings } = await wire.exchange(task.title, [
    ...(paths.length > 0 ? [links] : []),
    probeFragment(task, 'ask'),
  ]);
  noteLinks(proof, paths, readings.get('links')?.out ?? '');
  return readings.get('ask') ?? { code: 1, out: '' };
}

/** Waits; a request to stop is heeded. */
async function pause(seconds: number, wire: Wire): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end && !wire.stopping; ) {
    await sleep(Math.min(100, Math.max(0, end - Date.now())));
  }
}

/**
 * A task with a guard is the last of its exchange; one with a function of its own, or a turn, stands alone; one that waits to
 * be judged, or takes something away, is the first; behind one that may be tried again, or fail in vain, or end well and not
 * hold, nothing is sent along.
 */
function segmentsOf(steps: readonly Step[], turns: ApplyContext['turns']): readonly (readonly Step[])[] {
  const segments: Step[][] = [];
  let open = false;
  for (const step of steps) {
    const { act, guard, awaited } = step.planned.task;
    if (open && !act && !step.planned.waits && !takesAway(step)) segments.at(-1)?.push(step);
    else segments.push([step]);
    open = !act && !guard && !awaited && !isLast(step.planned.task) && !turns?.takes(step.planned.task);
  }
  return segments;
}

function takesAway({ planned }: Step): boolean {
  return planned.changes.some(({ kind }) => kind === 'remove');
}

function isLast(task: Task): boolean {
  return (
    // When it fails, its block goes on to `rescue` or `always`: tasks sent after it would be on record without ever
    // having begun.
    (task.within ?? []).length > 0 ||
    wordsOf(task).delegateTo !== undefined ||
    handlerOf(task) !== undefined ||
    retriesOf(wordsOf(task)).times > 0
  );
}

/** Lists what tasks own before anything is touched, so that a killed run leaves nothing unlisted. */
function recordsFragment(steps: readonly Step[], { owner, wire, ledger }: ApplyContext): Fragment {
  const owned = [...new Set(steps.flatMap(({ planned }) => planned.task.owns))];
  const records = sh`[ -d "$q_state" ] || mkdir -p "$q_state" || exit 1
${forgetOthers()}
[ -f "$q_state/owner" ] || printf '%s\n' ${owner} | q_write "$q_state/owner" 0644 '' '' || exit 1
q_own ${owned} && ${ledger ? beginLedger(ledger.dir) : sh`:`}`;
  return { id: 'records', sh: records, critical: true, failure: noRecords(wire) };
}

/**
 * Add the ledger line to the step itself, so that a task that never begins leaves no record: somebody else may make
 * that thing.
 */
function recorded(step: Step, { ledger, wire }: ApplyContext): Step {
  const change = ledger?.record([step.planned]);
  if (ledger === undefined || change === undefined) return step;
  const record = {
    id: RECORD,
    sh: addToLedger(ledger.dir, change),
    critical: true,
    failure: noRecords(wire),
  };
  return { ...step, record };
}

function noRecords({ stateDir }: Wire): NonNullable<Fragment['failure']> {
  return { message: `cannot keep records in ${stateDir}`, hint: NO_ROOM };
}

/** A task that is a function on control: its commands are exchanges of their own, and it is proven like any other. */
async function applyByHand(
  { planned, record }: Step,
  head: readonly Fragment[],
  context: ApplyContext,
): Promise<void> {
  const { wire } = context;
  const { task } = planned;
  try {
    const before = [...head, ...(record ? [record] : [])];
    if (before.length > 0) await exchangeAll(task.title, before, wire);
    await actAndProve(planned, context);
  } catch (error) {
    wire.failed(planned, planned.changes);
    if (error instanceof QuorateError) throw wire.named(error, planned);
    const said = error instanceof Error ? error.message : String(error);
    throw new QuorateError(`${wire.host.name}: ${task.title}: ${said}`, {
      exitCode: EXIT.failed,
      host: wire.host.name,
      task: task.title,
    });
  }
  finished(planned, context);
}

async function actAndProve(planned: PlannedTask, { wire, proof }: ApplyContext): Promise<void> {
  const { task } = planned;
  const { times, delay } = retriesOf(wordsOf(task));
  const isProven = !task.unproven || wordsOf(task).until !== undefined;
  let acted = false;
  for (let i = 0; ; i += 1) {
    try {
      if (!acted) await task.act?.(shellOn(wire, task));
      acted = true;
      const left = isProven ? leftOf(task, await ask(planned, { wire, proof }), proof) : [];
      if (left.length === 0) return;
      throw unproven(planned, left, wire);
    } catch (error) {
      if (i >= times || wire.stopping) throw error;
    }
    await pause(delay, wire);
  }
}

/** Names what would have come next. */
function stopped({ host }: Wire, left: readonly Step[]): QuorateError {
  const [next, ...rest] = left.map(({ planned }) => planned.task.title);
  const more = rest.length === 0 ? '' : ` and ${rest.length} more`;
  return new QuorateError(`${host.name}: stopped on request; not begun: ${next}${more}`, {
    exitCode: EXIT.interrupted,
    host: host.name,
    hint: 'what was applied is proven; run again to go on',
  });
}
