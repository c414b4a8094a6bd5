import { AsyncLocalStorage } from 'node:async_hooks';
import { deferred } from '../deferred.ts';
import type { HostFacts, ToldFacts } from '../dsl/host-facts.ts';
import type { TakeAway } from '../dsl/ledger/left-over.ts';
import type { Playbook, PlayInventoryHost } from '../dsl/play.ts';
import type { Fleet, Vars } from '../dsl/role.ts';
import type { Store } from '../dsl/source/store.ts';
import type { World } from '../dsl/world/world.ts';
import { bugOf, EXIT, type ExitCode, QuorateError, QuorateErrors, worstExit } from '../errors.ts';
import type { RunningScript } from '../transport/host.ts';
import { Slots } from '../transport/slots.ts';
import type { Actor } from './apply/elsewhere.ts';
import type { AuditNote } from './audit.ts';
import { type Connectable, Connections } from './connections.ts';
import { type EventSink, errorEvent, type RunEvent } from './events.ts';
import { Locks } from './locks/locks.ts';
import type { LoopHost } from './loop-host.ts';
import { Delegations } from './plan/delegated.ts';
import { LeftOvers } from './plan/left-over.ts';
import { type Approval, type PlannedBatch, playNames } from './plan/review.ts';
import { TakenBack } from './plan/taken-back.ts';
import { MissedFacts } from './plan/unread.ts';
import { Recap } from './recap.ts';

/** A host as the runner needs it: what plays look at, and a way to connect. */
export interface RunHost extends PlayInventoryHost, Connectable {}

export interface RunOptions {
  readonly inventoryFiles: readonly string[];
  /** All hosts that a pattern names, in inventory order. */
  readonly select: (pattern: string) => readonly RunHost[];
  /** All groups of the inventory, with the names of their hosts. */
  readonly groups?: ReadonlyMap<string, readonly string[]>;
  /** Finds one to act for another, by its name, limit or not; throws exit code 1 where there is none. */
  readonly reach?: (name: string) => Promise<RunHost>;
  /** `--limit`. */
  readonly limit: (host: RunHost) => boolean;
  readonly check: boolean;
  /** A check that finds something to change ends with 8. */
  readonly detailedExitcode: boolean;
  readonly forks: number;
  /** Roles that take part; `explicit` when `-r` named them. */
  readonly roles: { readonly includes: (role: string) => boolean; readonly explicit: boolean };
  /** Take away what no role declares any more. */
  readonly prune?: boolean;
  /** Builds what does so; without it nothing is ever left over. */
  readonly takeAway?: () => Promise<TakeAway>;
  /** What hosts that are changed remember of the run; without it they keep no trace. */
  readonly note?: AuditNote;
  /** What programs print on hosts is what the run is for. */
  readonly tellsOutput?: boolean;
  /** Milliseconds to wait for a lock that another run holds. */
  readonly lockWait?: number;
  /** Sees what each batch is to change, before anything is changed there; whatever it throws ends the run. */
  readonly review?: (batch: PlannedBatch, emit: EventSink['emit']) => Promise<void>;
  /** Called with the exit code of a reviewed run, before its recap; returns a closing sentence, if any. */
  readonly reviewed?: (outcome: ExitCode) => Promise<string | undefined>;
  /** The plan that a run is to carry out, and nothing else. */
  readonly approval?: Approval;
  /** Opens a folder of a machine that is no host of the inventory: see `PlayRun`. */
  readonly openSftp?: (address: string) => Promise<Store>;
  /** Asks the person who started the run; without it nobody is there to agree. */
  readonly consent?: (question: string) => Promise<boolean>;
  /** That person has agreed beforehand. */
  readonly agreed?: boolean;
  readonly sink: EventSink;
}

/** What roles see of the hosts around theirs; grows as facts are read. */
interface GrowingFleet extends Fleet {
  hostvars: Record<string, Vars | undefined>;
  hostfacts: Record<string, Partial<HostFacts> | undefined>;
}

/** Milliseconds that a run has to end once its scripts were killed. */
const GRACE = 2000;

