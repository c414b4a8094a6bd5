import { spawn } from 'node:child_process';
import { EXIT } from '../errors.ts';
import { LineReader } from '../runner/exchange/lines.ts';
import { maskMessage } from '../secret-texts.ts';

/** What became of the process of a job. */
export interface JobEnd {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  /** What went wrong, in words; undefined where nothing did. */
  readonly reason: string | undefined;
  /** ID of the run. */
  readonly runId: string | undefined;
  /** Tasks that have changed something, or would. */
  readonly changed: number;
  readonly elapsedMs: number;
}

export interface JobProcess {
  readonly done: Promise<JobEnd>;
  /** As Ctrl-C: finish the tasks in hand, however long they take. Once more: end at once; then nobody waits for it. */
  cancel(): void;
  /** Ends it and all that it has started, whatever is half done. */
  kill(): void;
}

/** How long a job that is to end at once may take for that, in ms. */
const GRACE = 60_000;

/** How long the output of a job that has ended is waited for, in ms: what it has left behind may hold it open. */
const REST = 5000;

/** Lines of standard error that tell why a program failed that has printed no events. */
const LAST_WORDS = 5;

/**
 * One job as a process of its own: `line` with nobody at its input; each line of its output is told as it comes. Its
 * environment is this process's, but for the address of Redis, which is none of its business.
 */
export function startJob(line: readonly string[], check: boolean, hear: (line: string) => void): JobProcess {
  const [command = '', ...args] = line;
  const begun = performance.now();
  const { QUORATE_REDIS_URL: _, ...env } = process.env;
  // A group of its own: Ctrl-C at a terminal is for this process, which passes it on in its own time.
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const heard = new Heard(check);
  const reader = new LineReader((text) => {
    heard.take(text);
    hear(text);
  });
  const stderr: string[] = [];
  const errors = new LineReader((text) => {
    if (text.trim() !== '') stderr.push(text);
    if (stderr.length > LAST_WORDS) stderr.shift();
  });
  child.stdout.on('data', (chunk: Buffer) => reader.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  let timer: NodeJS.Timeout | undefined;
  let asked = 0;
  const done = new Promise<JobEnd>((resolve) => {
    const end = (code: number | undefined, said: string) => {
      clearTimeout(timer);
      reader.end();
      errors.end();
      const isFine = code === EXIT.ok || code === EXIT.pending;
      const reason = isFine ? undefined : (heard.error ?? (maskMessage(said) || undefined));
      resolve({
        code,
        reason,
        runId: heard.runId,
        changed: heard.changed,
        elapsedMs: performance.now() - begun,
      });
    };
    child.once('error', (error) => end(EXIT.bug, error.message));
    const ended = (code: number | null, signal: NodeJS.Signals | null) =>
      end(code ?? undefined, signal === null ? stderr.join('; ') : `ended by ${signal}`);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        ended(code, signal);
      }, REST);
    });
    child.once('close', ended);
  });
  return {
    done,
    cancel() {
      asked += 1;
      if (asked > 2) return killGroup(child.pid);
      // Another signal than the first: two of one name that come at once are taken for one.
      child.kill(asked === 1 ? 'SIGINT' : 'SIGTERM');
      if (asked === 2) timer ??= setTimeout(() => killGroup(child.pid), GRACE);
    },
    kill: () => killGroup(child.pid),
  };
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** What the events of a run say of it. Lines that are none are passed over. */
class Heard {
  runId: string | undefined;
  error: string | undefined;
  changed = 0;
  /** What counts of a step: it is told as planned in a run, too. */
  readonly #step: string;

  constructor(check: boolean) {
    this.#step = check ? 'planned' : 'done';
  }

  take(line: string): void {
    // Most lines are tasks that are fine.
    if (!/"event":"(start|error|task|step|recap)"/.test(line)) return;
    const event = parsed(line);
    if (typeof event.runId === 'string') this.runId ??= event.runId;
    if (event.event === 'task' && (event.status === 'changed' || event.status === 'unknown'))
      this.changed += 1;
    if (event.event === 'step' && event.status === this.#step) this.changed += 1;
    if (event.event === 'error') this.error ??= errorLine(event);
  }
}

function errorLine({ host, message }: Readonly<Record<string, unknown>>): string {
  const text = String(message).split('\n')[0] ?? '';
  return typeof host === 'string' && !text.startsWith(`${host}:`) ? `${host}: ${text}` : text;
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
