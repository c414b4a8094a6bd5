import type { Position } from '../errors.ts';
import type { LedgerPlace } from './ledger/ledger.ts';
import type { FactSource, HostData, Role, Target, VarSchema, Vars } from './role.ts';
import type { Sh } from './shell/sh.ts';
import type { Store } from './source/store.ts';
import type { StateEvent } from './states/state-event.ts';
import type { Step, StepStatus } from './step.ts';
import type { Change, Reading, Received, Task } from './task.ts';

/** A task in a plan: with its role and what differs. */
export interface PlannedTask {
  readonly role: string;
  readonly task: Task;
  /** Tells where the role is written. */
  at?(): Position | undefined;
  readonly changes: readonly Change[];
  /** Judged when its turn comes: what earlier tasks change decides whether there is anything to do. */
  readonly waits?: boolean;
  /** Left out on this host, and why. */
  readonly skipped?: string;
  /** Of a check: it could not be planned, which was told; what stands behind it is planned as if it had come true. */
  readonly failed?: true;
  /** Paths that it wants to be there, and that only the host could tell. */
  readonly found?: readonly string[];
  /** What its probe printed: what `changes` rest on. Kept where somebody reviews the plan. */
  readonly reading?: Reading;
}

/** Something differs, so a run carries it out. */
export function isDue({ changes }: PlannedTask): boolean {
  return changes.length > 0;
}

/** A run would change something on this host. */
export function hasChanges({ plan }: Pick<PlayHost, 'plan'>): boolean {
  return plan.some(isDue);
}

export function namesOf(hosts: readonly Pick<PlayHost, 'target'>[]): readonly string[] {
  return hosts.map(({ target }) => target.name);
}

/** Names of hosts, for a sentence. */
export function hostNames(hosts: readonly Pick<PlayHost, 'target'>[]): string {
  return namesOf(hosts).join(', ');
}

export interface ActOptions {
  /** How long it is waited for; 180. */
  readonly seconds?: number;
  /** Shell words: files and folders that it makes, whose size is told every ten seconds. */
  readonly grows?: Sh;
}

/** One connected host while a play runs; what a strategy works with. */
export interface PlayHost<Facts = unknown> {
  readonly target: Target<Facts>;
  /** Inside `--limit`: changes may be made here. */
  readonly selected: boolean;
  /** Empty until the host was planned. */
  readonly plan: readonly PlannedTask[];
  /** Runs read-only shell: one exchange. */
  read(doing: string, probe: Sh): Promise<Reading>;
  /**
   * Runs shell that changes something outside of tasks (moving leadership); never in a check.
   */
  act(doing: string, apply: Sh, options?: ActOptions): Promise<Reading>;
  /**
   * Runs shell for whoever called us, never in a check: its output becomes ours, byte by byte, and nobody waits for it
   * with a deadline. Resolves to its exit status; a first Ctrl-C ends it.
   */
  pipe(doing: string, piped: Sh): Promise<number>;
  /** Puts a file of control there: 0600 and the login's, whole or not at all, under a name to adopt from. Never in a check. */
  send(doing: string, source: string, target: string): Promise<void>;
  /**
   * Hands over what read-only shell prints, byte by byte. Throws 2 where that is more than `most` bytes, 4 where it does
   * not come in time.
   */
  receive(doing: string, printed: Sh, most: number): Promise<Received>;
  /**
   * Plans the host anew in the middle of a run, from facts as they are and vars that differ from the inventory's for
   * the rest of the run: one exchange, no change. Outside of `--limit` the plan stays empty. `others` is what this plan
   * is to take for the hosts of the inventory, where one of them is not to count, or one counts that is not there.
   *
   * @example
   * await host.replan({ etcd_version: '3.6.16' });
   * await host.apply(isInTurn);
   */
  replan(vars?: Vars, others?: HostData['hostvars']): Promise<void>;
  /** Reads the facts anew, in one exchange: an operation looks again after each of its steps. */
  refresh(): Promise<void>;
  /**
   * Prepares, applies and proves the planned tasks that `which` picks, in plan order: in one exchange, or one more for
   * each task that asks for it (`retries`, `delegateTo`, a guarded one).
   * Throws when one of them failed.
   */
  apply(which: (planned: PlannedTask) => boolean): Promise<void>;
  /** Reports a finding about this host as a task of a role. */
  report(role: string, task: string, status: 'ok' | 'failed' | 'unknown' | 'changed'): void;
}

