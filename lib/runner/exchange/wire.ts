import { PRELUDE } from '../../dsl/shell/prelude.ts';
import { quote, type Sh } from '../../dsl/shell/sh.ts';
import type { Change, Received, Task } from '../../dsl/task.ts';
import { EXIT, type ExitCode, type Position, QuorateError } from '../../errors.ts';
import type { Host, RunningScript } from '../../transport/host.ts';
import type { EventSink, TaskStatus } from '../events.ts';
import { faultIn } from '../role-fault.ts';
import { Deadline } from './deadline.ts';
import { type ExchangeOptions, type ExchangeResult, exchange } from './exchange.ts';
import { type Fragment, READ_SECONDS } from './script.ts';
import { handlerOf } from './task-shell.ts';

/** A task with the role it comes from. */
export interface RoleTask {
  readonly role: string;
  readonly task: Task;
  /** Tells where the role is written; it costs a look at a stack. */
  at?(): Position | undefined;
}

/** What is told of a task, or of a finding that is told like one. */
export interface Finished {
  readonly role: string;
  readonly task: Pick<Task, 'title'>;
}

/** Bytes a second that any line has: what is slower holds up a run. */
const SLOWEST = 64 * 1024;

/** One host's end of a run: what is sent to it, what is said of it, and how it is stopped. */
export class Wire {
  readonly host: Host;
  readonly stateDir: string;
  readonly #sink: EventSink;
  readonly #asker: string | undefined;
  #running: RunningScript | undefined;
  #stopping = false;
  #failed: RoleTask | undefined;

  /** `asker`: the host that it acts for. */
  constructor(host: Host, stateDir: string, sink: EventSink, asker?: string) {
    this.host = host;
    this.#asker = asker;
    this.stateDir = stateDir;
    this.#sink = sink;
  }

  /** Somebody asked to end after the task in hand. */
  get stopping(): boolean {
    return this.#stopping;
  }

