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
  const review = async (batch: PlannedBatch) => void batches.push(batch);
  const errors = await errorsOfCheck(plays, session, async (rehearsal) => {
    for (const play of plays) {
      if (rehearsal.hasFailed) break;
      await runPlay(play, rehearsal, review);
    }
  });
  if (session.stopping) return true;
  if (errors.length > 0) throw new QuorateErrors([...errors, notMade()]);
  await approval.compare(batches);
  return true;
}

/** Checks one play in the middle of a run, before its first batch. Throws what keeps a batch from being planned. */
export async function lookAt(play: Playbook['plays'][number], session: Session): Promise<void> {
  session.lookedAt.add(play);
  const errors = await errorsOfCheck([play], session, (rehearsal) => runPlay(play, rehearsal));
  if (errors.length > 0) throw new QuorateErrors(errors);
}

/** What a check in a run's place ends with. */
async function errorsOfCheck(
  plays: Playbook['plays'],
  session: Session,
  work: (rehearsal: Session) => Promise<void>,
): Promise<readonly QuorateError[]> {
  const errors: Extract<RunEvent, { event: 'error' }>[] = [];
  const sink = {
    emit: (event: RunEvent) => void (event.event === 'error' && errors.push(event)),
    progress: session.sink.progress,
  };
  // Without the plays before it, what they have made would be left over.
  const whole = plays.length > 1 ? {} : { prune: false };
  await session.rehearse(plays, { sink, detailedExitcode: false, ...whole }, work);
  // What is not healthy yet may be what it is for.
  return errors
    .filter(({ exitCode }) => exitCode !== EXIT.unhealthy)
    .map(({ message, ...details }) => new QuorateError(message, details));
}

function notMade(): QuorateError {
  return new QuorateError('the plan was not carried out: it cannot be made again; nothing was changed', {
    exitCode: EXIT.unreachable,
    hint: 'mend what is said above, or make a plan without those hosts',
  });
}
