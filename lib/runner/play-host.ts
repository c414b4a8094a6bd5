import { stat } from 'node:fs/promises';
import { isDue, type PlannedTask, type PlayHost } from '../dsl/play.ts';
import { MARK } from '../dsl/probe.ts';
import type { Target, Vars } from '../dsl/role.ts';
import type { Sh } from '../dsl/sh.ts';
import type { Change, Prepared, Reading, Task, Transfer } from '../dsl/task.ts';
import { World } from '../dsl/world.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Host } from '../transport/host.ts';
import { applySteps } from './apply.ts';
import type { EventSink, TaskStatus } from './events.ts';
import { awaitGuard, SETTLED_SECONDS } from './guard.ts';
import { compileReads, parseReads } from './reads.ts';
import { withoutRepeats } from './tasks.ts';
import { type RoleTask, Wire } from './wire.ts';

/** Seconds for what changes something outside of tasks. */
const ACT_SECONDS = 180;

export interface PlayHostOptions<Facts> {
  readonly host: Host;
  /** Opens a further connection to the host: who changes a firewall must see that one gets through. */
  readonly connect: () => Promise<Host>;
  readonly selected: boolean;
  readonly check: boolean;
  readonly stateDir: string;
  /** Written on the host beside the manifest: whose records these are. */
  readonly owner: string;
  readonly sink: EventSink;
  /** What the roles that take part want of a host. */
  build(target: Target<Facts>): readonly RoleTask[];
}

/** The loop for one host: plan from one exchange, apply and prove in another. */
export class LoopHost<Facts> implements PlayHost<Facts> {
  readonly host: Host;
  readonly selected: boolean;
  readonly stateDir: string;
  target: Target<Facts>;
  plan: readonly PlannedTask[] = [];
  readonly #options: PlayHostOptions<Facts>;
  readonly #wire: Wire;
  readonly #applied = new Set<PlannedTask>();
  #world = new World();

