import { redact } from '../../dsl/secret.ts';
import type { Reading } from '../../dsl/task.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Host, RunningScript } from '../../transport/host.ts';
import { waitingFor } from '../waiting-for.ts';
import { Deadline } from './deadline.ts';
import { FrameParser } from './frames.ts';
import { LineReader } from './lines.ts';
import { newNonce } from './nonce.ts';
import { compileScript, type Fragment, isOnlyRead, patienceAt, readSeconds } from './script.ts';

export interface ExchangeOptions {
  /** What it is for, as `reading facts`: named where no answer comes. */
  readonly doing?: string;
  readonly stateDir?: string;
  readonly begin?: (id: string) => void;
  readonly line?: (id: string, line: string) => void;
  readonly end?: (id: string, reading: Reading) => void;
  /** Gets the running script, for a stop or a kill from outside. */
  readonly started?: (script: RunningScript) => void;
  /** Lines of the channel's own standard error (sudo, sshd, the launcher). */
  readonly stderr?: (line: string) => void;
}

export interface ExchangeResult {
  readonly readings: ReadonlyMap<string, Reading>;
  /** `failed`: a critical fragment did not exit 0; `stopped`: ended on request between two fragments. */
  readonly outcome: 'complete' | 'failed' | 'stopped';
}

/** Exit status of a fragment that was ended, as coreutils' `timeout` has it. */
export const TIMED_OUT = 124;

/** Seconds that is left to what is only read once somebody asked to end. */
const HURRY = 5;

/**
 * Sends fragments to a host as one script and gathers their readings: one round trip.
 * Throws exit code 4 when the script did not report its end, or not in time (`Fragment.patience`): what it did is
 * then unknown. Throws 2 when more was printed than can be read, or fragments begin otherwise than they were sent.
 */
export async function exchange(
  host: Host,
  fragments: readonly Fragment[],
  options: ExchangeOptions = {},
): Promise<ExchangeResult> {
  const nonce = newNonce();
  const readings = new Map<string, Reading>();
  const sent = Date.now();
  const patience = (i: number) => patienceAt(fragments, i);
  const isRead = isOnlyRead(fragments);
  let at = -1;
  let under: Fragment | undefined;
  let failure: QuorateError | undefined;
  const giveUp = (error: QuorateError) => {
    failure ??= error;
    deadline.clear();
    whole.clear();
    running.kill();
  };
  const whole = new Deadline((seconds) => giveUp(noAnswer(host, seconds, options.doing, undefined)));
  const deadline = new Deadline(async (seconds, isStill) => {
    // The host's own end of this may be fine, and only one command of it hang.
    const what =
      parser.pid === undefined ? undefined : await waitingFor(host, parser.pid).catch(() => undefined);
    // What was waited for may have come while that was asked, and an apply have begun after it.
    if (!isStill()) return;
    if (under?.timeout === undefined) giveUp(noAnswer(host, seconds, options.doing, what));
    else endFragment(seconds, what);
  });
  const endFragment = (seconds: number, what: string | undefined) => {
    parser.cut(
      `did not end within ${seconds} s${what === undefined ? '' : `: it waits for ${what}`}`,
      TIMED_OUT,
    );
    deadline.clear();
    running.kill();
  };
  const parser = new FrameParser(nonce, {
    begin(id) {
      if (failure) return;
      const next = fragments.findIndex((fragment, i) => i > at && fragment.id === id);
      if (next < 0) {
        giveUp(outOfTurn(host, options.doing));
        return;
      }
      at = next;
      under = fragments[at];
      deadline.set(under?.timeout ?? patience(at));
      options.begin?.(id);
    },
    line(id, line) {
      if (failure) return;
      if (under?.critical && under.timeout === undefined) deadline.set(undefined);
      options.line?.(id, line);
    },
    end(id, found, isCut) {
      if (failure) return;
      under = undefined;
      deadline.set(patience(at + 1));
      if (isCut && !fragments[at]?.critical) {
        giveUp(tooMuch(host, options.doing));
        return;
      }
      const reading: Reading = { ...found, between: [sent, Date.now()] };
      readings.set(id, reading);
      options.end?.(id, reading);
    },
  });
  let noise = '';
  const stderr = new LineReader((line) => {
    if (line.trim()) options.stderr?.(line);
  });
  const running = host.run(compileScript(fragments, nonce, options.stateDir), {
    watched: !isRead,
    stdout: (chunk) => parser.push(chunk),
    stderr: (chunk) => {
      noise = redact(noise + chunk.toString('utf8')).slice(-2000);
      stderr.push(chunk);
    },
  });
  deadline.set(patience(0));
  if (isRead) whole.set(readSeconds(fragments));
  options.started?.({
    ...running,
    stop() {
      running.stop();
      if (isRead) deadline.shorten(HURRY);
    },
  });
  const { code } = await running.done
    .catch((error) => {
      throw failure ?? error;
    })
    .finally(() => {
      deadline.clear();
      whole.clear();
      stderr.end();
    });
  if (failure) throw failure;
  if (parser.complete) return { readings, outcome: 'complete' };
  if (parser.stopped) return { readings, outcome: 'stopped' };
  const isFailed = ({ id, critical }: Fragment) => critical && (readings.get(id)?.code ?? 0) !== 0;
  if (fragments.some(isFailed)) return { readings, outcome: 'failed' };
  const said = noise.trim();
  throw new QuorateError(
    `${host.name}: the script ended early (${code === null ? 'killed by a signal' : `exit status ${code}`}), so its outcome is unknown${said ? `: ${said}` : ''}`,
    { exitCode: EXIT.unreachable, host: host.name, hint: 'run again: the host is read afresh first' },
  );
}

function noAnswer(
  { name }: Host,
  seconds: number,
  doing: string | undefined,
  what: string | undefined,
): QuorateError {
  const while_ = doing === undefined ? '' : ` while ${doing}`;
  return new QuorateError(
    `${name}: no answer within ${seconds} s${while_}${what === undefined ? '' : `: it waits for ${what}`}`,
    {
      exitCode: EXIT.unreachable,
      host: name,
      hint:
        what === undefined
          ? 'look there for what hangs, a disk or a service'
          : 'see there why that does not end',
    },
  );
}

function outOfTurn({ name }: Host, doing: string | undefined): QuorateError {
  return new QuorateError(
    `${name}: its answer${doing === undefined ? '' : ` while ${doing}`} does not fit what was asked: parts of it come twice, or in another order`,
    {
      exitCode: EXIT.failed,
      host: name,
      hint: 'something there writes into what we read: look who else is on that host',
    },
  );
}

function tooMuch({ name }: Host, doing: string | undefined): QuorateError {
  return new QuorateError(
    `${name}: printed too much${doing === undefined ? '' : ` while ${doing}`}: more than 1 MiB in a line, 16 MiB in one part, or 64 MiB in all`,
    { exitCode: EXIT.failed, host: name, hint: 'see there which of its files or services says so much' },
  );
}