export interface PlayRun<Facts = unknown> {
  readonly check: boolean;
  /** Names of the roles that take part (`-r`, tags). */
  readonly roles: readonly string[];
  /** Roles were picked by name with `-r`. */
  readonly explicitRoles: boolean;
  /** All connected hosts of the play, in inventory order, selected or not. */
  readonly hosts: readonly PlayHost<Facts>[];
  /** Hosts of the play that could not be reached. */
  readonly unreachable: readonly string[];
  /** Those among them that answered, and could not be used all the same: not trusted, no sudo. Errors told why. */
  readonly barred: readonly string[];
  /** The person who started the run has agreed beforehand to whatever it asks (`--yes`). */
  readonly agreed?: boolean;
  log(level: 'info' | 'warning', message: string): void;
  /** Tells of a step: a check tells what is planned, a run also what becomes of it. */
  step(step: Step, status: StepStatus): void;
  /**
   * Opens `sftp://[user@]host[:port]/folder` over a connection of its own, from this machine; a path of `/~/` is below the
   * login's home. Host keys and ssh_config count as for any host.
   */
  openSftp(address: string): Promise<Store>;
  /** Asks the person who started the run; true at once where they have agreed beforehand (`--yes`). */
  consent(question: string): Promise<boolean>;
  /**
   * Works under the run locks of these hosts, which are held until `converge` ends. For what is changed outside of plans:
   * what a plan changes is locked already. Throws exit code 6 where another run holds one.
   */
  locked<T>(hosts: readonly PlayHost<Facts>[], work: () => Promise<T>): Promise<T>;
  /**
   * Shows what a cluster, or its certificates, are like, or what ran: a table in the end, data for other programs. A backup
   * that was tried is data alone; people read of it in a conclusion.
   */
  show(state: StateEvent): void;
  /** What became of it all, in a sentence: reports close with it. */
  conclude(message: string): void;
  /**
   * Works on hosts side by side (at most `--forks`). A host that fails is reported and takes no part in
   * what follows; the hosts that came through are returned.
   */
  each(
    hosts: readonly PlayHost<Facts>[],
    work: (host: PlayHost<Facts>) => Promise<void>,
  ): Promise<readonly PlayHost<Facts>[]>;
  /** A task failed on this host, or it was lost: it takes no part in `each` any more. */
  failed(host: PlayHost<Facts>): boolean;
  /** Somebody asked to end: what only waits is over. */
  stopping(): boolean;
  /** Reports an error and goes on; it decides the exit code in the end. */
  fail(error: unknown): void;
}

/** How the hosts of a play go through their plans together. */
export interface Strategy<Facts = unknown> {
  /** Hosts that must be connected when `selected` are to be changed; by default just those. */
  scope?<H extends PlayInventoryHost>(selected: readonly H[], all: readonly H[]): readonly H[];
  /** One host that can be reached is enough: the others are warnings then. */
  readonly anyHost?: true;
  /** Hosts are free of each other: each is locked for itself, and one that somebody has is left out. */
  readonly apart?: true;
  /** Hosts are planned by the strategy itself, with `replan`, when their turn comes. */
  readonly plansLater?: true;
  /** After facts, before roles are built: refuses, or completes the facts with what only all hosts know. */
  survey?(run: PlayRun<Facts>): Promise<void>;
  /** After planning, before any lock is taken: refuses plans that must not be carried out; in a check, too. */
  admit?(run: PlayRun<Facts>): Promise<void>;
  /** Carries the plans out; not called in a check. */
  converge(run: PlayRun<Facts>): Promise<void>;
  /** At the end of a run or check that was not stopped and did not throw. */
  verify?(run: PlayRun<Facts>): Promise<void>;
}

/** The part of an inventory host that a strategy may look at before it is connected. */
export interface PlayInventoryHost {
  readonly name: string;
  readonly groups: readonly string[];
  readonly vars: Vars;
}

/** Something wrong with what the inventory says, found without contacting any host. */
export interface PlayProblem {
  readonly host: string;
  /** The variable to change: the problem is shown where it is written. None for one of the command line. */
  readonly variable?: string;
  readonly message: string;
  readonly hint: string;
  /** A warning lets the run go on. */
  readonly level?: 'warning';
}

/** How many hosts go through a play at once: a number, a part of all, or a list of these for batch after batch. */
export type Serial = HostCount | readonly HostCount[];

type HostCount = number | `${number}%`;

/** How a play takes its hosts, as Ansible has it. */
export interface Batches {
  /**
   * Hosts of a batch. Each batch is a whole loop of its own: facts, plan, locks, changes, verification; what one broke
   * stops the next. A check plans them all. By default all hosts are one batch.
   */
  readonly serial?: Serial;
  /**
   * Of each batch so many percent may fail before the others are left alone; 0. What is within it stops neither the
   * next batch nor the next play.
   */
  readonly maxFailPercentage?: number;
}

/** A folder of records in which a hold counts, and the word by which `lock` finds it; none of a cluster's. */
export interface HoldPlace {
  readonly dir: string;
  readonly as?: string;
}

export interface Play<Facts = unknown> extends Batches {
  readonly name: string;
  /** Host pattern. */
  readonly hosts: string;
  /** Variable that may name another group of the inventory than `hosts`. */
  readonly groupVariable?: string;
  readonly gather: FactSource<Facts>;
  readonly roles: readonly Role<Facts>[];
  /** Variables that the play reads besides those of its roles. */
  readonly vars?: VarSchema;
  readonly strategy: Strategy<Facts>;
  /** Looks at all hosts of the play together, whatever `--limit` says, before any of them is contacted. */
  check?(hosts: readonly HostData[]): readonly PlayProblem[] | Promise<readonly PlayProblem[]>;
  /** Where a host keeps our records (manifest, digests, lock): an absolute path. */
  stateDir(host: HostData): string;
  /** Where a person may hold its hosts; by default among those records, which are a cluster's. */
  holds?(host: HostData): readonly HoldPlace[];
  /** Where a host keeps what roles of this play have made; without it nothing of it is ever left over. */
  ledger?(host: HostData): LedgerPlace;
  /** What its host is a part of, by name (a cluster): `--shard` never divides it. */
  together?(host: HostData): string;
  /** Whose records those are, one line (`cluster prod`); another owner's host is not ours. */
  owner(host: HostData): string;
}

export interface Playbook {
  readonly name: string;
  readonly description: string;
  // biome-ignore lint/suspicious/noExplicitAny: plays of one playbook may differ in their facts
  readonly plays: readonly Play<any>[];
}
