import type { Play, Playbook, PlayHost, PlayInventoryHost } from '../dsl/play.ts';
import type { HostData, Role } from '../dsl/role.ts';
import { bugOf, EXIT, type ExitCode, QuorateError, QuorateErrors, worstExit } from '../errors.ts';
import { type Connectable, Connections } from './connections.ts';
import type { EventSink } from './events.ts';
import { exchange } from './exchange.ts';
import { type HeldLock, takeLock } from './lock.ts';
import { LoopHost } from './play-host.ts';
import { Recap } from './recap.ts';
import type { RoleTask } from './wire.ts';

/** A host as the runner needs it: what plays look at, and a way to connect. */
export interface RunHost extends PlayInventoryHost, Connectable {}

export interface RunOptions {
  readonly inventoryFiles: readonly string[];
  /** All hosts that a pattern names, in inventory order. */
  readonly select: (pattern: string) => readonly RunHost[];
  /** `--limit`. */
  readonly limit: (host: RunHost) => boolean;
  readonly check: boolean;
  /** A check that finds something to change ends with 8. */
  readonly detailedExitcode: boolean;
  readonly forks: number;
  /** Roles that take part; `explicit` when `-r` named them. */
  readonly roles: { readonly includes: (role: string) => boolean; readonly explicit: boolean };
  readonly sink: EventSink;
}

/** A run under way; the command line turns signals into these. */
export interface Run {
  readonly done: Promise<ExitCode>;
  /** Finishes the tasks in hand, then ends with 130. */
  stop(code: ExitCode): void;
  /** Ends the scripts on the hosts at once; a run that goes on all the same is given up. */
  kill(): void;
  /** It was given up: something of it may still be under way in this process, and nobody waits for it. */
  readonly abandoned: boolean;
}

/** Milliseconds that a run has to end once its scripts were killed. */
const GRACE = 2000;

/** Runs the plays of a playbook in order; events go to the sink, the recap last. */
export function startRun(playbook: Playbook, options: RunOptions): Run {
  const session = new Session(options);
  return {
    done: Promise.race([session.run(playbook), session.givenUp]),
    stop: (code) => session.stop(code),
    kill: () => session.kill(),
    get abandoned() {
      return session.abandoned;
    },
  };
}

class Session {
  readonly #options: RunOptions;
  readonly #sink: EventSink;
  readonly #recap: Recap;
  readonly #connections = new Connections();
  readonly #failed = new Set<string>();
  #hosts: readonly LoopHost<unknown>[] = [];
  #codes: ExitCode[] = [];
  #stopped: ExitCode | undefined;
  /** It has said its last word. */
  #ended = false;
  #giveUp: (code: ExitCode) => void = () => {};
  readonly givenUp: Promise<ExitCode> = new Promise((resolve) => {
    this.#giveUp = resolve;
  });
  abandoned = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#recap = new Recap(options.check);
    this.#sink = {
      emit: (event) => {
        if (this.#ended) return;
        this.#recap.count(event);
        options.sink.emit(event);
      },
      progress: (progress) => {
        if (!this.#ended) options.sink.progress(progress);
      },
    };
  }

