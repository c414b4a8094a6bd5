import { EXIT, errorsOf, QuorateError, QuorateErrors, withoutHost } from '../errors.ts';
import { hostNames, namesOf, type PlayHost, type PlayRun } from './play.ts';

const FIND_OUT = 'find out what is wrong there, then run again';

/** What one host goes through while it has its turn, in this order. Whatever throws ends the turn. */
export interface Turn<Facts> {
  /** Prepare the host: drain it, move what it leads elsewhere, stop what must not run meanwhile. */
  before?(host: PlayHost<Facts>): Promise<void>;
  /** Ask what only a stopped host can tell, where `before` has stopped it. Comes in every turn. */
  stopped?(host: PlayHost<Facts>): Promise<void>;
  /** Make the changes and prove them. */
  apply(host: PlayHost<Facts>): Promise<void>;
  /** Put back what the turn began, after `stopped`, `apply` or the gate after them threw `error`. */
  undo?(host: PlayHost<Facts>, error: unknown): Promise<void>;
}

/** Asked before and after every turn; throws to stop the series there. */
export interface Gate<Facts> {
  before?(host: PlayHost<Facts>): Promise<void>;
  after?(host: PlayHost<Facts>): Promise<void>;
}

export interface Series<Facts> {
  readonly turn: Turn<Facts>;
  readonly gate?: Gate<Facts>;
  /** Hosts that may fail before the rest is left alone; by default none. */
  readonly budget?: number;
  /** What to do about a host that failed, for the error that names those still to come. */
  readonly hint?: string;
}

/**
 * Takes hosts one after another, in the order given; each is reported when it fails. Once more hosts have failed
 * than `budget` allows, the others are left alone: throws exit code 3 with their names. When nobody is left by then it
 * resolves: `run.failed(host)` tells. A request to stop is heeded between two turns: throws exit code 130.
 *
 * @example
 * await inSeries(run, run.hosts.filter(hasChanges), { turn: { apply: (host) => host.apply(() => true) } });
 */
export async function inSeries<Facts>(
  run: PlayRun<Facts>,
  hosts: readonly PlayHost<Facts>[],
  { turn, gate = {}, budget = 0, hint }: Series<Facts>,
): Promise<void> {
  const failed: PlayHost<Facts>[] = [];
  for (const [i, host] of hosts.entries()) {
    let began = false;
    const [passed] = await run.each([host], () => {
      began = true;
      return takeTurn(host, turn, gate);
    });
    if (passed) continue;
    // One that is passed over unasked has failed before, and was reported then.
    if (!began && run.stopping()) throw stoppedBetween(hosts[i - 1], hosts.slice(i));
    failed.push(host);
    if (failed.length > budget) return leaveAlone(namesOf(failed), namesOf(hosts.slice(i + 1)), hint);
  }
}

async function takeTurn<Facts>(host: PlayHost<Facts>, turn: Turn<Facts>, gate: Gate<Facts>): Promise<void> {
  await gate.before?.(host);
  await turn.before?.(host);
  try {
    await turn.stopped?.(host);
    await turn.apply(host);
    await gate.after?.(host);
  } catch (error) {
    try {
      await turn.undo?.(host, error);
    } catch (failed) {
      throw new QuorateErrors([...errorsOf(error), ...errorsOf(failed).map((one) => notUndone(host, one))]);
    }
    throw error;
  }
}

function notUndone({ target: { name } }: PlayHost, error: QuorateError): QuorateError {
  const said = withoutHost(error.message, name);
  return new QuorateError(`${name}: what its turn began is not put back: ${said}`, {
    ...error,
    host: name,
  });
}

/** Stop: do not repeat on the hosts `left` what broke `failed`, by name. Does nothing when no host is left. */
export function leaveAlone(failed: readonly string[], left: readonly string[], hint = FIND_OUT): void {
  if (left.length === 0) return;
  const at = failed.length > 0 ? ` at ${failed.join(', ')}` : '';
  throw new QuorateError(
    `stopped${at}: no further host is touched; still to be changed: ${left.join(', ')}`,
    { exitCode: EXIT.refused, hint },
  );
}

/** Between two turns a series can stop for good: what is done is whole. */
function stoppedBetween(last: PlayHost | undefined, left: readonly PlayHost[]): QuorateError {
  const where = last === undefined ? '' : `${last.target.name}: `;
  return new QuorateError(`${where}stopped on request; still to be changed: ${hostNames(left)}`, {
    exitCode: EXIT.interrupted,
    ...(last && { host: last.target.name }),
    hint: 'run again to go on',
  });
}
