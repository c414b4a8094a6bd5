import type { Ledger } from '../dsl/ledger/ledger.ts';
import { pathsOf, wantedPaths } from '../dsl/paths-of.ts';
import { type ActOptions, type HoldPlace, isDue, type PlannedTask, type PlayHost } from '../dsl/play.ts';
import type { HostData, Target, Vars } from '../dsl/role.ts';
import type { Sh } from '../dsl/shell/sh.ts';
import type { Prepared, Reading, Received, Task, Transfer } from '../dsl/task.ts';
import { withLoaded } from '../dsl/trace/lazy.ts';
import { World } from '../dsl/world/world.ts';
import { EXIT, errorsOf, QuorateError, withoutHost } from '../errors.ts';
import type { Host } from '../transport/host.ts';
import { Slots } from '../transport/slots.ts';
import { type ApplyContext, applySteps } from './apply/apply.ts';
import { type Actor, Elsewhere, type Site } from './apply/elsewhere.ts';
import { awaitOnce, type Doer, isOnce, type Outcome } from './apply/once.ts';
import type { EventSink, TaskStatus } from './events.ts';
import { tellGrowth } from './exchange/growth.ts';
import { Program } from './exchange/program.ts';
import { sendFiles } from './exchange/send-files.ts';
import { differencesOf, handlerOf, probeFragment, wordsOf } from './exchange/task-shell.ts';
import { type RoleTask, Wire } from './exchange/wire.ts';
import { isLook, withoutLooks } from './plan/left-over.ts';
import { planTasks } from './plan/plan.ts';
import { throwAll, withoutRepeats } from './plan/wishes.ts';

/** Seconds for what changes something outside of tasks. */
const ACT_SECONDS = 180;

export interface PlayHostOptions<Facts> {
  readonly host: Host;
  /** Opens a further connection to the host: who changes a firewall must see that one gets through. */
  readonly connect: () => Promise<Host>;
  readonly selected: boolean;
  readonly check: boolean;
  /** Somebody reviews the plan: each task keeps what its probe printed. */
  readonly keepsReadings?: boolean;
  readonly stateDir: string;
  /** Called in a check when the host would change: a run that cannot keep records there would fail at its lock. */
  readonly noteChanges?: (() => void) | undefined;
  /** See `Play.holds`. */
  readonly holds?: readonly HoldPlace[] | undefined;
  /** Written on the host beside the manifest: whose records these are. */
  readonly owner: string;
  readonly sink: EventSink;
  /** The host that does a task for all (`runOnce`), which may be this one. */
  readonly doer?: (one: RoleTask) => Doer | undefined;
  /** The turns of the host, which it shares with others that have it do something. */
  readonly slots?: Slots;
  /** What the other hosts have one do. */
  readonly askedBy?: (name: string) => readonly Task[];
  /** A host that acts for this one, by its name. */
  readonly actor?: (name: string) => Promise<Actor>;
  /** Of a check: what earlier plays will have made of the host. */
  readonly foreseen?: World;
  /** Reads the facts of the host anew. */
  readonly gather?: () => Promise<Facts>;
  /** What the roles that take part want of a host. */
  build(target: Target<Facts>): readonly RoleTask[];
  /** What runs have made there; without it nothing is recorded. */
  readonly ledger?: Ledger;
  /** Sees to what no role declares any more, besides these tasks. */
  tasksForLeft?(tasks: readonly RoleTask[]): Promise<readonly RoleTask[]>;
}

/** The loop for one host: plan from one exchange, apply and prove in another. */
export class LoopHost<Facts> implements PlayHost<Facts> {
  readonly host: Host;
  readonly selected: boolean;
  readonly stateDir: string;
  readonly holds: readonly HoldPlace[] | undefined;
  target: Target<Facts>;
  plan: readonly PlannedTask[] = [];
  /** Of a check: why tasks could not be planned. */
  faults: readonly QuorateError[] = [];
  readonly #options: PlayHostOptions<Facts>;
  readonly #wire: Wire;
  readonly #others: Elsewhere;
  readonly #applied = new Set<PlannedTask>();
  /** What takes away what no role declares: it wants nothing at its path. */
  #going: ReadonlySet<Task> = new Set();
  #world = new World();
  #program = new Program([]);
  /** What is wanted of a target, until that is planned. */
  #declared: { readonly target: Target<Facts>; readonly tasks: readonly RoleTask[] } | undefined;
  #asked: readonly Task[] = [];
  /** What another host does once and that was waited for. */
  readonly #awaited = new Set<Task>();

