import type { PlannedTask, PlayHost } from '../dsl/play.ts';
import { PART } from '../dsl/probe.ts';
import type { Target } from '../dsl/role.ts';
import { joinSh, type Sh, sh } from '../dsl/sh.ts';
import { type Prepared, type Reading, type Task, type Transfer, World } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Host, RunningScript } from '../transport/host.ts';
import type { EventSink, TaskStatus } from './events.ts';
import { type ExchangeOptions, type ExchangeResult, exchange } from './exchange.ts';
import { compileReads, parseReads } from './reads.ts';
import type { Fragment } from './script.ts';
import { unprovenMessage } from './wording.ts';

/** A task with the role it comes from. */
export interface RoleTask {
  readonly role: string;
  readonly task: Task;
}

export interface PlayHostOptions {
  readonly host: Host;
  readonly selected: boolean;
  readonly check: boolean;
  readonly stateDir: string;
  /** Written on the host beside the manifest: whose records these are. */
  readonly owner: string;
  readonly sink: EventSink;
}

/** The loop for one host: plan from one exchange, apply and prove in another. */
export class LoopHost<Facts> implements PlayHost<Facts> {
  readonly host: Host;
  readonly selected: boolean;
  readonly stateDir: string;
  target: Target<Facts>;
  plan: readonly PlannedTask[] = [];
  readonly #options: PlayHostOptions;
  #world = new World();
  #running: RunningScript | undefined;
  #stopping = false;

  constructor(target: Target<Facts>, options: PlayHostOptions) {
    this.target = target;
    this.host = options.host;
    this.selected = options.selected;
    this.stateDir = options.stateDir;
    this.#options = options;
  }

  async read(doing: string, probe: Sh): Promise<Reading> {
    const { readings } = await this.#exchange(doing, [{ id: 'read', sh: probe, critical: false }]);
    return readings.get('read') as Reading;
  }

  async act(doing: string, apply: Sh): Promise<Reading> {
    if (this.#options.check) throw new Error(`a check must not act: ${doing}`);
    return this.read(doing, apply);
  }

  /** Probes all tasks in one exchange and compares them in order; fills `plan`. */
  async makePlan(declared: readonly RoleTask[]): Promise<void> {
    const tasks = withoutRepeats(this.target.name, declared);
    const readings = await this.#probeAll(tasks);
    this.#world = new World();
    this.plan = tasks.map(({ role, task }, i) => {
      const reading = readings(i);
      return { role, task, changes: this.#inTask(role, task, () => task.diff(reading, this.#world)) };
    });
  }

  /** One exchange for all probes; the looks at paths of all tasks go together. */
  async #probeAll(tasks: readonly RoleTask[]): Promise<(index: number) => Reading> {
    const probes = tasks.map(({ task }) => task.probe);
    const reads = probes.flatMap((one) => (one && 'reads' in one ? one.reads : []));
    const rests = probes.map((one) => (one && 'reads' in one ? one.rest : one));
    const fragments = rests.flatMap((rest, i) =>
      rest ? [{ id: String(i), sh: rest, critical: false }] : [],
    );
    const looks = reads.length > 0 ? [{ id: 'reads', sh: compileReads(reads), critical: false }] : [];
    if (fragments.length + looks.length === 0) return () => ({ code: 0, out: '' });
    const { readings } = await this.#exchange('reading', [...looks, ...fragments]);
    const look = parseReads(readings.get('reads') ?? { code: 0, out: '' }, reads);
    return (i) => {
      const rest = readings.get(String(i)) ?? { code: 0, out: '' };
      const one = probes[i];
      if (!one || !('reads' in one)) return rest;
      const parts = [...one.reads.map(look), ...(one.rest ? [rest.out] : [])];
      return { code: rest.code, out: parts.join(`\n${PART}\n`) };
    };
  }

  async apply(which: (planned: PlannedTask) => boolean): Promise<void> {
    const due = this.plan.filter((planned) => planned.changes.length > 0 && which(planned));
    if (due.length === 0) return;
    const prepared = await this.#prepare(due);
    await this.#send(prepared.flatMap(({ transfers = [] }) => transfers));
    await this.#applyAndProve(due, prepared);
    this.#doing(undefined);
  }

  report(role: string, task: string, status: TaskStatus): void {
    this.#options.sink.emit({ event: 'task', host: this.target.name, role, task, status, changes: [] });
  }

  /** First Ctrl-C: ends after the task in hand. */
  stop(): void {
    this.#stopping = true;
    this.#running?.stop();
  }

  /** Second Ctrl-C: ends the process group on the host. */
  kill(): void {
    this.#running?.kill();
  }

  async #prepare(due: readonly PlannedTask[]): Promise<readonly Prepared[]> {
    this.#doing('preparing');
    return Promise.all(
      due.map(async ({ role, task, changes }) => {
        if (!task.prepare) return {};
        const prepared = await this.#inTask(role, task, () =>
          task.prepare?.(changes, { progress: (text) => this.#doing(text) }),
        );
        for (const message of prepared?.warnings ?? []) {
          this.#options.sink.emit({ event: 'log', level: 'warning', host: this.target.name, message });
        }
        return prepared ?? {};
      }),
    );
  }

  /** Side by side: each file has a channel of its own. */
  async #send(transfers: readonly Transfer[]): Promise<void> {
    const sent = new Map<string, number>();
    await Promise.all(
      transfers.map(({ source, target }) =>
        this.host.send(source, target, (bytes) => {
          sent.set(target, bytes);
          const total = [...sent.values()].reduce((sum, one) => sum + one, 0);
          this.#doing(`sending ${(total / 1e6).toFixed(0)} MB`);
        }),
      ),
    );
  }

