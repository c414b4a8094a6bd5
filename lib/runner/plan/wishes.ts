import { isPlainObject } from '../../dsl/common/plain-object.ts';
import { isSame } from '../../dsl/common/same.ts';
import type { Task } from '../../dsl/task.ts';
import { EXIT, QuorateError, QuorateErrors } from '../../errors.ts';
import { wordsOf } from '../exchange/task-shell.ts';
import type { RoleTask } from '../exchange/wire.ts';

/**
 * Roles that run alone, too, may each declare the same thing (the user that all need): the first stands, where it is
 * carried out whenever the later one would be. Wishes that agree (a service that two roles reload) are joined. Throws
 * exit code 1 for different ones, whatever differs.
 */
export function withoutRepeats(host: string, tasks: readonly RoleTask[]): readonly RoleTask[] {
  const seen = new Map<string, RoleTask[]>();
  const wanted: RoleTask[] = [];
  const keyOf = ({ task }: RoleTask) => `${actorOf(host, task)} ${task.thing}`;
  const faults: QuorateError[] = [];
  const once = tasks.filter((entry) => {
    if (wordsOf(entry.task).when === false) return true;
    const before = seen.get(keyOf(entry)) ?? [];
    const isThere = ({ task }: RoleTask) => actorOf(host, task) === actorOf(host, entry.task);
    const other =
      before.find(({ task }) => differ(task, entry.task)) ??
      wanted.find((one) => isThere(one) && excludes(one.task, entry.task));
    if (other) {
      faults.push(disagreement(host, other, entry));
      return false;
    }
    if (before.some(({ task }) => isOneWish(task, entry.task) && isAround(task, entry.task))) return false;
    seen.set(keyOf(entry), [...before, entry]);
    wanted.push(entry);
    return true;
  });
  throwAll(faults);
  return once.map((entry) => joined(entry, seen.get(keyOf(entry)) ?? []));
}

/**
 * Throws exit code 1 where one host is to carry out what several want differently (`delegateTo`), or what itself wants
 * differently; `asked` has the tasks of each. What a command is called is each one's own, and no thing of that host.
 */
export function refuseContradictions(asked: ReadonlyMap<string, readonly RoleTask[]>): void {
  const doers = new Map<string, string>();
  const isDone = (asker: string, { role, task }: RoleTask) => {
    const doer = doers.get(`${role} ${task.thing}`) ?? asker;
    if (wordsOf(task).runOnce) doers.set(`${role} ${task.thing}`, doer);
    return doer === asker || !wordsOf(task).runOnce;
  };
  const all = [...asked].flatMap(([asker, tasks]) =>
    tasks
      .filter((one) => isOfHost(one.task) && isDone(asker, one))
      .map(({ role, task }) => ({ role, task, asker, actor: actorOf(asker, task) })),
  );
  const acting = new Set(all.flatMap(({ actor, asker }) => (actor === asker ? [] : [actor])));
  const faults: QuorateError[] = [];
  for (const actor of acting) {
    const there = all.filter((one) => one.actor === actor);
    for (const [i, later] of there.entries()) {
      const first = there
        .slice(0, i)
        .find(({ asker, task }) => asker !== later.asker && contradict(task, later.task));
      if (first) faults.push(disagreement(actor, first, later));
    }
  }
  throwAll(faults);
}

/** Throws what is wrong, if anything is. */
export function throwAll(faults: readonly QuorateError[]): void {
  if (faults.length > 0) throw faults.length === 1 ? faults[0] : new QuorateErrors(faults);
}

/** A task about paths, or what else a host has; none that only a failure calls for. */
function isOfHost(task: Task): boolean {
  if (wordsOf(task).when === false || task.within?.some(({ part }) => part === 'rescue')) return false;
  const { thing, resource, owns, files = [], empties = [] } = task;
  return thing !== resource || [...owns, ...files, ...empties].some((path) => path.startsWith('/'));
}

function contradict(one: Task, other: Task): boolean {
  return (one.thing === other.thing && differ(one, other)) || excludes(one, other);
}

/** The host that carries a task out. */
export function actorOf(host: string, task: Task): string {
  return wordsOf(task).delegateTo ?? host;
}

