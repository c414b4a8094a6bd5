import { dirname } from 'node:path/posix';
import { watched } from './given.ts';
import { contentMark, foreseeMarks } from './mark.ts';
import { mistakesIn } from './options/mistakes.ts';
import { type AnyTable, is, must, type OptionTable, orCollected, refuse, usage } from './options/options.ts';
import { TASK_OPTIONS, type TaskOptions } from './options/task-options.ts';
import { checkWords } from './options/words.ts';
import type { Probe } from './shell/probe.ts';
import { joinSh, raw, type Sh } from './shell/sh.ts';
import type { Change, Guard, Mark, PrepareContext, Prepared, Reading, Task } from './task.ts';
import { here, places } from './trace/position.ts';
import type { Trace } from './trace/trace.ts';
import { oneName } from './world/normal-path.ts';
import { userState } from './world/user-state.ts';
import { UNKNOWN, type World } from './world/world.ts';

/** The part of a change that a resource states itself. */
export type Difference = Omit<Change, 'resource' | 'certainty'> & Partial<Pick<Change, 'certainty'>>;

/**
 * A kind of task: how one sort of thing is read, compared and changed. `Options` is what roles say of it besides its
 * name; `Desired` is the whole wish in one form, with defaults filled in; `Observed` is what was found.
 *
 * @example
 * const kernelValue = defineResource<{ value: number }, { name: string; value: number }, number>({
 *   kind: 'kernel-value',
 *   options: { value: must(is.number) },
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
  /**
   * Say what each option may be: a role whose option is unknown, of another type or missing is refused before any host
   * is contacted, where no compiler has looked at it, too. Without this none of its own options is looked at.
   */
  readonly options?: OptionTable<Options>;
  /** Name options of which exactly one is wanted. */
  readonly oneOf?: readonly (Options extends unknown ? keyof Options & string : never)[];
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
  /** List the paths at which nothing is to be: neither at them, nor below. */
  empties?(desired: Desired): readonly string[];
  /**
   * List further paths that are to be there by it: what a command creates. With what was found, also those that only the
   * host can tell, as a home.
   */
  provides?(desired: Desired, found?: Observed): readonly string[];
  /** List what a service can have read of it, where that is not the content of its files. */
  marks?(desired: Desired): readonly Mark[];
  /**
   * Wishes for one thing that may stand beside each other: each as it is once they are joined, the last one with what is
   * due for any of them. undefined: they contradict each other.
   */
  join?(wishes: readonly Desired[]): readonly Desired[] | undefined;
  /** Tell whether wishes for different things cannot both hold: one that names what the other is to remove. */
  contradicts?(desired: Desired, other: Desired): boolean;
  /** See `Task.heedsLeftOver`. */
  readonly heedsLeftOver?: boolean;
  /** See `Task.traces`: what is left over on a host where no role declares it any more. */
  traces?(desired: Desired, changes?: readonly Change[]): readonly Trace[];
  /** See `Task.guard`. */
  guard?(desired: Desired): Guard;
  /** What decides whether there is anything to do, where the role does not say it: see `Task.after`. */
  after?(desired: Desired): Task['after'];
  /** Name the tasks among its options. */
  needs?(options: Options): readonly Task[];
  /** See `Task.late`. */
  readonly late?: boolean | ((desired: Desired) => boolean);
  /** See `Task.awaited`. */
  readonly awaited?: boolean;
  /** See `Task.explain`. */
  explain?(desired: Desired): Sh | undefined;
  /** See `Task.lookSeconds`. */
  lookSeconds?(desired: Desired): number;
  /** See `Task.unproven`. */
  unproven?(desired: Desired): boolean;
  /** Names of options that it has itself, and that every task would have otherwise: a `timeout` of its own. */
  readonly own?: readonly (keyof Options & keyof TaskOptions)[];
}

/** The options of a resource; may be left out where it has none that it needs. */
type OptionsOf<Options> = object extends Options
  ? [options?: Options & Omit<TaskOptions, keyof Options>]
  : [options: Options & Omit<TaskOptions, keyof Options>];

/** What roles call to make tasks of one kind. */
export interface TaskMaker<Options, Desired> {
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
  definition: Resource<Options, Desired, Observed>,
): TaskMaker<Options, Desired> {
  refuse(mistakesIn('defineResource', definition, RESOURCE));
  const resource = watched(definition);
  const foreign = Object.keys(TASK_OPTIONS).filter(
    (name) => !(resource.own as readonly string[] | undefined)?.includes(name),
  );
  const make = (name: string, ...[options]: OptionsOf<Options>): Task =>
    orCollected(
      () => refuse(mistakesOf(resource, name, options)),
      () => taskOf(resource, name, options, foreign),
      () => standIn(resource.kind, name),
    );
  const wishOf = ({ made }: Task) => (made?.by === resource ? (made.wish as Desired) : undefined);
  return Object.assign(make, { wishOf });
}

interface Composed<Options> extends Pick<Resource<Options, unknown, unknown>, 'oneOf'> {
  readonly options: OptionTable<Own<Options>>;
  make(): Task;
}

