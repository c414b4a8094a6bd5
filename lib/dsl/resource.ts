import { EXIT, QuorateError } from '../errors.ts';
import { places, positionOf } from './position.ts';
import type { Probe } from './probe.ts';
import type { Sh } from './sh.ts';
import type { Change, Guard, PrepareContext, Prepared, Reading, Task } from './task.ts';
import type { Trace } from './trace.ts';
import { type ControlWords, checkWords, WORDS } from './words.ts';
import type { World } from './world.ts';

/** The part of a change that a resource states itself. */
export type Difference = Omit<Change, 'resource' | 'certainty'> & Partial<Pick<Change, 'certainty'>>;

/**
 * A kind of task: how one sort of thing is read, compared and changed. `Options` is what roles say of it besides its
 * name; `Desired` is the whole wish in one form, with defaults filled in; `Observed` is what was found.
 *
 * @example
 * const kernelValue = defineResource<{ value: number }, { name: string; value: number }, number>({
 *   kind: 'kernel-value',
 *   complete: (name, options) => ({ name, ...options }),
 *   name: ({ name }) => name,
 *   title: ({ name, value }) => `${name} is ${value}`,
 *   probe: ({ name }) => sh`cat /proc/sys/${name}`,
 *   parse: ({ out }) => Number(out),
 *   diff: ({ value }, seen) =>
 *     seen === value ? [] : [{ kind: 'update', property: 'value', before: `${seen}`, after: `${value}` }],
 *   apply: ({ name, value }) => sh`echo ${value} >/proc/sys/${name}`,
 * });
 * kernelValue('vm/swappiness', { value: 10 });
 */
export interface Resource<Options, Desired, Observed> {
  /** `file`, `service`…; the first half of a task's resource id. */
  readonly kind: string;
  /** Bring name and options into one form, defaults included; throw exit code 1 for what no host could make true. */
  complete(name: string, options: Options): Desired;
  /** Name the thing on the host: a path, a unit, a user. */
  name(desired: Desired): string;
  /** Give a default title that reads as an outcome. */
  title(desired: Desired): string;
  /** Tell what the task is about where other kinds of tasks may be about it, too: `path /etc/motd`. */
  thing?(desired: Desired): string;
  /** Read the host: shell that changes nothing, or undefined when there is nothing to read. */
  probe(desired: Desired): Sh | Probe | undefined;
  /** Turn what was printed into a state; absence is a value, not an error. */
  parse(reading: Reading, desired: Desired): Observed;
  /** Decide, purely; certainty is `certain` unless it says otherwise. Throw what a run could not do. */
  diff(desired: Desired, observed: Observed, world: World): readonly Difference[];
  /** Say in the world what holds after `changes`, so that later diffs see it. */
  foresee?(desired: Desired, observed: Observed, changes: readonly Change[], world: World): void;
  /** Make on control what the apply needs; never called in a check. */
  prepare?(desired: Desired, changes: readonly Change[], context: PrepareContext): Promise<Prepared>;
  /** Build the shell that makes the changes; it never probes to decide. */
  apply(desired: Desired, changes: readonly Change[], prepared: Prepared): Sh;
  /** List the paths that are ours on the host, for the manifest. */
  owns?(desired: Desired): readonly string[];
  /** List the paths whose content it decides, where those are not what it owns. */
  files?(desired: Desired): readonly string[];
  /** See `Task.leaves`: what is left over on a host where no role declares it any more. */
  leaves?(desired: Desired, changes?: readonly Change[]): readonly Trace[];
  /** See `Task.guard`. */
  guard?(desired: Desired): Guard;
  /** What decides whether there is anything to do, where the role does not say it: see `Task.after`. */
  after?(desired: Desired): Task['after'];
  /** Name the tasks among its options. */
  needs?(options: Options): readonly Task[];
  /** See `Task.late`. */
  readonly late?: boolean;
  /** See `Task.unproven`. */
  unproven?(desired: Desired): boolean;
  /** Names of options that it has itself, and that every task would have otherwise: a `timeout` of its own. */
  readonly own?: readonly (keyof Options & keyof TaskOptions)[];
}

/** What every resource takes besides its own options. */
export interface TaskOptions extends ControlWords {
  /** Show this title instead of the default one; it reads as an outcome. */
  readonly title?: string;
  /** Wait for the member's turn on a live cluster: see `Task.inTurn`. */
  readonly inTurn?: boolean | Task['inTurn'];
  /**
   * Judge this task only when its turn comes, if one of these is due by then: what they change decides whether there
   * is anything to do. `[]`: no earlier task matters.
   */
  readonly after?: readonly Task[];
}