/** One run: its connections, what failed, how it is ended, and what it says. */
export class Session {
  readonly options: RunOptions;
  readonly sink: EventSink;
  readonly connections: Connections;
  readonly locks: Locks;
  /** The check that goes before it, while that is under way. */
  #rehearsal: Session | undefined;
  /** Hosts that act for others, by name and records. */
  readonly actors = new Map<string, Promise<Actor>>();
  readonly #turns = new Map<string, Slots>();
  readonly fleet: GrowingFleet;
  readonly delegations: Delegations;
  readonly leftOvers: LeftOvers;
  readonly #told = new Map<string, ToldFacts>();
  readonly missedFacts = new MissedFacts((message) =>
    this.sink.emit({ event: 'log', level: 'warning', message }),
  );
  readonly #names: ReadonlyMap<unknown, string>;
  /** All that plays have worked on, by name and records. */
  readonly worked = new Map<string, LoopHost<unknown>>();
  /** Those of the play under way: what a stop is for. */
  hosts: readonly LoopHost<unknown>[] = [];
  readonly #slots: Slots;
  readonly #hasSlot = new AsyncLocalStorage<true>();
  /** Scripts of hosts that are not among them yet: facts are read. */
  readonly early = new Set<RunningScript>();
  readonly #recap: Recap;
  readonly #failed = new Set<string>();
  /** Hosts that answered, and could not be used all the same. */
  readonly barred = new Set<string>();
  #codes: ExitCode[] = [];
  /** Of a check: what a run would fail at, by what is said of it. */
  readonly #later = new Map<string, QuorateError>();
  /** How many of `#codes` were tolerated: see `tolerateFailures`. */
  #tolerated = 0;
  /** Plays whose hosts were all looked at before the first batch: see `lookAhead`. */
  readonly lookedAt = new Set<unknown>();
  /** Of a check: each host as it will be once the plays so far are carried out. */
  readonly foreseen = new Map<string, World>();
  /** Of a check of several plays: tells where one takes back what another makes. */
  readonly takenBack: TakenBack | undefined;
  /** Somebody asked to end, with this exit code: `stopping` is true from then on, and what is under way goes to its end. */
  #stopCode: ExitCode | undefined;
  /** It has said its last word, at its end or because it was abandoned: nothing is reported any more. */
  #ended = false;
  /** It ended although work goes on: only after `kill`. */
  abandoned = false;
  /** Resolves with the exit code once it is abandoned; else never. */
  readonly whenAbandoned = deferred<ExitCode>();

