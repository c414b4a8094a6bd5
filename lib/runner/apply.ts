import type { PlannedTask } from '../dsl/play.ts';
import { sh } from '../dsl/sh.ts';
import type { Prepared, Reading, Transfer, World } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Host } from '../transport/host.ts';
import type { ExchangeOptions } from './exchange.ts';
import { armGuard, confirmGuard, guardApplied } from './guard.ts';
import type { Fragment } from './script.ts';
import { shellOn } from './shell.ts';
import type { Wire } from './wire.ts';
import { unprovenMessage } from './wording.ts';

/** A planned task with what its apply needs. */
export interface Step {
  readonly planned: PlannedTask;
  readonly prepared: Prepared;
}

export interface ApplyContext {
  readonly wire: Wire;
  /** What is known once the whole plan is carried out. */
  readonly proof: World;
  /** Written beside the manifest: whose records these are. */
  readonly owner: string;
  readonly connect: () => Promise<Host>;
  readonly send: (transfers: readonly Transfer[]) => Promise<void>;
}

interface Progress extends ApplyContext {
  /** Tasks that are applied and proven. */
  readonly done: Set<PlannedTask>;
}

/**
 * Applies and proves steps in order, as many as possible in one exchange; files are sent meanwhile. Throws
 * what failed; what came before it is applied and proven. Behind an apply that failed nothing is begun. A proof is
 * judged here, while the host goes on: it is stopped then, one round trip later.
 */
export async function applySteps(steps: readonly Step[], context: ApplyContext): Promise<void> {
  const progress = { ...context, done: new Set<PlannedTask>() };
  const transfers = steps.flatMap(({ prepared }) => prepared.transfers ?? []);
  let head: readonly Fragment[] = [recordsFragment(steps, context.owner)];
  if (transfers.length > 0) {
    await exchangeAll('preparing', head, context.wire);
    head = [];
  }
  const sent = context.send(transfers);
  const applied = applySegments(segmentsOf(steps), head, progress, sent);
  await Promise.all([sent, applied]).finally(() => Promise.allSettled([sent, applied]));
  const left = steps.filter(({ planned }) => !progress.done.has(planned));
  if (left.length > 0) throw stopped(context.wire, left);
}

async function applySegments(
  segments: readonly (readonly Step[])[],
  first: readonly Fragment[],
  progress: Progress,
  sent: Promise<void>,
): Promise<void> {
  let head = first;
  for (const segment of segments) {
    if (segment.some(({ prepared }) => prepared.transfers?.length)) await sent;
    if (progress.wire.stopping) return;
    const { task } = (segment.at(-1) as Step).planned;
    if (task.act) await applyByHand(segment[0] as Step, head, progress);
    else if (task.guard) await applyGuarded(segment, head, progress);
    else await applyAndProve(segment, head, progress);
    head = [];
  }
}

/** A task with a guard is the last of its exchange; one with a function of its own stands alone. */
function segmentsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const segments: Step[][] = [];
  let open = false;
  for (const step of steps) {
    const { act, guard } = step.planned.task;
    if (open && !act) segments.at(-1)?.push(step);
    else segments.push([step]);
    open = !act && !guard;
  }
  return segments;
}

/** Lists what tasks own before anything is touched, so that a killed run leaves nothing unlisted. */
function recordsFragment(steps: readonly Step[], owner: string): Fragment {
  const owned = [...new Set(steps.flatMap(({ planned }) => planned.task.owns))];
  const records = sh`[ -d "$q_state" ] || mkdir -p "$q_state" || exit 1
[ -f "$q_state/owner" ] || printf '%s\n' ${owner} | q_write "$q_state/owner" 0644 '' '' || exit 1
q_own ${owned}`;
  return { id: 'records', sh: records, critical: true };
}

/** One exchange: each apply, and directly behind it the probe that must find nothing left to do. */
async function applyAndProve(
  steps: readonly Step[],
  head: readonly Fragment[],
  context: Progress,
  tail: readonly Fragment[] = [],
): Promise<void> {
  const { wire } = context;
  let failure: unknown;
  const at = (id: string) => (isTask(id) ? steps[Number(id.slice(1))]?.planned : undefined);
  const fail = (planned: PlannedTask, error: unknown) => {
    failure ??= wire.named(error, planned.task);
    // What is under way on the host may be one task further by now; nothing is begun behind that.
    wire.halt();
    wire.finished(planned.role, planned.task.title, 'failed', planned.changes);
  };
  const fragments = steps.flatMap(({ planned, prepared }, i): Fragment[] => {
    const { task, changes } = planned;
    return [
      { id: `a${i}`, sh: task.apply(changes, prepared), critical: true },
      { id: `p${i}`, sh: task.probe ?? sh`:`, critical: false },
    ];
  });
  await exchangeAll('applying', [...head, ...fragments, ...tail], wire, {
    begin: (id) => wire.doing(at(id)?.task.title ?? 'preparing'),
    line: (id, message) => {
      if (id.startsWith('a')) wire.log('output', message, at(id)?.task.title);
    },
    end: (id, reading) => {
      const planned = at(id);
      if (planned === undefined) return;
      try {
        if (id.startsWith('a')) {
          if (reading.code !== 0) throw applyFailed(planned, reading, wire);
          return;
        }
        prove(planned, reading, context);
        // Whether a guarded change stands is known later.
        if (!planned.task.guard) finished(planned, context);
      } catch (error) {
        fail(planned, error);
      }
    },
  });
  if (failure) throw failure;
}