  async exchange(
    doing: string,
    fragments: readonly Fragment[],
    options: ExchangeOptions = {},
  ): Promise<ExchangeResult> {
    this.doing(doing);
    const result = await exchange(this.host, fragments, {
      doing,
      ...options,
      stateDir: this.stateDir,
      started: (running) => {
        this.#running = running;
        if (this.#stopping) running.stop();
      },
      stderr: (message) => this.log('debug', message),
    });
    this.#running = undefined;
    return result;
  }

  /**
   * Hands over what shell prints, up to `most` bytes. Throws 2 where there is more, 4 where it does not come: some of it
   * within a minute, and all of it at the pace of a slow line.
   */
  async receive(doing: string, printed: Sh, most: number): Promise<Received> {
    const { name } = this.host;
    const chunks: Buffer[] = [];
    let size = 0;
    let failure: QuorateError | undefined;
    const giveUp = (what: string, exitCode: ExitCode) => {
      failure ??= new QuorateError(`${name}: ${what} while ${doing}`, { exitCode, host: name });
      this.#running?.kill();
    };
    const late = (seconds: number) => giveUp(`nothing came for ${seconds} s`, EXIT.unreachable);
    const whole = (seconds: number) => giveUp(`not all came within ${seconds} s`, EXIT.unreachable);
    const [progress, end] = [new Deadline(late), new Deadline(whole)];
    progress.set(READ_SECONDS);
    end.set(READ_SECONDS + Math.ceil(most / SLOWEST));
    try {
      const code = await this.pipe(doing, printed, (chunk) => {
        if (failure) return;
        progress.set(READ_SECONDS);
        size += chunk.length;
        if (size > most) giveUp(`more than ${most} bytes came`, EXIT.failed);
        else chunks.push(Buffer.from(chunk));
      });
      if (failure) throw failure;
      return { code, bytes: Buffer.concat(chunks) };
    } catch (error) {
      throw failure ?? error;
    } finally {
      progress.clear();
      end.clear();
    }
  }

  /** Runs shell whose output is not ours to read: bytes go where they are wanted, as they come. */
  async pipe(doing: string, piped: Sh, take?: (chunk: Buffer) => void): Promise<number> {
    this.doing(doing);
    const { name } = this.host;
    const to = (stream: 'stdout' | 'stderr') => (chunk: Buffer) =>
      this.#sink.print?.({ host: name, task: doing, to: stream, chunk });
    const running = this.host.run(`${PRELUDE}\nq_state=${quote(this.stateDir)}\n${piped.text}\n`, {
      stdout: take ?? to('stdout'),
      stderr: to('stderr'),
    });
    // Nothing is left half done by the end of it, and it may have none of its own.
    this.#running = { ...running, stop: () => running.kill() };
    if (this.#stopping) running.kill();
    try {
      const { code } = await running.done;
      return code ?? 1;
    } finally {
      this.#running = undefined;
      this.doing(undefined);
    }
  }

  /** First Ctrl-C: ends after the task in hand. */
  stop(): void {
    this.#stopping = true;
    this.halt();
  }

  /** Ends the exchange under way before its next apply. */
  halt(): void {
    this.#running?.stop();
  }

  /** Second Ctrl-C: ends the process group on the host. */
  kill(): void {
    this.#running?.kill();
  }

  doing(doing: string | undefined): void {
    this.#sink.progress({ host: this.#asker ?? this.host.name, doing });
  }

  /** Nothing is under way here; `due` tasks are still to be applied. */
  idle(due: number): void {
    this.#sink.progress({ host: this.host.name, doing: undefined, due });
  }

  log(level: 'debug' | 'info' | 'warning', message: string): void {
    this.#sink.emit({ event: 'log', level, host: this.host.name, message });
  }

  /** A line that a task prints, as it does. */
  printed(line: string, task: string): void {
    this.#sink.emit({ event: 'output', host: this.host.name, task, line });
  }

  finished(
    { role, task }: Finished,
    status: TaskStatus,
    changes: readonly Change[] = [],
    reason?: string,
  ): void {
    this.#sink.emit({
      event: 'task',
      host: this.host.name,
      role,
      task: task.title,
      status,
      changes,
      ...(this.#asker !== undefined && { for: this.#asker }),
      ...(reason !== undefined && { reason }),
    });
  }

  /** A task has failed: it is told, and kept for who goes on after it. */
  failed(one: RoleTask, changes: readonly Change[] = []): void {
    this.#failed ??= one;
    const handled = handlerOf(one.task);
    this.#sink.emit({
      event: 'task',
      host: this.host.name,
      role: one.role,
      task: one.task.title,
      status: 'failed',
      changes,
      ...(this.#asker !== undefined && { for: this.#asker }),
      ...(handled && { handled }),
    });
  }

  /** The first task that has failed since this was asked last. */
  takeFailed(): RoleTask | undefined {
    const failed = this.#failed;
    this.#failed = undefined;
    return failed;
  }

  /** Runs part of a task; what goes wrong in it gets the names of host and task, and fails the task. */
  inTask<T>(one: RoleTask, part: () => T): T {
    const fail = (error: unknown): never => {
      const named = this.named(error, one);
      if (named !== error) this.failed(one);
      throw named;
    };
    try {
      const result = part();
      return result instanceof Promise ? (result.catch(fail) as T) : result;
    } catch (error) {
      return fail(error);
    }
  }

  /** An error of a task that does not say yet where it comes from, completed; a bug of ours as it is. */
  named(error: unknown, one: RoleTask): unknown {
    if (!(error instanceof QuorateError)) return faultIn(error, this.host.name, one) ?? error;
    if (error.host !== undefined) return error;
    return new QuorateError(`${this.host.name}: ${error.message}`, {
      exitCode: error.exitCode,
      host: this.host.name,
      task: one.task.title,
      ...(error.hint !== undefined && { hint: error.hint }),
      ...(error.position !== undefined && { position: error.position }),
    });
  }
}