/** The options of a resource; may be left out where it has none that it needs. */
type OptionsOf<Options> = object extends Options
  ? [options?: Options & Omit<TaskOptions, keyof Options>]
  : [options: Options & Omit<TaskOptions, keyof Options>];

/** What roles call to make tasks of one kind. */
export interface Maker<Options, Desired> {
  (name: string, ...options: OptionsOf<Options>): Task;
  /**
   * Know a task of this kind again, in a plan: the whole wish it was made of, or undefined for any other task.
   *
   * @example
   * plan.some(({ task, changes }) => service.wishOf(task)?.name === 'nginx' && changes.length > 0)
   */
  wishOf(task: Task): Desired | undefined;
}

/** Make the function that roles call: `file('/etc/motd', { content })` gives a task. */
export function defineResource<Options extends object, Desired, Observed>(
  resource: Resource<Options, Desired, Observed>,
): Maker<Options, Desired> {
  const foreign = Object.keys(TASK_OPTIONS).filter(
    (name) => !(resource.own as readonly string[] | undefined)?.includes(name),
  );
  const make = (name: string, ...[options]: OptionsOf<Options>): Task => {
    const { taken, left } = parted(options, foreign);
    const { title, inTurn, after, ...words }: TaskOptions = taken;
    const desired = resource.complete(name, left as Options);
    const id = `${resource.kind}:${resource.name(desired)}`;
    const prepare = resource.prepare?.bind(resource);
    const owns = resource.owns?.(desired) ?? [];
    const needs = [...(after ?? []), ...(resource.needs?.(left as Options) ?? [])];
    const judged = after ?? resource.after?.(desired);
    const leaves = resource.leaves?.bind(resource);
    const called = title ?? resource.title(desired);
    checkWords(words, called);
    const writtenAt = places.own.wanted ? positionOf(new Error(called)) : undefined;
    return {
      title: called,
      resource: id,
      made: { by: resource, wish: desired },
      thing: resource.thing?.(desired) ?? id,
      wish: desired,
      inTurn: typeof inTurn === 'function' ? inTurn : () => inTurn === true,
      owns,
      files: resource.files?.(desired) ?? owns.filter((path) => path.startsWith('/')),
      probe: resource.probe(desired),
      diff(reading, world) {
        const observed = resource.parse(reading, desired);
        const differences = resource.diff(desired, observed, world);
        if (!Array.isArray(differences)) throw noList(resource.kind);
        const changes = differences.map((one) => ({ certainty: 'certain' as const, ...one, resource: id }));
        resource.foresee?.(desired, observed, changes, world);
        if (changes.length > 0) world.expectChange();
        return changes;
      },
      ...(judged && { after: judged }),
      ...(leaves && { leaves: (changes?: readonly Change[]) => leaves(desired, changes) }),
      ...(needs.length > 0 && { needs }),
      ...(Object.keys(words).length > 0 && { words }),
      ...(resource.late && { late: true }),
      ...(writtenAt && { writtenAt }),
      ...(resource.unproven?.(desired) && { unproven: true }),
      ...(resource.guard && { guard: resource.guard(desired) }),
      ...(prepare && { prepare: (changes, context) => prepare(desired, changes, context) }),
      apply: (changes, prepared) => resource.apply(desired, changes, prepared),
    };
  };
  const wishOf = ({ made }: Task) => (made?.by === resource ? (made.wish as Desired) : undefined);
  return Object.assign(make, { wishOf });
}

const TASK_OPTIONS = { title: true, inTurn: true, after: true, ...WORDS } satisfies Record<
  keyof TaskOptions,
  true
>;

/** Options that every task has, and those that are left for the resource itself. */
function parted(options: object | undefined, names: readonly string[]) {
  const entries = Object.entries(options ?? {});
  const isTaken = ([name]: readonly [string, unknown]) => names.includes(name);
  return {
    taken: Object.fromEntries(entries.filter(isTaken)),
    left: Object.fromEntries(entries.filter((entry) => !isTaken(entry))),
  };
}

function noList(kind: string): QuorateError {
  return new QuorateError(`diff of ${kind} gives no list of differences`, {
    exitCode: EXIT.failed,
    hint: 'return [] where nothing differs, and no Promise',
  });
}
