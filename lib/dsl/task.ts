import type { Position } from '../errors.ts';
import type { ControlWords } from './options/words.ts';
import type { Secret } from './secret.ts';
import type { Probe } from './shell/probe.ts';
import type { Sh } from './shell/sh.ts';
import type { HostShell } from './shell/shell.ts';
import type { Trace } from './trace/trace.ts';
import type { World } from './world/world.ts';

/**
 * How sure a predicted change is: `certain` (a run will do exactly this), `conditional` (only if an
 * earlier predicted change has the effect we expect), `unknown` (only the run can know).
 */
export type Certainty = 'certain' | 'conditional' | 'unknown';

/** What a difference changes: bring something into being, alter it, take it away, or act on a service. */
export type ChangeKind = 'create' | 'update' | 'remove' | 'start' | 'stop' | 'restart' | 'run' | 'wait';

/** One difference between what is and what must be. `null` is absence; where a secret differs both sides are `(secret)`. */
export interface Change {
  /** Kind of task and the thing's name: `file:/etc/motd`. */
  readonly resource: string;
  readonly kind: ChangeKind;
  readonly property: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly certainty: Certainty;
  /** Whole texts, for a unified diff; never set for secrets. */
  readonly text?: { readonly before: string; readonly after: string };
  /** In the record of a run, in place of the texts: the lines of that diff. */
  readonly diff?: readonly string[];
}

/** What a probe printed on a host. `code` is the fragment's exit status. */
export interface Reading {
  readonly code: number;
  readonly out: string;
  /** When the request left and its response came, in milliseconds since the epoch. */
  readonly between?: readonly [sent: number, received: number];
}

/** What came from a host byte by byte, and the exit status of what sent it. */
export interface Received {
  readonly code: number;
  readonly bytes: Buffer;
}

/**
 * A large file for the host. It is sent ahead to a folder of ours, and goes to its target directly before the apply runs,
 * as the user of the task.
 */
export interface Transfer {
  /** Path on control. */
  readonly source: string;
  /** Path on the host; its directories are made, 0755, when they are missing. */
  readonly target: string;
}

/** What `prepare` hands to `apply`: values by name, and files to send first. */
export interface Prepared {
  readonly values?: Readonly<Record<string, string | Secret>>;
  readonly transfers?: readonly Transfer[];
}

export interface PrepareContext {
  /** Says what is going on, for the progress line: `downloading etcd 3.5.30: 12 of 21 MB`. */
  readonly progress: (text: string) => void;
}

/**
 * For a change that could shut us out of the host. It is taken back by a timer on the host unless a new
 * connection gets through after it.
 */
export interface Guard {
  /** Shell that keeps what is needed to go back, below `$q_guard`; runs before anything of the exchange is applied. */
  readonly save: Sh;
  /** Shell that goes back; it runs on its own, with `$q_guard` and without our other functions. */
  undo(changes: readonly Change[]): Sh;
}

/**
 * Something a service reads, reduced to one word (a digest, `loaded`). When the word changes, the service has to read
 * it again; each start records the words it read.
 *
 * @example
 * const module: Mark = {
 *   name: 'module br_netfilter',
 *   look: sh`if [ -d /sys/module/br_netfilter ]; then echo loaded; else echo gone; fi`,
 * };
 */
export interface Mark {
  /** A path, or a kind and a name: `/etc/nginx/nginx.conf`, `package nginx`. */
  readonly name: string;
  /** Read-only shell that prints the state, and when it came to be (seconds since the epoch) where that can be told. */
  readonly look: Sh;
  /** The file or folder whose time `look` tells, where that is not the thing's own: others change it as well. */
  readonly beside?: string;
  /** Tell the state behind these changes; undefined: they leave it as it is. */
  after?(changes: readonly Change[]): string | undefined;
}

/** Where a task stands in a block. */
export interface Within {
  /** One object a block. */
  readonly block: { readonly title: string; readonly rescues: boolean };
  readonly part: 'tasks' | 'rescue' | 'always';
}

/**
 * One thing that must be true on a host, as data and functions; the runner is the only place that calls
 * them. `diff` alone decides; `probe` and `apply` only build shell text.
 */