/** An exchange whose fragments of ours, beside those of tasks, must not fail. */
async function exchangeAll(
  doing: string,
  fragments: readonly Fragment[],
  wire: Wire,
  options: ExchangeOptions = {},
): Promise<void> {
  const { readings } = await wire.exchange(doing, fragments, options);
  const failed = fragments.find(
    ({ id, critical }) => critical && !isTask(id) && (readings.get(id)?.code ?? 0) !== 0,
  );
  if (failed) throw notRecorded(wire, readings.get(failed.id)?.out ?? '');
}

function isTask(id: string): boolean {
  return /^[ap]\d+$/.test(id);
}

/** What could shut us out goes first and alone: the rest follows once a new connection got through. */
async function applyGuarded(
  steps: readonly Step[],
  head: readonly Fragment[],
  context: Progress,
): Promise<void> {
  const guarded = steps.flatMap(({ planned: { task, changes } }) =>
    task.guard ? [{ guard: task.guard, undo: task.guard.undo(changes) }] : [],
  );
  const arm = { id: 'guard', sh: armGuard(guarded), critical: true };
  const applied = { id: 'applied', sh: guardApplied, critical: false };
  await applyAndProve(steps, [...head, arm], context, [applied]);
  if (context.wire.stopping) return;
  const failure = await confirmGuard(context.wire, context.connect);
  const { planned } = steps.at(-1) as Step;
  if (!failure) return finished(planned, context);
  context.wire.finished(planned.role, planned.task.title, 'failed', planned.changes);
  throw failure;
}

/** A task that is a function on control: its commands are exchanges of their own, and it is proven like any other. */
async function applyByHand({ planned }: Step, head: readonly Fragment[], context: Progress): Promise<void> {
  const { wire } = context;
  const { task } = planned;
  try {
    if (head.length > 0) await exchangeAll(task.title, head, wire);
    await task.act?.(shellOn(wire, task.title));
    if (task.unproven !== true && task.probe) {
      const proof = { id: 'proof', sh: task.probe, critical: false };
      const { readings } = await wire.exchange(task.title, [proof]);
      prove(planned, readings.get('proof') ?? { code: 1, out: '' }, context);
    }
  } catch (error) {
    wire.finished(planned.role, task.title, 'failed', planned.changes);
    if (error instanceof QuorateError) throw wire.named(error, task);
    const said = error instanceof Error ? error.message : String(error);
    throw new QuorateError(`${wire.host.name}: ${task.title}: ${said}`, {
      exitCode: EXIT.failed,
      host: wire.host.name,
      task: task.title,
    });
  }
  finished(planned, context);
}

function finished(planned: PlannedTask, { wire, done }: Progress): void {
  done.add(planned);
  wire.finished(planned.role, planned.task.title, 'changed', planned.changes);
}

function prove({ task }: PlannedTask, reading: Reading, { wire, proof }: ApplyContext): void {
  if (task.unproven) return;
  const left = task.diff(reading, proof);
  if (left.length === 0) return;
  throw new QuorateError(unprovenMessage(wire.host.name, task.title, left), {
    exitCode: EXIT.failed,
    host: wire.host.name,
    task: task.title,
  });
}

function applyFailed({ task }: PlannedTask, reading: Reading, { host }: Wire): QuorateError {
  const said = reading.out.trim();
  return new QuorateError(
    `${host.name}: ${task.title}: exit status ${reading.code}${said ? `\n${said}` : ''}`,
    { exitCode: EXIT.failed, host: host.name, task: task.title },
  );
}

/** Nothing was changed: what must be written first could not be. */
function notRecorded({ host, stateDir }: Wire, said: string): QuorateError {
  return new QuorateError(
    `${host.name}: cannot keep records in ${stateDir}${said ? `: ${said.trim()}` : ''}`,
    {
      exitCode: EXIT.failed,
      host: host.name,
      hint: 'is the file system full or read-only?',
    },
  );
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