  /** `whole`: the run that this one is a part of, on its connections and under its locks. */
  constructor(options: RunOptions, plays: Playbook['plays'] = [], whole?: Session) {
    this.options = options;
    this.connections = whole?.connections ?? new Connections();
    const { select, prune = false, takeAway } = options;
    const names = playNames(plays);
    this.#names = new Map(plays.map((play, i) => [play, names[i] as string]));
    this.leftOvers = new LeftOvers({
      plays,
      select,
      includes: (role) => options.roles.includes(role),
      inventory: options.inventoryFiles,
      prune,
      ...(takeAway && { takeAway }),
      delegatedTo: (host) => this.delegations.to(host),
    });
    this.fleet = { groups: Object.fromEntries(options.groups ?? []), hostvars: {}, hostfacts: {} };
    this.delegations = new Delegations({ plays, select, fleet: this.fleet });
    this.#slots = new Slots(options.forks);
    this.#recap = new Recap(options.check);
    this.takenBack = options.check && plays.length > 1 ? new TakenBack() : undefined;
    this.locks =
      whole?.locks ??
      new Locks({
        note: options.note,
        wait: options.lockWait,
        waiting: (message) => this.sink.emit({ event: 'log', level: 'info', message }),
        stopping: () => this.stopping,
      });
    this.sink = {
      emit: (event) => {
        if (this.#ended) return;
        this.#recap.count(event);
        if (options.check && options.detailedExitcode && isPending(event)) this.#codes.push(EXIT.pending);
        options.sink.emit(event);
      },
      progress: (progress) => {
        if (!this.#ended) options.sink.progress(progress);
      },
      print: (printed) => {
        if (!this.#ended) options.sink.print?.(printed);
      },
    };
  }

  /** Hosts where this run has changed something, or tried to. */
  get changed(): readonly LoopHost<unknown>[] {
    return [...this.worked.values()].filter(({ target }) => this.#recap.hasChanged(target.name));
  }

  /** The exit code, as far as it is known. */
  get outcome(): ExitCode {
    return worstExit(this.#codes);
  }

  /** The last word: connections closed, recap, exit code. */
  async close(): Promise<ExitCode> {
    await this.connections.close((name, count) => this.#recap.roundTrips(name, count));
    return this.#end();
  }

  #end(): ExitCode {
    const exitCode = this.outcome;
    this.sink.emit(this.#recap.event(exitCode));
    this.#ended = true;
    return exitCode;
  }

  /** Checks the plays in this run's place, on its connections and under its locks; what ends it ends this one. */
  async rehearse(
    plays: Playbook['plays'],
    options: Partial<RunOptions>,
    work: (rehearsal: Session) => Promise<void>,
  ): Promise<void> {
    const rehearsal = new Session({ ...this.options, check: true, ...options }, plays, this);
    rehearsal.fleet.hostvars = this.fleet.hostvars;
    this.#rehearsal = rehearsal;
    if (this.#stopCode !== undefined) rehearsal.stop(this.#stopCode);
    try {
      await work(rehearsal);
      rehearsal.failNow();
    } finally {
      this.#rehearsal = undefined;
    }
  }

  /** Says what was read of a host, where it was not said before. */
  tellFacts(host: string, facts: ToldFacts = {}): void {
    const known = this.#told.get(host);
    const all = { ...known, ...facts };
    if (JSON.stringify(all) === JSON.stringify(known ?? {})) return;
    this.#told.set(host, all);
    this.sink.emit({ event: 'facts', host, facts: all });
  }

  /** The turns of a host, which its own tasks share with those that others have it do. */
  turnsOf(host: string): Slots {
    const turns = this.#turns.get(host) ?? new Slots(1);
    this.#turns.set(host, turns);
    return turns;
  }

  /** What tells a play from others of its name. */
  nameOf(play: Playbook['plays'][number]): string {
    return this.#names.get(play) ?? play.name;
  }

  stop(code: ExitCode): void {
    this.#stopCode = code;
    this.#codes.push(code);
    this.#rehearsal?.stop(code);
    for (const one of [...this.hosts, ...this.early]) one.stop();
  }

  kill(): void {
    const { hosts = [], early = [] } = this.#rehearsal ?? {};
    for (const one of [...this.hosts, ...this.early, ...hosts, ...early]) one.kill();
    setTimeout(() => this.#abandon(), GRACE).unref();
  }

  /**
   * End the run although work on this machine continues (a download, an upload, a connection attempt): there is no host
   * script to kill.
   */
  #abandon(): void {
    if (this.#ended) return;
    this.abandoned = true;
    this.fail(
      new QuorateError('stopped at once, in the middle of what was under way', {
        exitCode: this.#stopCode ?? EXIT.interrupted,
        hint: 'run again: every host is read afresh first',
      }),
    );
    this.whenAbandoned.resolve(this.#end());
  }

  /** Somebody asked to end. */
  get stopping(): boolean {
    return this.#stopCode !== undefined;
  }

  failed(host: string): boolean {
    return this.#failed.has(host);
  }

  /** Something went wrong that is not tolerated: no further play is begun. */
  get hasFailed(): boolean {
    return this.#codes.slice(this.#tolerated).some((code) => code !== EXIT.pending);
  }

  /**
   * Tolerate the failures so far, as `maxFailPercentage` allows: they count for the exit code but do not end the run.
   */
  tolerateFailures(): void {
    this.#tolerated = this.#codes.length;
  }

  /**
   * Works on items side by side; those that came through are returned. At most `forks` are under way in the whole run,
   * whoever asks.
   */
  async each<T>(
    items: readonly T[],
    name: (item: T) => string,
    work: (item: T) => Promise<void>,
  ): Promise<T[]> {
    const done = new Set<T>();
    const one = async (item: T) => {
      if (this.#stopCode) return;
      try {
        await work(item);
        done.add(item);
      } catch (error) {
        this.#failed.add(name(item));
        this.fail(error, name(item));
      }
      this.sink.progress({ host: name(item), doing: undefined });
    };
    const waiting = items.filter((item) => !this.#failed.has(name(item)));
    // Work that asks hosts by itself (a gate within a turn) has its slot already, and would wait for itself.
    const slots = this.#hasSlot.getStore() === true ? new Slots(this.options.forks) : this.#slots;
    await Promise.all(waiting.map((item) => slots.run(() => this.#hasSlot.run(true, () => one(item)))));
    return items.filter((item) => done.has(item));
  }

  /** Keep an error until all plays are planned, so that it does not stop the planning. */
  failLater(error: QuorateError): void {
    this.#later.set(error.message, error);
  }

  /** Reports what was kept until now. */
  failNow(): void {
    for (const error of this.#later.values()) this.fail(error);
    this.#later.clear();
  }

  /** Reports an error; it counts for the exit code. */
  fail(error: unknown, host?: string): void {
    if (error instanceof QuorateErrors) {
      for (const one of error.errors) this.fail(one);
      return;
    }
    const known = error instanceof QuorateError ? error : bugOf(error);
    // What was stopped on request ends with the code of what stopped it: 130 or 143.
    const exitCode =
      known.exitCode === EXIT.interrupted ? (this.#stopCode ?? EXIT.interrupted) : known.exitCode;
    this.#codes.push(exitCode);
    const where = known.host ?? host;
    this.sink.emit({
      ...errorEvent(known),
      exitCode,
      ...(where !== undefined && { host: where }),
    });
  }
}

/** Of a check: a run would change something, or only the run can know. */
function isPending(event: RunEvent): boolean {
  if (event.event === 'step') return true;
  return event.event === 'task' && (event.status === 'changed' || event.status === 'unknown');
}