type Own<Options> = Options extends unknown ? Omit<Options, keyof TaskOptions> : never;

/** For a function that makes a task of another kind: judges its options first, those of every task among them. */
export function composed<Options extends object>(
  kind: string,
  name: string,
  options: Options,
  { make, ...table }: Composed<Options>,
): Task {
  return orCollected(
    () => refuse(mistakesOf({ kind, ...table }, name, options)),
    make,
    () => standIn(kind, name),
  );
}

function mistakesOf(
  {
    kind,
    options,
    oneOf = [],
    own = [],
  }: { kind: string; options?: AnyTable; oneOf?: readonly string[]; own?: readonly string[] },
  name: string,
  given: unknown,
) {
  const who = `${kind} ${JSON.stringify(name)}`;
  const wrong = mistakesIn(kind, { name }, { name: must(is.text) });
  const ofTasks = Object.fromEntries(Object.entries(TASK_OPTIONS).filter(([one]) => !own.includes(one)));
  // What no table says may be anything.
  const open = Object.keys(options === undefined && typeof given === 'object' && given !== null ? given : {});
  const all = Object.fromEntries(open.map((one) => [one, is.any<never>()]));
  return [...wrong, ...mistakesIn(who, given, { ...all, ...options, ...ofTasks, ...options }, { oneOf })];
}

/** Takes the place of a task whose options are wrong, until its role is refused. */
function standIn(kind: string, name: string): Task {
  const id = `${kind}:${name}`;
  return {
    title: `${kind} ${name}`,
    resource: id,
    thing: id,
    wish: undefined,
    probe: undefined,
    diff: () => [],
    apply: () => raw(':'),
    inTurn: () => false,
    owns: [],
    files: [name],
    marks: [contentMark(name)],
  };
}

function taskOf<Options extends object, Desired, Observed>(
  resource: Resource<Options, Desired, Observed>,
  name: string,
  options: object | undefined,
  foreign: readonly string[],
): Task {
  const { taken, left } = parted(options, foreign);
  const { title, inTurn, after, ...words }: TaskOptions = taken;
  const desired = resource.complete(name, left as Options);
  const id = `${resource.kind}:${oneName(resource.name(desired))}`;
  const needs = [...(after ?? []), ...(resource.needs?.(left as Options) ?? [])];
  const judged = after ?? resource.after?.(desired);
  const called = title ?? resource.title(desired);
  const explain = resource.explain?.(desired);
  checkWords(words, called);
  const writtenAt = places.own.wanted ? here() : undefined;
  return {
    title: called,
    resource: id,
    inTurn: typeof inTurn === 'function' ? inTurn : () => inTurn === true,
    ...wishing(resource, id, desired, words.becomeUser),
    ...(judged && { after: judged }),
    ...(needs.length > 0 && { needs }),
    ...(Object.keys(words).length > 0 && { words }),
    ...(isLate(resource.late, desired) && { late: true }),
    ...(resource.awaited && { awaited: true }),
    ...(explain && { explain }),
    ...(resource.heedsLeftOver && { heedsLeftOver: true }),
    ...(writtenAt && { writtenAt }),
  };
}

/** What of a task follows from its wish. */
function wishing<Options extends object, Desired, Observed>(
  resource: Resource<Options, Desired, Observed>,
  id: string,
  desired: Desired,
  user?: string,
) {
  const owns = (resource.owns?.(desired) ?? []).map(oneName);
  requireOnePathEach(id, owns);
  const files = resource.files?.(desired)?.map(oneName) ?? owns.filter((path) => path.startsWith('/'));
  const marks = (resource.marks?.(desired) ?? files.map(contentMark)).map((one) => markOf(one, user));
  const isPath = (name: string) => name.startsWith('/');
  const touched = [
    ...[...owns, ...files].filter(isPath).map((path) => dirname(path)),
    ...marks.flatMap(({ name, beside = name }) => [name, beside].filter(isPath)),
  ];
  const prepare = resource.prepare?.bind(resource);
  const traces = resource.traces?.bind(resource);
  const provides = resource.provides?.bind(resource);
  const contradicts = resource.contradicts?.bind(resource);
  return {
    made: { by: resource, wish: desired },
    thing: oneName(resource.thing?.(desired) ?? id),
    wish: desired,
    owns,
    files,
    marks,
    probe: resource.probe(desired),
    diff(reading: Reading, world: World) {
      const observed = resource.parse(reading, desired);
      const differences = resource.diff(desired, observed, world);
      const changes: readonly Change[] = differences.map((one) => ({
        certainty: 'certain' as const,
        ...one,
        resource: id,
      }));
      if (changes.length > 0) world.expectChange(touched);
      resource.foresee?.(desired, observed, changes, world);
      foreseeMarks(marks, changes, world);
      return changes;
    },
    suppose(reading: Reading, world: World) {
      const changes = [{ ...supposed(resource.name(desired)), resource: id }];
      world.expectChange(touched);
      foreseeMarks(marks, changes, world);
      try {
        resource.foresee?.(desired, resource.parse(reading, desired), changes, world);
      } catch {
        // What was read makes no sense to it, either.
        world.expectAnything();
      }
    },
    ...(resource.empties && { empties: (resource.empties(desired) ?? []).map(oneName) }),
    ...(provides && {
      provides: (reading?: Reading) =>
        (provides(desired, reading && resource.parse(reading, desired)) ?? []).map(oneName),
    }),
    ...(resource.join && { shared: sharedBy(resource, id, desired) }),
    ...(contradicts && {
      contradicts: (other: Task) => wishesOf(resource, [other]).some((one) => contradicts(desired, one)),
    }),
    ...(traces && {
      traces: (changes?: readonly Change[]) =>
        (traces(desired, changes) ?? []).map((trace) => ({ ...trace, name: oneName(trace.name) })),
    }),
    ...(resource.lookSeconds && { lookSeconds: resource.lookSeconds(desired) }),
    ...(resource.unproven?.(desired) && { unproven: true }),
    ...(resource.guard && { guard: resource.guard(desired) }),
    ...(prepare && {
      prepare: (changes: readonly Change[], context: PrepareContext) => prepare(desired, changes, context),
    }),
    apply: (changes: readonly Change[], prepared: Prepared) => resource.apply(desired, changes, prepared),
  };
}