/** Of two tasks for one thing: they can't stand beside each other. */
function differ(one: Task, other: Task): boolean {
  return !isOneWish(one, other) && !one.shared?.agrees(other) && !isInstead(one, other);
}

/** One wants nothing where the other brings something; or each wants something else of what is a part of both. */
function excludes(one: Task, other: Task): boolean {
  if (isInstead(one, other)) return false;
  return clears(one, other) || clears(other, one) || Boolean(one.contradicts?.(other));
}

function clears({ empties = [] }: Task, other: Task): boolean {
  if (empties.length === 0) return false;
  const brought = [...other.owns, ...(other.provides?.() ?? [])];
  return empties.some((gone) => brought.some((path) => path === gone || path.startsWith(`${gone}/`)));
}

/** A task beside those for the same thing that are carried out alike: of a block, each has its own. */
function joined(entry: RoleTask, all: readonly RoleTask[]): RoleTask {
  const { task } = entry;
  if (task.shared === undefined || all.length < 2 || !all.includes(entry)) return entry;
  const alike = all.map((one) => one.task).filter((one) => areAlike(task, one));
  return alike.length < 2 ? entry : { ...entry, task: task.shared.joined(task, alike) };
}

function areAlike(one: Task, other: Task): boolean {
  const { delegateTo, runOnce, when } = wordsOf(one);
  const words = wordsOf(other);
  return (
    isAround(one, other) &&
    isAround(other, one) &&
    isSame([delegateTo, runOnce, when], [words.delegateTo, words.runOnce, words.when])
  );
}

/** The first is carried out whenever the second is: it stands in the same list, or around it. */
export function isAround({ within: first = [] }: Task, { within: second = [] }: Task): boolean {
  return first.every(({ block, part }, i) => second[i]?.block === block && second[i]?.part === part);
}

/** One is the rescue of the other, and may want what that did not. */
export function isInstead({ within: first = [] }: Task, { within: second = [] }: Task): boolean {
  return first.some(({ block, part }, i) => {
    const other = second[i];
    return other?.block === block && other.part !== part && [part, other.part].includes('rescue');
  });
}

/** They want the same of one thing, and are carried out alike. */
export function isOneWish(one: Task, other: Task): boolean {
  const how = ({ words = {} }: Task) => [words.environment, words.becomeUser];
  return one.resource === other.resource && isSame(one.wish, other.wish) && isSame(how(one), how(other));
}

interface Asked extends RoleTask {
  /** The host that asks for it. */
  readonly asker?: string;
}

/** Two tasks that want one thing of a host differently, with who asks for them where that is another host. */
export function disagreement(host: string, first: Asked, second: Asked): QuorateError {
  const name = ({ role, task, asker = host }: Asked) =>
    `"${task.title}" of role ${role}${asker === host ? '' : ` for ${asker}`}`;
  const [before, position] = [first, second].map(({ task, at }) => task.writtenAt ?? at?.());
  const other = before && !isSame(before, position) ? `the first is at ${before.file}:${before.line}` : '';
  const names = differing(first.task, second.task);
  const why = first.task.contradicts?.(second.task);
  const what = names.length > 0 ? `they differ in ${names.join(', ')}` : '';
  const hints = [typeof why === 'string' ? why : what, other].filter(Boolean);
  return new QuorateError(
    `${host}: ${name(first)} and ${name(second)} want different things of ${second.task.resource}`,
    {
      exitCode: EXIT.usage,
      host,
      task: second.task.title,
      hint: [...hints, 'let one of them say it, or let both say the same'].join('; '),
      ...(position && { position }),
    },
  );
}

/** What tasks of one kind want differently, by name: what it is may be a secret. */
function differing(one: Task, other: Task): readonly string[] {
  if (one.resource !== other.resource) return [];
  const [first, second] = [one, other].map(({ wish, words = {} }) => {
    const { environment, becomeUser } = words;
    return { ...(isPlainObject(wish) ? wish : {}), environment, becomeUser } as Record<string, unknown>;
  });
  const names = Object.keys({ ...first, ...second }).filter((key) => !isSame(first?.[key], second?.[key]));
  return [...new Set(names.map((key) => (key === 'keepsMode' ? 'mode' : key)))];
}
