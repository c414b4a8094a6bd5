import type { PlannedTask } from '../dsl/play.ts';
import { joinSh, type Sh, sh } from '../dsl/sh.ts';
import type { Prepared, Reading, Task, World } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Host } from '../transport/host.ts';
import { armGuard, confirmGuard } from './guard.ts';
import type { Fragment } from './script.ts';
import { shellOn } from './shell.ts';
import type { Wire } from './wire.ts';
import { cutOffMessage, unprovenMessage } from './wording.ts';

/** A planned task with what its apply needs. */
export interface Step {
  readonly planned: PlannedTask;
  readonly prepared: Prepared;
}

export interface ApplyContext {
  readonly wire: Wire;
  /** What is known once the whole plan is carried out. */
  readonly proof: World;
  readonly owner: string;
  readonly connect: () => Promise<Host>;
  /** All that was prepared to be sent has arrived. */
  readonly sent: Promise<void>;
  /** Tasks that are applied and proven. */
  readonly done: Set<PlannedTask>;
}

/**
 * Applies and proves steps in order, as many as possible in one exchange. Throws what failed; what came
 * before it is applied and proven, what would have come after it is not begun.
 */
export async function applySteps(steps: readonly Step[], options: Omit<ApplyContext, 'done'>): Promise<void> {
  const done = new Set<PlannedTask>();
  const context = { ...options, done };
  for (const segment of segmentsOf(steps)) {
    const left = steps.filter(({ planned }) => !done.has(planned));
    if (context.wire.stopping) throw stopped(context.wire, left);
    if (segment.some(({ prepared }) => prepared.transfers?.length)) await context.sent;
    const { task } = (segment.at(-1) as Step).planned;
    if (task.act) await applyByHand(segment[0] as Step, context);
    else if (task.guard) await applyGuarded(segment, context);
    else await applyAndProve(segment, context);
  }
  const left = steps.filter(({ planned }) => !done.has(planned));
  if (left.length > 0) throw stopped(context.wire, left);
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

/** One exchange: each apply, and directly behind it the probe that must find nothing left to do. */
async function applyAndProve(
  steps: readonly Step[],
  context: ApplyContext,
  ...first: readonly Fragment[]
): Promise<void> {
  const { wire } = context;
  let failure: unknown;
  const at = (id: string) => (/^[ap]\d+$/.test(id) ? steps[Number(id.slice(1))]?.planned : undefined);
  const fail = (planned: PlannedTask, error: unknown) => {
    failure ??= wire.named(error, planned.task);
    wire.finished(planned.role, planned.task.title, 'failed', planned.changes);
  };
  const fragments = steps.flatMap(({ planned, prepared }, i): Fragment[] => {
    const { task, changes } = planned;
    const apply = joinSh([records(task, context.owner), task.apply(changes, prepared)]);
    return [
      { id: `a${i}`, sh: apply, critical: true },
      { id: `p${i}`, sh: task.probe ?? sh`:`, critical: false },
    ];
  });
  const { outcome } = await wire.exchange('applying', [...first, ...fragments], {
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
  if (outcome === 'failed') throw notGuarded(wire);
}

/** What could shut us out goes first and alone: the rest follows once a new connection got through. */
async function applyGuarded(steps: readonly Step[], context: ApplyContext): Promise<void> {
  const guarded = steps.flatMap(({ planned: { task, changes } }) =>
    task.guard ? [{ guard: task.guard, undo: task.guard.undo(changes) }] : [],
  );
  await applyAndProve(steps, context, { id: 'guard', sh: armGuard(guarded), critical: true });
  if (context.wire.stopping) return;
  const failure = await confirm(context);
  const { planned } = steps.at(-1) as Step;
  if (!failure) return finished(planned, context);
  context.wire.finished(planned.role, planned.task.title, 'failed', planned.changes);
  throw failure;
}

/** Connects anew; undefined when that worked in time. */
async function confirm({ wire, connect }: ApplyContext): Promise<QuorateError | undefined> {
  wire.doing('connecting anew');
  const { name } = wire.host;
  const cut = (why?: string) =>
    new QuorateError(cutOffMessage(name, why), {
      exitCode: EXIT.failed,
      host: name,
      hint: 'does sshd listen on a port that is to be closed? Move one of the two, or let this machine in',
    });
  let fresh: Host;
  try {
    fresh = await connect();
  } catch (error) {
    return cut(error instanceof Error ? error.message : String(error));
  }
  try {
    return (await confirmGuard(fresh, wire.stateDir)) ? undefined : cut();
  } finally {
    await fresh.close();
  }
}

/** A task that is a function on control: its commands are exchanges of their own, and it is proven like any other. */
async function applyByHand({ planned }: Step, context: ApplyContext): Promise<void> {
  const { wire, owner } = context;
  const { task } = planned;
  try {
    await wire.exchange(task.title, [{ id: 'records', sh: records(task, owner), critical: false }]);
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

function finished(planned: PlannedTask, { wire, done }: ApplyContext): void {
  done.add(planned);
  wire.finished(planned.role, planned.task.title, 'changed', planned.changes);
}

/** Notes the paths a task owns before it touches them, so that a killed run leaves nothing unlisted. */
function records(task: Task, owner: string): Sh {
  return joinSh([
    sh`q_own() { grep -qxF -- "$1" "$q_state/manifest" || echo "$1" >>"$q_state/manifest"; }
[ -d "$q_state" ] || mkdir -p "$q_state"
[ -f "$q_state/owner" ] || printf '%s\n' ${owner} | q_write "$q_state/owner" 0644 '' ''
[ -f "$q_state/manifest" ] || : >"$q_state/manifest"`,
    ...task.owns.map((path) => sh`q_own ${path}`),
  ]);
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

/** Nothing was changed: the first fragment of the exchange failed. */
function notGuarded({ host, stateDir }: Wire): QuorateError {
  return new QuorateError(`${host.name}: cannot write below ${stateDir} what would take the change back`, {
    exitCode: EXIT.failed,
    host: host.name,
  });
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
