import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLoaded } from '../dsl/lazy.ts';
import { isDue, type PlannedTask, type PlayHost } from '../dsl/play.ts';
import type { Target, Vars } from '../dsl/role.ts';
import type { Sh } from '../dsl/sh.ts';
import type { Prepared, Reading, Task, Transfer } from '../dsl/task.ts';
import { World } from '../dsl/world.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Host } from '../transport/host.ts';
import { Turns } from '../transport/turns.ts';
import { applySteps } from './apply.ts';
import type { EventSink, TaskStatus } from './events.ts';
import { planTasks } from './plan.ts';
import { Program } from './program.ts';
import { withoutRepeats } from './tasks.ts';
import { type RoleTask, Wire } from './wire.ts';
import { differencesOf, handlerOf, probeFragment, wordsOf } from './words.ts';

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
  /** The first host of the batch, which does what is done once. */
  readonly first?: () => First | undefined;
  /** Of a check: what earlier plays will have made of the host. */
  readonly foreseen?: World;
  /** What the roles that take part want of a host. */
  build(target: Target<Facts>): readonly RoleTask[];
}

/** Files on their way to a host at a time: sshd opens ten sessions on a connection, unless told otherwise. */
const CHANNELS = 6;

interface First {
  readonly host: Pick<LoopHost<unknown>, 'outcomeOf'> & { readonly target: { readonly name: string } };
  /** It has failed. */
  readonly isLost: boolean;
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
  #program = new Program([]);
  /** What another host does once and that was waited for. */
  readonly #awaited = new Set<Task>();

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
    await this.makePlan(await withLoaded(() => this.#options.build(this.target)));
  }

  /** Probes all tasks in one exchange and compares them in order; fills `plan`. */
  async makePlan(declared: readonly RoleTask[]): Promise<void> {
    this.#program = new Program(withoutRepeats(this.target.name, declared));
    this.plan = await this.#planOf(this.#program.live);
    this.#rest();
  }

  async #planOf(tasks: readonly RoleTask[]): Promise<readonly PlannedTask[]> {
    this.#world = new World(this.#options.foreseen);
    this.#world.provides(this.stateDir);
    this.#world.declares(this.#program.live.map(({ task }) => task));
    return planTasks(
      tasks.map(({ role, task }) => ({ role, task })),
      {
        world: this.#world,
        wire: this.#wire,
        elsewhere: this.#elsewhere?.target.name,
      },
    );
  }

  /** What the host will be like once the plan is carried out. */
  get foreseen(): World {
    return this.#world;
  }

