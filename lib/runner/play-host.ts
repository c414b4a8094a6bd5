import { isDue, type PlannedTask, type PlayHost } from '../dsl/play.ts';
import { PART } from '../dsl/probe.ts';
import type { Target } from '../dsl/role.ts';
import type { Sh } from '../dsl/sh.ts';
import { type Prepared, type Reading, type Transfer, World } from '../dsl/task.ts';
import type { Host } from '../transport/host.ts';
import { applySteps } from './apply.ts';
import type { EventSink, TaskStatus } from './events.ts';
import { awaitGuard, SETTLED_SECONDS } from './guard.ts';
import { compileReads, parseReads } from './reads.ts';
import { type RoleTask, Wire } from './wire.ts';

/** Seconds for what changes something outside of tasks. */
const ACT_SECONDS = 180;

export interface PlayHostOptions {
  readonly host: Host;
  /** Opens a further connection to the host: who changes a firewall must see that one gets through. */
  readonly connect: () => Promise<Host>;
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
  readonly #wire: Wire;
  readonly #applied = new Set<PlannedTask>();
  #world = new World();

  constructor(target: Target<Facts>, options: PlayHostOptions) {
    this.target = target;
    this.host = options.host;
    this.selected = options.selected;
    this.stateDir = options.stateDir;
    this.#options = options;
    this.#wire = new Wire(options.host, options.stateDir, options.sink);
  }

  async read(doing: string, probe: Sh): Promise<Reading> {
    return this.#ask(doing, probe);
  }

  async act(doing: string, apply: Sh): Promise<Reading> {
    if (this.#options.check) throw new Error(`a check must not act: ${doing}`);
    return this.#ask(doing, apply, ACT_SECONDS);
  }

  async #ask(doing: string, asked: Sh, patience?: number): Promise<Reading> {
    const fragment = { id: 'read', sh: asked, critical: false, ...(patience !== undefined && { patience }) };
    const { readings } = await this.#wire.exchange(doing, [fragment]);
    return readings.get('read') as Reading;
  }

  /** Probes all tasks in one exchange and compares them in order; fills `plan`. */
  async makePlan(declared: readonly RoleTask[]): Promise<void> {
    const tasks = withoutRepeats(this.target.name, declared);
    const readings = await this.#probeAll(tasks);
    this.#world = new World();
    this.plan = tasks.map((one, i) => {
      const reading = readings(i);
      return { ...one, changes: this.#wire.inTask(one, () => one.task.diff(reading, this.#world)) };
    });
    this.#rest();
  }

  async apply(which: (planned: PlannedTask) => boolean): Promise<void> {
    const due = this.plan.filter((planned) => isDue(planned) && which(planned));
    if (due.length === 0) return;
    const prepared = await this.#prepare(due);
    const steps = due.map((planned, i) => ({ planned, prepared: prepared[i] ?? {} }));
    const { owner, connect } = this.#options;
    const proof = this.#world.copy();
    const send = (transfers: readonly Transfer[]) => this.#send(transfers);
    await applySteps(steps, { wire: this.#wire, proof, owner, connect, send });
    for (const planned of due) this.#applied.add(planned);
    this.#rest();
  }

  report(role: string, task: string, status: TaskStatus): void {
    this.#wire.finished(role, task, status);
  }

  /** First Ctrl-C: ends after the task in hand. */
  stop(): void {
    this.#wire.stop();
  }

  /** Second Ctrl-C: ends the process group on the host. */
  kill(): void {
    this.#wire.kill();
  }

  #rest(): void {
    const due = this.plan.filter((planned) => isDue(planned) && !this.#applied.has(planned));
    this.#wire.rests(this.#options.check ? 0 : due.length);
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
    const settled = { id: 'settled', sh: awaitGuard, critical: false, patience: SETTLED_SECONDS };
    const { readings } = await this.#wire.exchange('reading', [settled, ...looks, ...fragments]);
    const look = parseReads(readings.get('reads') ?? { code: 0, out: '' }, reads);
    return (i) => {
      const rest = readings.get(String(i)) ?? { code: 0, out: '' };
      const one = probes[i];
      if (!one || !('reads' in one)) return rest;
      const parts = [...one.reads.map(look), ...(one.rest ? [rest.out] : [])];
      return { code: rest.code, out: parts.join(`\n${PART}\n`) };
    };
  }

  async #prepare(due: readonly PlannedTask[]): Promise<readonly Prepared[]> {
    this.#wire.doing('preparing');
    return Promise.all(
      due.map(async (planned) => {
        const { task, changes } = planned;
        if (!task.prepare) return {};
        const progress = (text: string) => this.#wire.doing(text);
        const prepared = await this.#wire.inTask(planned, () => task.prepare?.(changes, { progress }));
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
          this.#wire.doing(`sending ${(total / 1e6).toFixed(0)} MB`);
        }),
      ),
    );
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