/** Stands for all that a task would do. */
function supposed(property: string): Omit<Change, 'resource'> {
  return { kind: 'create', property, before: null, after: UNKNOWN, certainty: 'unknown' };
}

/** Two things of one task at one path: the second would take the place of the first. */
function requireOnePathEach(id: string, owns: readonly string[]): void {
  if (new Set(owns).size === owns.length) return;
  const twice = owns.find((path, i) => owns.indexOf(path) !== i);
  throw usage(`${id} would put two things at ${twice}`, 'give each of them a path of its own');
}

/** What another user has made is looked at with the records of that user. */
function markOf(mark: Mark, user: string | undefined): Mark {
  const named = { ...mark, name: oneName(mark.name) };
  if (user === undefined) return named;
  const records = raw(`q_state=${userState('$q_state', user)}`);
  return { ...named, look: joinSh([records, mark.look]) };
}

function isLate<Desired>(late: Resource<object, Desired, unknown>['late'], desired: Desired): boolean {
  return typeof late === 'function' ? late(desired) : late === true;
}

function sharedBy<Options extends object, Desired, Observed>(
  resource: Resource<Options, Desired, Observed>,
  id: string,
  desired: Desired,
): NonNullable<Task['shared']> {
  return {
    agrees: (other) => resource.join?.([desired, ...wishesOf(resource, [other])])?.length === 2,
    joined(task, all) {
      const at = all.indexOf(task);
      const wish = resource.join?.(wishesOf(resource, all))?.[at];
      if (wish === undefined) return task;
      const joined = { ...task, ...wishing(resource, id, wish, task.words?.becomeUser) };
      return at === all.length - 1 ? { ...joined, ...afterAll(all) } : joined;
    },
  };
}

/** What those of these tasks that are of this kind want. */
function wishesOf<Options, Desired, Observed>(
  resource: Resource<Options, Desired, Observed>,
  tasks: readonly Task[],
): readonly Desired[] {
  return tasks.flatMap(({ made }) => (made?.by === resource ? [made.wish as Desired] : []));
}

/** The last one is judged when all of them can be. */
function afterAll(tasks: readonly Task[]): Pick<Task, 'after'> {
  const named = tasks.flatMap(({ after }) => (after === undefined || after === 'any' ? [] : after));
  if (tasks.some(({ after }) => after === 'any')) return { after: 'any' };
  return named.length > 0 ? { after: named } : {};
}

/** What a resource says of itself. */
const RESOURCE: OptionTable<Resource<object, unknown, unknown>> = {
  kind: must(is.text),
  options: is.object(),
  oneOf: is.list(is.any<never>()),
  complete: must(is.function()),
  name: must(is.function()),
  title: must(is.function()),
  thing: is.function(),
  probe: must(is.function()),
  parse: must(is.function()),
  diff: must(is.function()),
  foresee: is.function(),
  prepare: is.function(),
  apply: must(is.function()),
  owns: is.function(),
  files: is.function(),
  empties: is.function(),
  provides: is.function(),
  marks: is.function(),
  join: is.function(),
  contradicts: is.function(),
  heedsLeftOver: is.boolean,
  traces: is.function(),
  guard: is.function(),
  after: is.function(),
  needs: is.function(),
  late: is.either(is.boolean, is.function<(desired: unknown) => boolean>()),
  awaited: is.boolean,
  explain: is.function(),
  lookSeconds: is.function(),
  unproven: is.function(),
  own: is.list(is.any<never>()),
};

/** Options that every task has, and those that are left for the resource itself. */
function parted(options: object | undefined, names: readonly string[]) {
  // What is undefined is not given: it would take the place of a default.
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  const isTaken = ([name]: readonly [string, unknown]) => names.includes(name);
  return {
    taken: Object.fromEntries(entries.filter(isTaken)),
    left: Object.fromEntries(entries.filter((entry) => !isTaken(entry))),
  };
}
