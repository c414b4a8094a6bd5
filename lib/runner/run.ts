import { hostname } from 'node:os';
import { asOneRun } from '../dsl/common/per-run.ts';
import { unread } from '../dsl/common/unread.ts';
import type { Playbook } from '../dsl/play.ts';
import { type ExitCode, QuorateErrors } from '../errors.ts';
import { whoami } from '../whoami.ts';
import { leaveTrace } from './audit.ts';
import { batchesOf } from './batches.ts';
import { roleFaults, runPlay } from './play.ts';
import { type RunOptions, Session } from './session.ts';

/** A run under way; the command line turns signals into these. */
export interface Run {
  readonly done: Promise<ExitCode>;
  /** Finishes the tasks in hand, then ends with 130. */
  stop(code: ExitCode): void;
  /** Ends the scripts on the hosts at once; a run that still goes on is given up. */
  kill(): void;
  /** It was given up: something of it may still be under way in this process, and nobody waits for it. */
  readonly abandoned: boolean;
}

/** Runs the plays of a playbook in order; events go to the sink, the recap last. */
export function startRun(playbook: Playbook, options: RunOptions): Run {
  const session = new Session(options, playbook.plays);
  return {
    done: asOneRun(() => Promise.race([run(playbook, session), session.whenAbandoned.promise])),
    stop: (code) => session.stop(code),
    kill: () => session.kill(),
    get abandoned() {
      return session.abandoned;
    },
  };
}

async function run(playbook: Playbook, session: Session): Promise<ExitCode> {
  const { inventoryFiles, check, select, note, tellsOutput } = session.options;
  const named = playbook.plays.flatMap((play) => select(play.hosts));
  const hosts = [...new Set(named.map((host) => host.name))];
  session.fleet.hostvars = Object.fromEntries(named.map(({ name, vars }) => [name, vars]));
  const by = note && { who: whoami(), from: hostname(), ...note };
  session.sink.emit({
    event: 'start',
    playbook: playbook.name,
    inventory: inventoryFiles,
    check,
    hosts,
    ...by,
    ...(tellsOutput && { tellsOutput }),
  });
  try {
    const faults = (await Promise.all(playbook.plays.map((play) => roleFaults(play, session)))).flat();
    if (faults.length > 0) throw new QuorateErrors(faults);
    const review = await reviewOf(playbook, session);
    for (const play of playbook.plays) {
      if (session.hasFailed) break;
      await lookAhead(play, session);
      await runPlay(play, session, review);
    }
  } catch (error) {
    session.fail(error);
  }
  session.failNow();
  await leaveTraces(session);
  if (session.options.approval) await session.locks.release();
  await tellReviewed(session);
  return session.close();
}

async function tellReviewed(session: Session): Promise<void> {
  try {
    const message = await session.options.reviewed?.(session.outcome);
    if (message !== undefined) session.sink.emit({ event: 'log', level: 'info', message, conclusion: true });
  } catch (error) {
    session.fail(error);
  }
}

/** Looks at all batches of a play where what is made for the first hangs on what hosts of the others have. */
async function lookAhead(play: Playbook['plays'][number], session: Session): Promise<void> {
  const { check, select, limit } = session.options;
  if (check || !unread.own.matters) return;
  if (batchesOf(select(play.hosts).filter(limit), play.serial).length < 2) return;
  // What it mattered for may be another play's, or be made by now: the roles of this one tell.
  unread.own.matters = false;
  await roleFaults(play, session);
  if (!unread.own.matters) return;
  const { lookAt } = await import('./plan/rehearse.ts');
  await lookAt(play, session);
}

/** Who looks at each batch before it is changed. */
async function reviewOf({ plays }: Playbook, session: Session): Promise<RunOptions['review']> {
  const { approval, review } = session.options;
  if (approval === undefined) return review;
  const { rehearse } = await import('./plan/rehearse.ts');
  const rehearsed = await rehearse(plays, session, approval);
  return (batch) => approval.review(batch, rehearsed);
}

/** Best effort: what was done is done, and a host that is lost by now keeps none. */
async function leaveTraces(session: Session): Promise<void> {
  const { note, check } = session.options;
  if (check || note === undefined || session.abandoned) return;
  const { outcome } = session;
  await Promise.allSettled(session.changed.map((host) => leaveTrace(host, note, outcome)));
}