  constructor(target: Target<Facts>, options: PlayHostOptions<Facts>) {
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

  async pipe(doing: string, piped: Sh): Promise<number> {
    if (this.#options.check) throw new Error(`a check must not run: ${doing}`);
    return this.#wire.pipe(doing, piped);
  }

  async #ask(doing: string, asked: Sh, patience?: number): Promise<Reading> {
    const fragment = { id: 'read', sh: asked, critical: false, ...(patience !== undefined && { patience }) };
    const { readings } = await this.#wire.exchange(doing, [fragment]);
    return readings.get('read') as Reading;
  }

  async replan(vars: Vars = {}): Promise<void> {
    if (!this.selected) return;
    const own = { ...this.target.vars, ...vars };
    const hostvars = { ...this.target.hostvars, [this.target.name]: own };
    if (Object.keys(vars).length > 0) this.target = { ...this.target, vars: own, hostvars };
    await this.makePlan(this.#options.build(this.target));
  }

  /** Probes all tasks in one exchange and compares them in order; fills `plan`. */
  async makePlan(declared: readonly RoleTask[]): Promise<void> {
    const tasks = withoutRepeats(this.target.name, declared);
    const readings = await this.#probeAll(tasks);
    this.#world = new World();
    this.#world.provides(this.stateDir);
    const plan: PlannedTask[] = [];
    for (const [i, one] of tasks.entries()) {
      const changes = this.#wire.inTask(one, () => one.task.diff(readings(i), this.#world));
      plan.push(judged({ ...one, changes }, plan.filter(isDue)));
    }
    this.plan = plan;
    this.#rest();
  }

  async apply(which: (planned: PlannedTask) => boolean): Promise<void> {
    const due = this.plan.filter((one) => isDue(one) && !this.#applied.has(one) && which(one));
    if (due.length === 0) return;
    this.#wire.doing('preparing');
    const prepare = (planned: PlannedTask) => this.#prepare(planned);
    const prepared = await Promise.all(due.map((one) => (one.waits ? {} : prepare(one))));
    const steps = due.map((planned, i) => ({ planned, prepared: prepared[i] ?? {} }));
    const { owner, connect } = this.#options;
    const proof = this.#world.forProof();
    const send = (transfers: readonly Transfer[]) => this.#send(transfers);
    await applySteps(steps, { wire: this.#wire, proof, owner, connect, prepare, send });
    for (const planned of due) this.#applied.add(planned);
    this.#rest();
    await this.#settle(proof);
  }

  /** Once all is applied: what was judged before tasks behind it were applied must not be due again. */
  async #settle(proof: World): Promise<void> {
    if (this.plan.some((one) => isDue(one) && !this.#applied.has(one))) return;
    const early = this.plan
      .slice(0, this.plan.findLastIndex(isDue))
      .filter(({ task }) => task.after === 'any' && !task.unproven && task.probe);
    if (early.length === 0) return;
    const fragments = early.map(({ task }, i) => ({ id: `${i}`, sh: task.probe as Sh, critical: false }));
    const { readings } = await this.#wire.exchange('reading', fragments);
    for (const [i, planned] of early.entries()) {
      this.#wire.inTask(planned, () => {
        const left = planned.task.diff(readings.get(`${i}`) ?? { code: 1, out: '' }, proof);
        if (left.length > 0) throw dueAgain(planned.task);
      });
    }
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
      return { code: rest.code, out: parts.join(`\n${MARK}\n`) };
    };
  }

  async #prepare(planned: PlannedTask): Promise<Prepared> {
    const { task, changes } = planned;
    if (!task.prepare) return {};
    const progress = (text: string) => this.#wire.doing(text);
    const prepared = await this.#wire.inTask(planned, () => task.prepare?.(changes, { progress }));
    return prepared ?? {};
  }

  /** Side by side: each file has a channel of its own. */
  async #send(transfers: readonly Transfer[]): Promise<void> {
    const sent = new Map<string, number>();
    // What is wrong with a file is for the one who sends it to say.
    const sizeOf = ({ source }: Transfer) =>
      stat(source).then(
        ({ size }) => size,
        () => 0,
      );
    const sizes = await Promise.all(transfers.map(sizeOf));
    const whole = inMegabytes(sizes.reduce((sum, one) => sum + one, 0));
    await Promise.all(
      transfers.map(({ source, target }) =>
        this.host.send(source, target, (bytes) => {
          sent.set(target, bytes);
          const total = [...sent.values()].reduce((sum, one) => sum + one, 0);
          this.#wire.doing(`sending ${inMegabytes(total)} of ${whole} MB`);
        }),
      ),
    );
  }
}

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** A task that hangs on earlier ones that are due can only be judged when its turn comes. */
function judged(planned: PlannedTask, due: readonly PlannedTask[]): PlannedTask {
  const { task, changes } = planned;
  const { after } = task;
  if (task.late && changes.some(({ certainty }) => certainty !== 'certain'))
    return { ...planned, waits: true };
  if (after === undefined || task.unproven || due.length === 0) return planned;
  if (after === 'any')
    return changes.length > 0 ? planned : { ...planned, waits: true, changes: [unknown(task)] };
  if (!due.some((one) => after.some(({ thing }) => thing === one.task.thing))) return planned;
  const conditional = changes.map((one) => ({ ...one, certainty: 'conditional' as const }));
  return { ...planned, waits: true, changes: changes.length > 0 ? conditional : [unknown(task)] };
}

function dueAgain({ title }: Task): QuorateError {
  return new QuorateError(`"${title}" is due again: a task behind it has changed what it looks at`, {
    exitCode: EXIT.failed,
    hint: 'declare it behind that task, or name the tasks that matter: after: [ … ]',
  });
}

function unknown({ resource }: Task): Change {
  return { resource, kind: 'run', property: 'effect', before: null, after: null, certainty: 'unknown' };
}