  /** The host that does what is done once, where that is another one. */
  get #elsewhere(): First['host'] | undefined {
    const first = this.#options.first?.()?.host;
    return first?.target.name === this.target.name ? undefined : first;
  }

  async apply(which: (planned: PlannedTask) => boolean): Promise<void> {
    const isLeft = (one: PlannedTask) => isDue(one) && !this.#applied.has(one) && which(one);
    let ended: unknown;
    for (let due = this.plan.filter(isLeft); due.length > 0; due = this.plan.filter(isLeft)) {
      try {
        await this.#carryOut(await this.#untilOnce(due));
      } catch (error) {
        ended = await this.#goOn(error, ended);
      }
    }
    this.#rest();
    if (ended !== undefined) throw ended;
    await this.#settle(this.#world.forProof());
  }

  /**
   * Of what is due, that which nothing waits for that is done once; where the first of it does, waits, and gives nothing:
   * the rest is planned anew where the other host has changed something.
   */
  async #untilOnce(due: readonly PlannedTask[]): Promise<readonly PlannedTask[]> {
    const at = this.plan.findIndex(({ task, skipped }) => isOnce(task, skipped) && !this.#awaited.has(task));
    const once = this.plan[at];
    if (once === undefined) return due;
    const before = due.filter((one) => this.plan.indexOf(one) < at);
    if (before.length > 0) return before;
    this.#awaited.add(once.task);
    if (await this.#awaitOnce(once)) await this.#planFrom(at + 1);
    return [];
  }

  /** Waits for what another host does once; tells whether that changed something. */
  async #awaitOnce({ role, task }: PlannedTask): Promise<boolean> {
    this.#wire.doing(`waiting for "${task.title}"`);
    for (;;) {
      const first = this.#options.first?.();
      const outcome = first?.host.outcomeOf(role, task);
      if (outcome === 'ok' || outcome === 'changed') return outcome === 'changed';
      if (first?.isLost || this.#wire.stopping) throw onceFailed(this.target.name, first, task);
      if (outcome === 'none') return false;
      await sleep(50);
    }
  }

  /** What became of a task here; undefined while it is still to come, `none` where the plan has none of the kind. */
  outcomeOf(role: string, { thing }: Task): 'ok' | 'changed' | 'none' | undefined {
    const planned = this.plan.find((one) => one.role === role && one.task.thing === thing);
    if (planned === undefined) return 'none';
    if (!isDue(planned)) return 'ok';
    const hasFailed = this.#program.hasFailed(planned.task) && handlerOf(planned.task) === undefined;
    return this.#applied.has(planned) && !hasFailed ? 'changed' : undefined;
  }

  /** Plans what stands from there on anew, from new readings. */
  async #planFrom(at: number): Promise<void> {
    const known = new Set(this.plan.filter((one) => !isDue(one)).map(({ task }) => task));
    const planned = await this.#planOf(this.plan.slice(at));
    for (const one of planned) if (!isDue(one) && !known.has(one.task)) this.#wire.finished(one, 'ok');
    this.plan = [...this.plan.slice(0, at), ...planned];
    this.#rest();
  }

  async #carryOut(due: readonly PlannedTask[]): Promise<void> {
    if (due.length === 0) return;
    this.#wire.takeFailed();
    this.#wire.doing('preparing');
    const prepare = (planned: PlannedTask) => this.#prepare(planned);
    const prepared = await Promise.all(due.map((one) => (one.waits ? {} : prepare(one))));
    const steps = due.map((planned, i) => ({ planned, prepared: prepared[i] ?? {} }));
    const { owner, connect } = this.#options;
    const proof = this.#world.forProof();
    const send = (transfers: readonly Transfer[]) => this.#send(transfers);
    await applySteps(steps, {
      wire: this.#wire,
      proof,
      owner,
      connect,
      prepare,
      send,
      done: this.#applied,
    });
  }

  /**
   * Behind a task that failed: plans what is to be done all the same, from new readings. Returns what ends the host
   * once that is done, or undefined where somebody sees to the failure; throws where nothing is left to be done.
   */
  async #goOn(error: unknown, ended: unknown): Promise<unknown> {
    const failed = this.#wire.takeFailed();
    if (failed === undefined || !isTasks(error) || this.#wire.stopping) throw ended ?? error;
    const rest = this.#program.behind(failed.task);
    const handled = handlerOf(failed.task);
    if (handled === undefined && rest.length === 0) throw ended ?? error;
    if (handled !== undefined)
      this.#wire.log('warning', `${withoutHost(error, this.host.name)} (${handled})`);
    const before = this.plan.slice(0, this.plan.findIndex(({ task }) => task === failed.task) + 1);
    for (const one of before.slice(-1)) this.#applied.add(one);
    const isOpen = (one: PlannedTask) => isDue(one) && !this.#applied.has(one);
    const known = new Set(this.plan.filter((one) => !isDue(one)).map(({ task }) => task));
    const planned = await this.#planOf([...before.filter(isOpen), ...rest]);
    for (const one of planned) if (!isDue(one) && !known.has(one.task)) this.#wire.finished(one, 'ok');
    this.plan = [...before.filter((one) => !isOpen(one)), ...planned];
    this.#rest();
    return handled === undefined ? (ended ?? error) : ended;
  }

  /** Once all is applied: what was judged before tasks behind it were applied must not be due again. */
  async #settle(proof: World): Promise<void> {
    if (this.plan.some((one) => isDue(one) && !this.#applied.has(one))) return;
    const early = this.plan
      .slice(0, this.plan.findLastIndex(isDue))
      .filter(({ task, skipped }) => task.after === 'any' && !task.unproven && task.probe && !skipped);
    if (early.length === 0) return;
    const fragments = early.map(({ task }, i) => probeFragment(task, `${i}`));
    const { readings } = await this.#wire.exchange('reading', fragments);
    for (const [i, planned] of early.entries()) {
      if (this.#program.hasFailed(planned.task)) continue;
      this.#wire.inTask(planned, () => {
        const left = differencesOf(planned.task, readings.get(`${i}`) ?? { code: 1, out: '' }, proof);
        if (left.length > 0) throw dueAgain(planned.task);
      });
    }
  }

  report(role: string, task: string, status: TaskStatus): void {
    this.#wire.finished({ role, task: { title: task } }, status);
  }

  /** Reports what is planned and needs nothing done; in a check, all that is planned. */
  reportPlan(): void {
    for (const planned of this.plan) {
      const { skipped, changes } = planned;
      if (skipped !== undefined) this.#wire.finished(planned, 'skipped', [], skipped);
      else if (!isDue(planned)) this.#wire.finished(planned, 'ok');
      else if (this.#options.check) {
        const status = changes.every(({ certainty }) => certainty === 'unknown') ? 'unknown' : 'changed';
        this.#wire.finished(planned, status, changes);
      }
    }
    if (this.#options.check) this.reportLeft();
  }

  /** Reports the tasks that nothing came of: the rescue of what did not fail, and what stood behind a failure. */
  reportLeft(): void {
    for (const [one, why] of this.#program.left) this.#wire.finished(one, 'skipped', [], why);
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

  async #prepare(planned: PlannedTask): Promise<Prepared> {
    const { task, changes } = planned;
    if (!task.prepare) return {};
    const progress = (text: string) => this.#wire.doing(text);
    const prepared = await this.#wire.inTask(planned, () => task.prepare?.(changes, { progress }));
    return prepared ?? {};
  }

  /** Some side by side: each file has a channel of its own. */
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
    const turns = new Turns(CHANNELS);
    const sendOne = ({ source, target }: Transfer) =>
      this.host.send(source, target, (bytes) => {
        sent.set(target, bytes);
        const total = [...sent.values()].reduce((sum, one) => sum + one, 0);
        this.#wire.doing(`sending ${inMegabytes(total)} of ${whole} MB`);
      });
    await Promise.all(transfers.map((one) => turns.take(() => sendOne(one))));
  }
}

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function isOnce(task: Task, skipped: string | undefined): boolean {
  return wordsOf(task).runOnce === true && skipped?.startsWith('runOnce') === true;
}

function onceFailed(name: string, first: First | undefined, { title }: Task): QuorateError {
  const who = first?.host.target.name ?? 'the first host';
  if (first?.isLost !== true) {
    return new QuorateError(`${name}: stopped on request while it waited for "${title}" on ${who}`, {
      exitCode: EXIT.interrupted,
      host: name,
      hint: 'run again to go on',
    });
  }
  return new QuorateError(`${name}: ${who}, which does "${title}" for all, has failed`, {
    exitCode: EXIT.failed,
    host: name,
    hint: `see what failed on ${who}, and run again`,
  });
}

/** A task failed, and nothing else. */
function isTasks(error: unknown): error is QuorateError {
  return error instanceof QuorateError && error.exitCode === EXIT.failed;
}

function withoutHost({ message }: QuorateError, host: string): string {
  return message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
}

function dueAgain({ title }: Task): QuorateError {
  return new QuorateError(`"${title}" is due again: a task behind it has changed what it looks at`, {
    exitCode: EXIT.failed,
    hint: 'declare it behind that task, or name the tasks that matter: after: [ … ]',
  });
}
