import type { PlannedTask } from '../../dsl/play.ts';
import { joinSh } from '../../dsl/shell/sh.ts';
import type { Change, Prepared, Reading } from '../../dsl/task.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { ExchangeOptions } from '../exchange/exchange.ts';
import type { Fragment } from '../exchange/script.ts';
import { clearSent, handOver, takeSent } from '../exchange/sent.ts';
import { applyFragment, leftOf, probeFragment } from '../exchange/task-shell.ts';
import type { Wire } from '../exchange/wire.ts';
import { unprovenMessage } from '../wording.ts';

/** A planned task with what its apply needs. */
export interface Step {
  readonly planned: PlannedTask;
  readonly prepared: Prepared;
  /** Written down directly before its apply. */
  readonly record?: Fragment;
}

/** Where steps are proven, and which are. */
export interface Proving {
  readonly wire: Wire;
  /** What is known once the whole plan is carried out. */
  readonly proof: World;
  /** Tasks that are applied and proven. */
  readonly done: Set<PlannedTask>;
}

/** The fragment that writes down what a task makes. */
export const RECORD = 'made';

/** What goes around the steps in their exchange. */
export interface Around {
  readonly head?: readonly Fragment[];
  /** Directly before the last apply. */
  readonly last?: Fragment;
  readonly tail?: readonly Fragment[];
  /** Hears of each apply as the host begins it. */
  readonly begun?: (planned: PlannedTask) => void;
  /** The last step may be tried again: its failure is returned, and not told yet. */
  readonly tries?: boolean;
  /** What the last step was planned as, where only a part of that is left. */
  readonly as?: PlannedTask;
}

/** What a try of a task has failed of. */
export interface Failure {
  readonly error: unknown;
  /** The apply itself, not its proof. */
  readonly inApply: boolean;
  /** What the host said about a proof that failed. */
  readonly why?: string | undefined;
}

/**
 * One exchange: each apply, and directly after it the probe that must find nothing left to do. Returns the failure of a
 * step that may be tried again.
 */
export async function applyAndProve(
  steps: readonly Step[],
  context: Proving,
  { head = [], last, tail = [], begun, tries = false, as }: Around,
): Promise<Failure | undefined> {
  const { wire, proof } = context;
  let failure: unknown;
  /** Proofs that failed, until the host says why. */
  const open = new Map<PlannedTask, (why?: string) => QuorateError>();
  let tried: Failure | undefined;
  const at = (id: string) => (isTask(id) ? steps[Number(id.slice(1))]?.planned : undefined);
  const fail = (planned: PlannedTask, error: unknown, of: Omit<Failure, 'error'>) => {
    if (tries && planned === steps.at(-1)?.planned) {
      tried = { ...of, error: wire.named(error, planned) };
      return;
    }
    failure ??= wire.named(error, planned);
    // What is under way on the host may be one task further by now; nothing is begun after that.
    wire.halt();
    wire.failed(planned, planned.changes);
  };
  const fragments = steps.flatMap((step, i): Fragment[] => {
    const { planned, record } = step;
    return [
      ...handOver(step, wire.stateDir),
      ...(last && i === steps.length - 1 ? [last] : []),
      ...(record ? [record] : []),
      wire.inTask(planned, () => applyOf(step, `a${i}`, wire)),
      ...clearSent(step, wire.stateDir),
      probeFragment(planned.task, `p${i}`),
      ...(planned.task.explain ? [{ id: `w${i}`, sh: planned.task.explain, critical: false }] : []),
    ];
  });
  const exchange = exchangeAll('applying', [...head, ...fragments, ...tail], wire, {
    begin: (id) => {
      const planned = at(id);
      if (planned === undefined && !head.some((one) => one.id === id)) return;
      wire.doing(planned?.task.title ?? 'preparing');
      if (planned) begun?.(planned);
    },
    line: (id, message) => {
      const printing = id.startsWith('a') ? at(id) : undefined;
      if (printing) wire.printed(message, printing.task.title);
    },
    end: (id, reading) => {
      const planned = at(id);
      if (planned === undefined) return;
      try {
        if (id.startsWith('a')) {
          if (reading.code !== 0) throw applyFailed(planned, reading, wire);
          return;
        }
        if (id.startsWith('w')) {
          const explained = open.get(planned);
          open.delete(planned);
          if (explained) throw explained(reading.out);
          return;
        }
        const left = leftOf(planned.task, reading, proof);
        if (left.length > 0) {
          if (planned.task.explain === undefined) throw unproven(planned, left, wire);
          open.set(planned, (why) => unproven(planned, left, wire, why));
          return;
        }
        // Whether a guarded change stands is known later.
        if (!planned.task.guard) finished(as ?? planned, context);
      } catch (error) {
        fail(planned, error, {
          inApply: id.startsWith('a'),
          ...(id.startsWith('w') && { why: reading.out }),
        });
      }
    },
  });
  await exchange.catch((error: unknown) => {
    throw failure ?? error;
  });
  for (const [planned, unexplained] of open) fail(planned, unexplained(), { inApply: false });
  if (failure) throw failure;
  return tried;
}

function applyOf(step: Step, id: string, { stateDir }: Wire): Fragment {
  const { planned, prepared } = step;
  const fragment = applyFragment(planned.task, id, planned.changes, prepared);
  return { ...fragment, sh: joinSh([...takeSent(step, stateDir), fragment.sh]) };
}

/** Makes an exchange; throws the `failure` of the fragment of ours, beside those of tasks, that failed. */
export async function exchangeAll(
  doing: string,
  fragments: readonly Fragment[],
  wire: Wire,
  options: ExchangeOptions = {},
): Promise<void> {
  const { readings } = await wire.exchange(doing, fragments, options);
  const failed = fragments.find(({ id, failure }) => failure && (readings.get(id)?.code ?? 0) !== 0);
  if (failed?.failure) throw failureOf(failed.failure, wire, readings.get(failed.id)?.out ?? '');
}

function isTask(id: string): boolean {
  return /^[apw]\d+$/.test(id);
}

/** Says that a task is applied and proven. */
export function finished(planned: PlannedTask, { wire, done }: Proving): void {
  done.add(planned);
  wire.finished(planned, 'changed', planned.changes);
}

/** `why`: what the host says about it. */
export function unproven(
  { task }: PlannedTask,
  left: readonly Change[],
  { host }: Wire,
  why?: string,
): QuorateError {
  return new QuorateError(unprovenMessage(host.name, task.title, left, why), {
    exitCode: EXIT.failed,
    host: host.name,
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

function failureOf(
  { message, hint }: NonNullable<Fragment['failure']>,
  { host }: Wire,
  said: string,
): QuorateError {
  return new QuorateError(`${host.name}: ${message}${said ? `: ${said.trim()}` : ''}`, {
    exitCode: EXIT.failed,
    host: host.name,
    hint,
  });
}
