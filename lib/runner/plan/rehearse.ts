import type { Playbook } from '../../dsl/play.ts';
import { EXIT, QuorateError, QuorateErrors } from '../../errors.ts';
import { batchesOf } from '../batches.ts';
import type { RunEvent } from '../events.ts';
import { runPlay } from '../play.ts';
import type { Session } from '../session.ts';
import type { Approval, PlannedBatch } from './review.ts';

/**
 * Plans all batches before the first of them is changed, where there is more than one: a check, under the locks that
 * are kept until the run ends. Tells whether it was needed; throws what keeps the run from being begun.
 */
export async function rehearse(
  plays: Playbook['plays'],
  session: Session,
  approval: Approval,
): Promise<boolean> {
  const { select, limit } = session.options;
  const count = plays.reduce(
    (sum, { hosts, serial }) => sum + batchesOf(select(hosts).filter(limit), serial).length,
    0,
  );
  if (count < 2) return false;
  const batches: PlannedBatch[] = [];
  const errors: Extract<RunEvent, { event: 'error' }>[] = [];
  const sink = {
    emit: (event: RunEvent) => void (event.event === 'error' && errors.push(event)),
    progress: session.sink.progress,
  };
  const review = async (batch: PlannedBatch) => void batches.push(batch);
  await session.rehearse(plays, { sink, detailedExitcode: false }, async (rehearsal) => {
    for (const play of plays) {
      if (rehearsal.hasFailed) break;
      await runPlay(play, rehearsal, review);
    }
  });
  if (session.stopping) return true;
  // What is not healthy yet may be what the plan is for.
  const found = errors.filter(({ exitCode }) => exitCode !== EXIT.unhealthy);
  if (found.length > 0)
    throw new QuorateErrors([
      ...found.map(({ message, ...details }) => new QuorateError(message, details)),
      notMade(),
    ]);
  await approval.compare(batches);
  return true;
}

function notMade(): QuorateError {
  return new QuorateError('the plan was not carried out: it cannot be made again; nothing was changed', {
    exitCode: EXIT.unreachable,
    hint: 'mend what is said above, or make a plan without those hosts',
  });
}