export interface Task {
  /** Reads as an outcome: "etcd is enabled and running". */
  readonly title: string;
  /** `kind:name`, as plans and events name it. */
  readonly resource: string;
  /** What made it, and the whole wish that it was made of: read by `wishOf` of that resource. */
  readonly made?: { readonly by: object; readonly wish: unknown };
  /** What it is about, whatever the kind of task: `path /etc/motd`. Tasks that share it must want the same. */
  readonly thing: string;
  /** All that is wanted, as data: two tasks for one thing with equal wishes are one. */
  readonly wish: unknown;
  /** Read-only shell, or undefined when there is nothing to read. */
  readonly probe: Sh | Probe | undefined;
  /** Differences over the world so far; it updates the world to the state after them. */
  diff(reading: Reading, world: World): readonly Change[];
  /** Say in the world what holds once it is carried out, where `diff` has thrown: a check goes on behind it. */
  suppose?(reading: Reading, world: World): void;
  /** Runs on control after planning, never in a check. */
  prepare?(changes: readonly Change[], context: PrepareContext): Promise<Prepared>;
  /** Shell that makes the changes; it never probes to decide. */
  apply(changes: readonly Change[], prepared: Prepared): Sh;
  /** These changes touch what a running member loads: on a live cluster they wait for its turn. */
  inTurn(changes: readonly Change[]): boolean;
  /** Paths this task owns on the host, for the manifest. */
  readonly owns: readonly string[];
  /** Paths whose content it decides. */
  readonly files?: readonly string[];
  /** Paths at which it wants nothing: neither at them, nor below. */
  readonly empties?: readonly string[];
  /**
   * List further paths that must exist because of this task, such as what a command creates; with the probe's result,
   * also paths only the host knows.
   */
  provides?(reading?: Reading): readonly string[];
  /** What a service can have read of it; by default the content of its files. */
  readonly marks?: readonly Mark[];
  /** List what these changes create on the host, for the records; without `changes`, all that the task declares. */
  traces?(changes?: readonly Change[]): readonly Trace[];
  /** Instead of `apply`: works on the host call by call. A failing call, and any other error, fails the task. */
  act?($: HostShell): Promise<void>;
  /**
   * Other tasks may want the same thing for reasons of their own; without it, two that differ are an error. `agrees`: the
   * other one may stand beside it. `joined`: the task as it is among all of them, the last of which does what is due
   * for any.
   */
  readonly shared?: {
    agrees(other: Task): boolean;
    joined(task: Task, all: readonly Task[]): Task;
  };
  /** Tell whether two tasks of one kind, for different things, want different values of a part they share; or in which. */
  contradicts?(other: Task): boolean | string;
  /** Judged once more behind what is taken away because no role declares it any more. */
  readonly heedsLeftOver?: boolean;
  /** What it changes could cut the connection: see `Guard`. */
  readonly guard?: Guard;
  /** Seconds after which the probe ends itself when what it looks at hangs; at most `LOOK_SECONDS`. */
  readonly lookSeconds?: number;
  /** Exempt from the proof by re-probe (`changedWhen: 'always'` only). */
  readonly unproven?: boolean;
  /**
   * Judged only when its turn comes, if one of these is due by then: a probe boundary. `any`: its probe is shell
   * that any earlier task may decide, so what it finds now is not what it will find.
   */
  readonly after?: readonly Task[] | 'any';
  /** How it is carried out, and what becomes of its failure. */
  readonly words?: ControlWords;
  /** The blocks that it stands in, the outermost first. */
  readonly within?: readonly Within[];
  /** Tasks that it names: they must stand before it. */
  readonly needs?: readonly Task[];
  /** Where a role asked for it; known where somebody asks why. */
  readonly writtenAt?: Position;
  /** Judged again when its turn comes, where a change of it is conditional: its apply rests on what was read. */
  readonly late?: boolean;
  /** Its apply may end well and its wish not come true, as with a service that ends again: what follows waits for the proof. */
  readonly awaited?: boolean;
  /** Shell behind its proof that prints why its wish does not hold, where it does not. */
  readonly explain?: Sh;
}
