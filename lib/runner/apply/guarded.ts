import { EXIT, QuorateError } from '../../errors.ts';
import type { Host } from '../../transport/host.ts';
import type { Fragment } from '../exchange/script.ts';
import { armGuard, confirmGuard, disarmGuard, explainLoss, guardApplied, guardHolds } from './guard.ts';
import { applyAndProve, finished, type Proving, type Step } from './prove.ts';

/** Applies what could shut us out as the last of its exchange: the rest follows once a new connection got through. */
export async function applyGuarded(
  steps: readonly Step[],
  head: readonly Fragment[],
  context: Proving & { readonly connect: () => Promise<Host> },
): Promise<void> {
  const guarded = steps.flatMap(({ planned: { task, changes } }) =>
    task.guard ? [{ guard: task.guard, undo: task.guard.undo(changes) }] : [],
  );
  const applied = { id: 'applied', sh: guardApplied, critical: false };
  const { wire, connect } = context;
  const { planned } = steps.at(-1) as Step;
  const notBegun = (why: string, hint: string) => ({
    message: `"${planned.task.title}" was not begun: ${why}`,
    hint,
  });
  const arm = {
    id: 'guard',
    sh: armGuard(guarded),
    critical: true,
    failure: notBegun('the state to go back to cannot be saved', `is there room in ${wire.stateDir}?`),
  };
  const holds = {
    id: 'holds',
    sh: guardHolds,
    critical: true,
    failure: notBegun('the tasks before it took so long that its guard has expired', 'run again'),
  };
  const fail = (error: unknown): never => {
    wire.failed(planned, planned.changes);
    throw error;
  };
  let begun = false;
  try {
    await applyAndProve(steps, context, {
      head: [...head, arm],
      last: holds,
      tail: [applied],
      begun: (task) => {
        begun ||= task === planned;
      },
    });
  } catch (error) {
    if (!begun && !isLoss(error)) await disarmGuard(wire);
    if (!begun || wire.stopping || !isLoss(error)) throw error;
    fail(await explainLoss(wire, connect, error));
  }
  if (!begun) return disarmGuard(wire);
  const failure = await confirmGuard(wire, connect);
  if (failure) fail(failure);
  finished(planned, context);
}

function isLoss(error: unknown): error is QuorateError {
  return error instanceof QuorateError && error.exitCode === EXIT.unreachable;
}