  async run(playbook: Playbook): Promise<ExitCode> {
    const { inventoryFiles, check, select } = this.#options;
    const hosts = [...new Set(playbook.plays.flatMap((play) => select(play.hosts).map((host) => host.name)))];
    this.#sink.emit({ event: 'start', playbook: playbook.name, inventory: inventoryFiles, check, hosts });
    try {
      for (const play of playbook.plays) {
        if (this.#codes.some((code) => code !== EXIT.pending)) break;
        await this.#play(play);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      await this.#connections.close((name, count) => this.#recap.roundTrips(name, count));
    }
    return this.#end();
  }

  #end(): ExitCode {
    const exitCode = worstExit(this.#codes);
    this.#sink.emit(this.#recap.event(exitCode));
    this.#ended = true;
    return exitCode;
  }

  stop(code: ExitCode): void {
    this.#stopped = code;
    this.#codes.push(code);
    for (const host of this.#hosts) host.stop();
  }

  kill(): void {
    for (const host of this.#hosts) host.kill();
    setTimeout(() => this.#abandon(), GRACE).unref();
  }

  /** What goes on here has no script on a host to end: a download, a file that is sent, a host that is not there. */
  #abandon(): void {
    if (this.#ended) return;
    this.abandoned = true;
    this.#fail(
      new QuorateError('stopped at once, in the middle of what was under way', {
        exitCode: this.#stopped ?? EXIT.interrupted,
        hint: 'run again: every host is read afresh first',
      }),
    );
    this.#giveUp(this.#end());
  }

  async #play<Facts>(play: Play<Facts>): Promise<void> {
    const { select, limit, check, roles } = this.#options;
    const all = select(play.hosts);
    const selected = all.filter(limit);
    const scope = play.strategy.scope?.(selected, all) ?? selected;
    this.#sink.emit({ event: 'play', play: play.name, hosts: selected.map((host) => host.name) });
    const isSelected = new Set(selected.map((host) => host.name));
    const hostvars = Object.fromEntries(all.map((host) => [host.name, host.vars]));
    const hosts = await this.#gather(play, scope, (host) => ({
      data: { name: host.name, vars: host.vars, hostvars },
      selected: isSelected.has(host.name),
    }));
    this.#hosts = hosts;
    const taking = play.roles.filter((role) => roles.includes(role.name));
    const run = {
      check,
      roles: taking.map((role) => role.name),
      explicitRoles: roles.explicit,
      hosts,
      unreachable: scope
        .map((host) => host.name)
        .filter((name) => !hosts.some((h) => h.target.name === name)),
      log: (level: 'info' | 'warning' | 'table', message: string) =>
        this.#sink.emit({ event: 'log', level, message }),
      each: (some: readonly PlayHost<Facts>[], work: (host: PlayHost<Facts>) => Promise<void>) =>
        this.#each(some, (host) => host.target.name, work),
      failed: ({ target }: PlayHost<Facts>) => this.#failed.has(target.name),
      stopping: () => this.#stopped !== undefined,
      fail: (error: unknown) => this.#fail(error),
    };
    await play.strategy.survey?.(run);
    await this.#plan(hosts, taking);
    if (check) this.#reportPlans(hosts);
    play.strategy.admit?.(run);
    if (!check) {
      const isDue = new Set(hosts.filter(hasChanges).map(({ target }) => target.name));
      const due = all.filter(({ name }) => isDue.has(name));
      const together = new Set((play.strategy.scope?.(due, all) ?? due).map(({ name }) => name));
      const locked = hosts.filter(({ target }) => together.has(target.name));
      await this.#converge(locked, () => play.strategy.converge(run));
    }
    if (!this.#stopped) await play.strategy.verify?.(run);
  }

  /** Connects and reads facts: the first exchange. Hosts that fail are reported and left out. */
  async #gather<Facts>(
    play: Play<Facts>,
    scope: readonly RunHost[],
    describe: (host: RunHost) => { readonly data: HostData; readonly selected: boolean },
  ): Promise<LoopHost<Facts>[]> {
    const gathered = new Map<string, LoopHost<Facts>>();
    await this.#each(
      scope,
      (host) => host.name,
      async (host) => {
        this.#sink.progress({ host: host.name, doing: 'connecting' });
        const connected = await this.#connections.of(host);
        this.#sink.progress({ host: host.name, doing: 'reading facts' });
        const { data, selected } = describe(host);
        const stateDir = play.stateDir(data);
        const { readings } = await exchange(
          connected,
          [{ id: 'facts', sh: play.gather.probe(data), critical: false }],
          {
            stateDir,
            stderr: (message) => this.#sink.emit({ event: 'log', level: 'debug', host: host.name, message }),
          },
        );
        const facts = play.gather.parse(readings.get('facts') ?? { code: 1, out: '' }, data);
        const { check } = this.#options;
        const owner = play.owner(data);
        const loop = new LoopHost(
          { ...data, facts },
          {
            host: connected,
            connect: () => this.#connections.anew(host),
            selected,
            check,
            stateDir,
            owner,
            sink: this.#sink,
          },
        );
        gathered.set(host.name, loop);
      },
    );
    return scope.flatMap((host) => gathered.get(host.name) ?? []);
  }

  async #plan<Facts>(hosts: readonly LoopHost<Facts>[], roles: readonly Role<Facts>[]): Promise<void> {
    await this.#each(
      hosts.filter((host) => host.selected),
      (host) => host.target.name,
      async (host) => {
        const tasks: RoleTask[] = roles.flatMap((role) =>
          role.tasks(host.target).map((task) => ({ role: role.name, task })),
        );
        await host.makePlan(tasks);
      },
    );
    for (const host of hosts) {
      for (const { role, task, changes } of host.plan) {
        if (changes.length === 0) host.report(role, task.title, 'ok');
      }
    }
  }

  #reportPlans(hosts: readonly LoopHost<unknown>[]): void {
    for (const host of hosts) {
      for (const { role, task, changes } of host.plan) {
        if (changes.length === 0) continue;
        if (this.#options.detailedExitcode) this.#codes.push(EXIT.pending);
        const status = changes.every((change) => change.certainty === 'unknown') ? 'unknown' : 'changed';
        this.#sink.emit({ event: 'task', host: host.target.name, role, task: task.title, status, changes });
      }
    }
  }

  /**
   * Works under the run locks of hosts: of all that belong together with one that has changes, or two runs with
   * another `--limit` each would restart two members of one cluster at once. They are taken one by one in the
   * order of the inventory, which is the same for every run: whoever loses, loses to a run that only wants
   * later ones, so of those that race one always goes on.
   */
  async #converge(hosts: readonly LoopHost<unknown>[], work: () => Promise<void>): Promise<void> {
    const locks: HeldLock[] = [];
    try {
      for (const host of hosts.filter(({ target }) => !this.#failed.has(target.name))) {
        const lock = await takeLock(host.host, host.stateDir, { create: hasChanges(host) });
        if (lock) locks.push(lock);
      }
      await work();
    } finally {
      await Promise.allSettled(locks.map((lock) => lock.release()));
    }
  }

  async #each<T>(
    items: readonly T[],
    name: (item: T) => string,
    work: (item: T) => Promise<void>,
  ): Promise<T[]> {
    const waiting = items.filter((item) => !this.#failed.has(name(item)));
    const done = new Set<T>();
    const worker = async () => {
      for (let item = waiting.shift(); item !== undefined && !this.#stopped; item = waiting.shift()) {
        try {
          await work(item);
          done.add(item);
        } catch (error) {
          this.#failed.add(name(item));
          this.#fail(error, name(item));
        }
        this.#sink.progress({ host: name(item), doing: undefined });
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#options.forks, waiting.length) }, worker));
    return items.filter((item) => done.has(item));
  }

  #fail(error: unknown, host?: string): void {
    if (error instanceof QuorateErrors) {
      for (const one of error.errors) this.#fail(one);
      return;
    }
    const known = error instanceof QuorateError ? error : bugOf(error);
    const { message, hint, task, position } = known;
    // What was stopped on request ends with the code of what stopped it: 130 or 143.
    const exitCode =
      known.exitCode === EXIT.interrupted ? (this.#stopped ?? EXIT.interrupted) : known.exitCode;
    this.#codes.push(exitCode);
    const where = known.host ?? host;
    this.#sink.emit({
      event: 'error',
      message,
      exitCode,
      ...(hint !== undefined && { hint }),
      ...(where !== undefined && { host: where }),
      ...(task !== undefined && { task }),
      ...(position !== undefined && { position }),
    });
  }
}

function hasChanges({ plan }: LoopHost<unknown>): boolean {
  return plan.some(({ changes }) => changes.length > 0);
}