  constructor(target: Target<Facts>, options: PlayHostOptions<Facts>) {
    this.target = target;
    this.host = options.host;
    this.selected = options.selected;
    this.stateDir = options.stateDir;
    this.holds = options.holds;
    this.#options = options;
    this.#wire = new Wire(options.host, options.stateDir, options.sink);
    const nobody = () => Promise.reject(new Error('no other host is known here'));
    this.#others = new Elsewhere(target.name, options.actor ?? nobody, options.sink);
  }

  async read(doing: string, probe: Sh): Promise<Reading> {
    return this.#ask(doing, probe);
  }

  async act(doing: string, apply: Sh, { seconds = ACT_SECONDS, grows }: ActOptions = {}): Promise<Reading> {
    if (this.#options.check) throw new Error(`a check must not act: ${doing}`);
    const work = this.#ask(doing, apply, seconds);
    if (grows === undefined) return work;
    const { host, stateDir } = this;
    return tellGrowth(host, { work, grows, stateDir }, (text) => this.#wire.log('info', `${doing}: ${text}`));
  }

  async pipe(doing: string, piped: Sh): Promise<number> {
    if (this.#options.check) throw new Error(`a check must not run: ${doing}`);
    return this.#wire.pipe(doing, piped);
  }

  async send(doing: string, source: string, target: string): Promise<void> {
    if (this.#options.check) throw new Error(`a check must not send: ${doing}`);
    await sendFiles(this.host, [{ source, target }], (text) => this.#wire.doing(`${doing}: ${text}`));
    this.#wire.doing(undefined);
  }

  async receive(doing: string, printed: Sh, most: number): Promise<Received> {
    return this.#wire.receive(doing, printed, most);
  }

  async #ask(doing: string, asked: Sh, patience?: number): Promise<Reading> {
    const fragment = { id: 'read', sh: asked, critical: false, ...(patience !== undefined && { patience }) };
    const { readings } = await this.#wire.exchange(doing, [fragment]);
    return readings.get('read') as Reading;
  }

  /** Builds what is wanted of the host: who does what is done once hangs on the tasks of all. */
  async declare(): Promise<void> {
    if (!this.selected) return;
    const { target } = this;
    const tasks = await withLoaded(() => this.#options.build(target));
    this.#declared = { target, tasks };
    this.#program = new Program(tasks);
  }

  async replan(vars: Vars = {}, others?: HostData['hostvars']): Promise<void> {
    if (!this.selected) return;
    const { name } = this.target;
    const own = { ...this.target.vars, ...vars };
    const hostvars = { ...this.target.hostvars, [name]: own };
    if (Object.keys(vars).length > 0) this.target = { ...this.target, vars: own, hostvars };
    const target = others ? { ...this.target, hostvars: { ...others, [name]: own } } : this.target;
    const declared = this.#declared?.target === target ? this.#declared.tasks : undefined;
    this.#declared = undefined;
    await this.makePlan(declared ?? (await withLoaded(() => this.#options.build(target))));
    if (this.#options.check && this.changesItself) this.#options.noteChanges?.();
    throwAll(this.faults);
  }

  async refresh(): Promise<void> {
    const facts = await this.#options.gather?.();
    if (facts !== undefined) this.target = { ...this.target, facts };
  }

  /** Probes all tasks in one exchange and compares them in order; fills `plan`, and `faults` in a check. */
  async makePlan(declared: readonly RoleTask[]): Promise<void> {
    this.faults = [];
    const wanted = withoutRepeats(this.target.name, declared);
    const left = (await this.#options.tasksForLeft?.(wanted)) ?? [];
    this.#going = new Set(left.map(({ task }) => task));
    this.#program = new Program([...wanted, ...left]);
    this.plan = withoutLooks(await this.#planOf(this.#program.live, { first: this.target.name }));
    this.#idle();
  }

  async #planOf(
    tasks: readonly RoleTask[],
    { first, kept = [] }: { readonly first?: string; readonly kept?: readonly PlannedTask[] },
  ): Promise<readonly PlannedTask[]> {
    this.#world = this.#options.foreseen?.forNextPlay() ?? new World();
    this.#world.provides(this.stateDir);
    this.#asked = this.#options.askedBy?.(this.target.name) ?? [];
    const elsewhere = (one: RoleTask) => this.#elsewhere(one)?.host.target.name;
    await this.#others.meet(tasks.filter((one) => elsewhere(one) === undefined));
    for (const { task } of this.#program.live)
      if (!this.#going.has(task)) this.#siteOf(task).world.declared.add(task.resource, wantedPaths(task));
    for (const { task, found = [] } of kept) this.#siteOf(task).world.declared.add(task.resource, found);
    const all = tasks.map(({ role, task, at }) => ({ role, task, ...(at && { at }) }));
    const { keepsReadings = false } = this.#options;
    const siteOf = (task: Task) => this.#siteOf(task);
    const fault = (error: unknown) => {
      this.faults = [...this.faults, ...errorsOf(error)];
    };
    return planTasks(all, { siteOf, elsewhere, keepsReadings, first, ...(this.#options.check && { fault }) });
  }

  #siteOf(task: Task): Site {
    const isAsked = (own: Task) => this.#isAsked(own);
    return this.#others.of(task) ?? { wire: this.#wire, world: this.#world, actor: undefined, isAsked };
  }

  /** Others have this host do something about the same thing or path. */
  #isAsked(own: Task): boolean {
    return this.#asked.some((one) => areAbout(one, own));
  }

  get #turns(): ApplyContext['turns'] {
    return { slots: this.#options.slots ?? new Slots(1), takes: (task) => this.#isAsked(task) };
  }

  /** A run would change something on this host, and not only on those that act for it. */
  get changesItself(): boolean {
    return this.plan.some((one) => isDue(one) && this.#others.of(one.task) === undefined);
  }

  get #wires(): readonly Wire[] {
    return [this.#wire, ...this.#others.wires];
  }

  /** What the host will be like once the plan is carried out. */
  get foreseen(): World {
    return this.#world;
  }

  /** The host that does a task for all, where that is another one. */
  #elsewhere(one: RoleTask): Doer | undefined {
    const doer = wordsOf(one.task).runOnce ? this.#options.doer?.(one) : undefined;
    return doer?.host.target.name === this.target.name ? undefined : doer;
  }

  /** It is to do a task that is done once, as things are. */
  isFor({ role, task: { thing } }: RoleTask): boolean {
    return this.#program.live.some((own) => {
      const { runOnce, when } = wordsOf(own.task);
      return own.role === role && own.task.thing === thing && runOnce && when !== false;
    });
  }

  /** What it has another host do. */
  asksOf(name: string): readonly Task[] {
    return this.#program.delegatedTo(name);
  }

  async apply(which: (planned: PlannedTask) => boolean): Promise<void> {
    await this.#converge(which, () => false);
  }

  /**
   * Does what fell to this host after it was through, once all others are. It may have had nothing else to do: the caller
   * sees to its lock.
   */
  async takeOver(): Promise<void> {
    await this.#converge(
      () => true,
      () => this.fallen.length > 0,
    );
  }

  /** What another host was to do for all and came past: it falls to this one, which has not done it. */
  get fallen(): readonly PlannedTask[] {
    return this.plan.filter((one) => this.#isAhead(one) && this.#elsewhere(one) === undefined);
  }

  /** Another host does it for all, and this one has not waited for that yet. */
  #isAhead({ task, skipped }: PlannedTask): boolean {
    return isOnce(task, skipped) && !this.#awaited.has(task);
  }

  async #converge(which: (planned: PlannedTask) => boolean, goesOn: () => boolean): Promise<void> {
    const isLeft = (one: PlannedTask) => isDue(one) && !this.#applied.has(one) && which(one);
    let ended: unknown;
    for (let due = this.plan.filter(isLeft); due.length > 0 || goesOn(); due = this.plan.filter(isLeft)) {
      try {
        await this.#carryOut(await this.#untilOnce(due));
      } catch (error) {
        ended = await this.#goOn(error, ended);
      }
    }
    this.#idle();
    if (ended !== undefined) throw ended;
    await this.#settle(this.#world.forProof());
  }

  /**
   * Return the due tasks before the next `runOnce` task that another host does. When that task is first in line, wait
   * for the other host instead, plan the rest anew if it changed something, and return nothing.
   */
  async #untilOnce(due: readonly PlannedTask[]): Promise<readonly PlannedTask[]> {
    const at = this.plan.findIndex((one) => this.#isAhead(one));
    const once = this.plan[at];
    if (once === undefined) return due;
    const before = due.filter((one) => this.plan.indexOf(one) < at);
    if (before.length > 0) return before;
    this.#awaited.add(once.task);
    this.#wire.doing(`waiting for "${once.task.title}"`);
    const outcome = await awaitOnce(once, () => this.#elsewhere(once), this.#wire);
    // That host came past it: it falls to this one.
    if (outcome === undefined) await this.#planFrom(at);
    if (outcome === 'changed') await this.#planFrom(at + 1);
    return [];
  }

  /** What became of a task here; undefined while it is still to come. */
  outcomeOf({ role, task: { thing } }: RoleTask): Outcome | undefined {
    const planned = this.plan.find((one) => one.role === role && one.task.thing === thing);
    if (planned === undefined || planned.skipped !== undefined) return undefined;
    if (this.#program.hasFailed(planned.task) && handlerOf(planned.task) !== 'ignored') return 'failed';
    if (!isDue(planned)) return 'ok';
    return this.#applied.has(planned) ? 'changed' : undefined;
  }

  /** Plans what stands from there on anew, from new readings. */
  async #planFrom(at: number): Promise<void> {
    await this.#planAnew(this.plan.slice(0, at), this.plan.slice(at));
  }

  /** Keeps the first of these as planned, and plans the others from new readings; tells what is found done by then. */
  async #planAnew(kept: readonly PlannedTask[], tasks: readonly RoleTask[]): Promise<void> {
    const known = new Set(this.plan.filter((one) => !isDue(one)).map(({ task }) => task));
    const planned = await this.#planOf(tasks, { kept });
    this.#tellOk(planned.filter(({ task }) => !known.has(task)));
    this.plan = [...kept, ...planned];
    this.#idle();
  }

  async #carryOut(due: readonly PlannedTask[]): Promise<void> {
    if (due.length === 0) return;
    for (const wire of this.#wires) wire.takeFailed();
    this.#wire.doing('preparing');
    const prepare = (planned: PlannedTask) => this.#prepare(planned);
    const prepared = await Promise.all(due.map((one) => (one.waits ? {} : prepare(one))));
    const steps = due.map((planned, i) => ({ planned, prepared: prepared[i] ?? {} }));
    const { owner, connect, ledger } = this.#options;
    const proof = this.#world.forProof();
    const sendTo = (host: Host) => (files: readonly Transfer[]) =>
      sendFiles(host, files, (text) => this.#wire.doing(text));
    await applySteps(steps, {
      wire: this.#wire,
      proof,
      owner,
      connect,
      prepare,
      send: sendTo(this.host),
      done: this.#applied,
      elsewhere: (task) => {
        const { actor, wire, world } = this.#siteOf(task);
        if (actor === undefined) return undefined;
        const { owner, connect } = actor;
        const context = { wire, proof: world.forProof(), owner, connect, prepare, done: this.#applied };
        return { actor, context: { ...context, send: sendTo(actor.host) } };
      },
      ledger,
      ...(this.#asked.length > 0 && { turns: this.#turns }),
    });
  }

  /**
   * Continue after a failed task: plan anew what still runs (`rescue`, `always`, the rest after an ignored failure).
   * Return the error to end the host with afterwards, or undefined when the failure is handled; throw when nothing is
   * left to run.
   */
  async #goOn(error: unknown, ended: unknown): Promise<unknown> {
    const failed = this.#wires.map((wire) => wire.takeFailed()).find(Boolean);
    if (failed === undefined || !isTasks(error) || this.#wire.stopping) throw ended ?? error;
    const rest = this.#program.behind(failed.task);
    const handled = handlerOf(failed.task);
    if (handled === undefined && rest.length === 0) throw ended ?? error;
    if (handled !== undefined)
      this.#wire.log('warning', `${withoutHost(error.message, this.host.name)} (${handled})`);
    const before = this.plan.slice(0, this.plan.findIndex(({ task }) => task === failed.task) + 1);
    for (const one of before.slice(-1)) this.#applied.add(one);
    const isOpen = (one: PlannedTask) => isDue(one) && !this.#applied.has(one);
    await this.#planAnew(
      before.filter((one) => !isOpen(one)),
      [...before.filter(isOpen), ...rest],
    );
    return handled === undefined ? (ended ?? error) : ended;
  }

  #tellOk(planned: readonly PlannedTask[]): void {
    for (const one of planned)
      if (!isDue(one) && one.skipped === undefined) this.#siteOf(one.task).wire.finished(one, 'ok');
  }

  /**
   * After the last apply: read again the tasks with `after: 'any'` that were judged before later tasks changed
   * something, and what was started in front of them; none may be due again.
   */
  async #settle(proof: World): Promise<void> {
    if (this.plan.some((one) => isDue(one) && !this.#applied.has(one))) return;
    const early = this.plan
      .slice(0, this.plan.findLastIndex(isDue))
      .filter(
        ({ task, skipped }) =>
          task.after === 'any' && !task.unproven && task.probe && !skipped && !this.#others.of(task),
      );
    const begun = this.plan
      .slice(0, this.plan.findLastIndex(isDue))
      .filter((one) => one.task.explain && this.#applied.has(one) && !this.#others.of(one.task));
    if (early.length + begun.length === 0) return;
    const fragments = [
      ...early.map(({ task }, i) => probeFragment(task, `${i}`)),
      ...begun.map(({ task }, i) => ({ id: `w${i}`, sh: task.explain as Sh, critical: false })),
    ];
    const { readings } = await this.#wire.exchange('reading', fragments);
    for (const [i, planned] of early.entries()) {
      if (this.#program.hasFailed(planned.task)) continue;
      this.#wire.inTask(planned, () => {
        const left = differencesOf(planned.task, readings.get(`${i}`) ?? { code: 1, out: '' }, proof);
        if (left.length > 0) throw dueAgain(planned.task);
      });
    }
    for (const [i, planned] of begun.entries()) {
      const why = readings.get(`w${i}`)?.out.trim() ?? '';
      if (why === '' || this.#program.hasFailed(planned.task)) continue;
      this.#wire.inTask(planned, () => {
        throw new QuorateError(`"${planned.task.title}" does not hold any more\n${why}`, {
          exitCode: EXIT.failed,
        });
      });
    }
  }

  report(role: string, task: string, status: TaskStatus): void {
    this.#wire.finished({ role, task: { title: task } }, status);
  }

  /** Reports what is planned and needs nothing done; in a check, all that is planned. */
  reportPlan(): void {
    for (const planned of this.plan) {
      const { skipped, failed, changes, task } = planned;
      if (failed) continue;
      const { wire } = this.#siteOf(task);
      if (skipped !== undefined) wire.finished(planned, 'skipped', [], skipped);
      else if (!isDue(planned)) wire.finished(planned, 'ok');
      else if (this.#options.check) {
        const status = changes.every(({ certainty }) => certainty === 'unknown') ? 'unknown' : 'changed';
        wire.finished(planned, status, changes);
      }
    }
    if (this.#options.check) this.reportLeft();
  }

  /** Report tasks that never ran: the rescue of a block that did not fail, and tasks skipped after a failure. */
  reportLeft(): void {
    const isDone = ({ task }: RoleTask) => [...this.#applied].some((done) => done.task === task);
    for (const [one, why] of this.#program.left)
      if (!isLook(one, this.plan) && !isDone(one)) this.#wire.finished(one, 'skipped', [], why);
  }

  /** First Ctrl-C: ends after the task in hand. */
  stop(): void {
    for (const wire of this.#wires) wire.stop();
  }

  /** Second Ctrl-C: ends the process group on the host. */
  kill(): void {
    for (const wire of this.#wires) wire.kill();
  }

  #idle(): void {
    const due = this.plan.filter((planned) => isDue(planned) && !this.#applied.has(planned));
    this.#wire.idle(this.#options.check ? 0 : due.length);
  }

  async #prepare(planned: PlannedTask): Promise<Prepared> {
    const { task, changes } = planned;
    if (!task.prepare) return {};
    const progress = (text: string) => this.#wire.doing(text);
    const prepared = await this.#wire.inTask(planned, () => task.prepare?.(changes, { progress }));
    return prepared ?? {};
  }
}

/** They are about one thing, or a path of one is a path of the other. */
function areAbout(one: Task, other: Task): boolean {
  return one.thing === other.thing || pathsOf(one).some((path) => pathsOf(other).includes(path));
}

/** A task failed, and nothing else. */
function isTasks(error: unknown): error is QuorateError {
  return error instanceof QuorateError && error.exitCode === EXIT.failed;
}

function dueAgain({ title }: Task): QuorateError {
  return new QuorateError(`"${title}" is due again: a task after it has changed what it looks at`, {
    exitCode: EXIT.failed,
    hint: 'declare it after that task, or name the tasks that matter: after: [ … ]',
  });
}