  async #applyAndProve(due: readonly PlannedTask[], prepared: readonly Prepared[]): Promise<void> {
    const { sink } = this.#options;
    const proof = this.#world.copy();
    let failure: unknown;
    const fragments: Fragment[] = due.flatMap((planned, i) => [
      {
        id: `a${i}`,
        sh: joinSh([
          this.#records(planned.task),
          sh`${planned.task.apply(planned.changes, prepared[i] ?? {})}`,
        ]),
        critical: true,
      },
      { id: `p${i}`, sh: planned.task.probe ?? sh`:`, critical: false },
    ]);
    const at = (id: string) => due[Number(id.slice(1))] as PlannedTask;
    const finish = (planned: PlannedTask, status: TaskStatus) =>
      sink.emit({
        event: 'task',
        host: this.target.name,
        role: planned.role,
        task: planned.task.title,
        status,
        changes: planned.changes,
      });
    const fail = (planned: PlannedTask, error: unknown) => {
      failure ??= error;
      finish(planned, 'failed');
    };
    const result = await this.#exchange('applying', fragments, {
      begin: (id) => this.#doing(at(id).task.title),
      line: (id, message) => {
        if (id.startsWith('a')) {
          sink.emit({
            event: 'log',
            level: 'output',
            host: this.target.name,
            task: at(id).task.title,
            message,
          });
        }
      },
      end: (id, reading) => {
        const planned = at(id);
        if (id.startsWith('a')) {
          if (reading.code !== 0) fail(planned, this.#applyFailed(planned, reading));
          return;
        }
        try {
          this.#prove(planned, reading, proof);
          finish(planned, 'changed');
        } catch (error) {
          fail(planned, error);
        }
      },
    });
    if (failure) throw failure;
    if (result.outcome === 'stopped' || this.#stopping) {
      throw new QuorateError(`${this.target.name}: stopped on request`, {
        exitCode: EXIT.interrupted,
        host: this.target.name,
        hint: 'what was applied is proven; run again to go on',
      });
    }
  }

  /** Notes the paths a task owns before it touches them, so that a killed run leaves nothing unlisted. */
  #records(task: Task): Sh {
    const { owner } = this.#options;
    const paths = task.owns.map((path) => sh`q_own ${path}`);
    return joinSh([
      sh`q_own() { grep -qxF -- "$1" "$q_state/manifest" || echo "$1" >>"$q_state/manifest"; }
[ -d "$q_state" ] || mkdir -p "$q_state"
[ -f "$q_state/owner" ] || printf '%s\n' ${owner} | q_write "$q_state/owner" 0644 '' ''
[ -f "$q_state/manifest" ] || : >"$q_state/manifest"`,
      ...paths,
    ]);
  }

  #prove(planned: PlannedTask, reading: Reading, world: World): void {
    if (planned.task.unproven) return;
    const { role, task } = planned;
    const left = this.#inTask(role, task, () => task.diff(reading, world));
    if (left.length === 0) return;
    throw new QuorateError(unprovenMessage(this.target.name, task.title, left), {
      exitCode: EXIT.failed,
      host: this.target.name,
      task: task.title,
    });
  }

  #applyFailed(planned: PlannedTask, reading: Reading): QuorateError {
    const said = reading.out.trim();
    return new QuorateError(
      `${this.target.name}: ${planned.task.title}: exit status ${reading.code}${said ? `\n${said}` : ''}`,
      { exitCode: EXIT.failed, host: this.target.name, task: planned.task.title },
    );
  }

  /** Runs part of a task and completes its errors with host and task. */
  #inTask<T>(role: string, task: Task, part: () => T): T {
    const complete = (error: unknown): never => {
      if (!(error instanceof QuorateError) || error.host !== undefined) throw error;
      const failed: TaskStatus = 'failed';
      this.#options.sink.emit({
        event: 'task',
        host: this.target.name,
        role,
        task: task.title,
        status: failed,
        changes: [],
      });
      throw new QuorateError(`${this.target.name}: ${error.message}`, {
        exitCode: error.exitCode,
        host: this.target.name,
        task: task.title,
        ...(error.hint !== undefined && { hint: error.hint }),
        ...(error.position !== undefined && { position: error.position }),
      });
    };
    try {
      const result = part();
      return result instanceof Promise ? (result.catch(complete) as T) : result;
    } catch (error) {
      return complete(error);
    }
  }

  async #exchange(
    doing: string,
    fragments: readonly Fragment[],
    options: ExchangeOptions = {},
  ): Promise<ExchangeResult> {
    this.#doing(doing);
    const result = await exchange(this.host, fragments, {
      ...options,
      stateDir: this.stateDir,
      started: (running) => {
        this.#running = running;
        if (this.#stopping) running.stop();
      },
      stderr: (message) =>
        this.#options.sink.emit({ event: 'log', level: 'debug', host: this.target.name, message }),
    });
    this.#running = undefined;
    return result;
  }

  #doing(doing: string | undefined): void {
    this.#options.sink.progress({ host: this.target.name, doing });
  }
}

/**
 * Roles that run alone, too, may each declare the same thing (the user that all need): the first stands.
 * Two different wishes for one thing are a bug of a role.
 */
function withoutRepeats(host: string, tasks: readonly RoleTask[]): readonly RoleTask[] {
  const seen = new Map<string, RoleTask>();
  for (const entry of tasks) {
    const first = seen.get(entry.task.resource);
    if (first && first.task.probe?.text !== entry.task.probe?.text) {
      throw new Error(`${host}: ${first.role} and ${entry.role} disagree on ${entry.task.resource}`);
    }
    if (!first) seen.set(entry.task.resource, entry);
  }
  return [...seen.values()];
}
