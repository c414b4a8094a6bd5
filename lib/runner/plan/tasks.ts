import { FACT_NAMES, type FactName } from '../../dsl/host-facts.ts';
import { wrongList } from '../../dsl/options/task-list.ts';
import { ALONE, type Role, type Target } from '../../dsl/role.ts';
import { refusingSecretsAsText } from '../../dsl/secret.ts';
import type { Task } from '../../dsl/task.ts';
import { NotLoaded } from '../../dsl/trace/lazy.ts';
import { positionOf } from '../../dsl/trace/position.ts';
import { EXIT, type ExitCode, errorsOf, QuorateError, QuorateErrors } from '../../errors.ts';
import { meantHint, nearName } from '../../near.ts';
import { withConsole } from '../console.ts';
import { wordsOf } from '../exchange/task-shell.ts';
import type { RoleTask } from '../exchange/wire.ts';
import { watchingFacts } from './unread.ts';
import { isAround, isOneWish, withoutRepeats } from './wishes.ts';

export interface TasksOptions {
  /** Unless some roles of the play are left out; true. */
  readonly isWhole?: boolean;
  /** Hears what roles write to the console. */
  say?(line: string): void;
  /** Hears of which hosts a role asked for facts that nobody has read. */
  missed?(role: string, hosts: readonly string[]): void;
}

/**
 * The tasks of roles for one host, each thing once. Throws what is wrong with a role, with `exitCode`, where it is written; and exit code 1 when
 * two tasks want one thing differently.
 */
export function tasksOf<Facts>(
  roles: readonly Role<Facts>[],
  target: Target<Facts>,
  exitCode: ExitCode,
  { isWhole = true, say, missed }: TasksOptions = {},
): readonly RoleTask[] {
  const { result: tasks, lines } = withConsole(() =>
    roles.flatMap((role) => {
      const at = () => role.writtenAt && positionOf(role.writtenAt);
      const { fleet, unread } = watchingFacts(target.fleet ?? ALONE, target);
      const own = target.fleet ? { ...target, fleet } : target;
      const made = build(role, own, exitCode).map((task) => ({ role: role.name, task, at }));
      if (unread.size > 0) missed?.(role.name, [...unread]);
      return made;
    }),
  );
  for (const line of lines) say?.(line);
  checkNeeds(target.name, tasks, exitCode, isWhole);
  checkActors(target, tasks, exitCode);
  return withoutRepeats(target.name, tasks);
}

/** The variables that a role cannot do without, and that a host does not have: `needs a and b, which are not set`. */
export function missingOf<Facts>(
  { required = [] }: Role<Facts>,
  { vars }: Pick<Target, 'vars'>,
): string | undefined {
  const missing = required.filter((name) => vars[name] === undefined);
  if (missing.length === 0) return undefined;
  return `needs ${missing.join(' and ')}, which ${missing.length === 1 ? 'is' : 'are'} not set`;
}

/** Throws where a task is to be done by a host that the inventory does not have. */
function checkActors({ name, fleet }: Target, tasks: readonly RoleTask[], exitCode: ExitCode): void {
  const known = fleet?.groups.all;
  if (known === undefined) return;
  for (const { role, task, at } of tasks) {
    const { delegateTo } = wordsOf(task);
    if (delegateTo === undefined || delegateTo === 'localhost' || known.includes(delegateTo)) continue;
    const position = at?.();
    throw new QuorateError(
      `${name}: role ${role}: "${task.title}" is delegated to ${delegateTo}, which is not in the inventory`,
      {
        exitCode,
        host: name,
        task: task.title,
        hint: `name one of it, or localhost: hosts: ${known.slice(0, 8).join(', ')}`,
        ...(position && { position }),
      },
    );
  }
}

function build<Facts>(role: Role<Facts>, target: Target<Facts>, exitCode: ExitCode): readonly Task[] {
  const at = role.writtenAt && positionOf(role.writtenAt);
  const fault = (found: string, hint?: string, position = at) =>
    new QuorateError(`${target.name}: role ${role.name} ${found}`, {
      exitCode,
      host: target.name,
      ...(hint !== undefined && { hint }),
      ...(position !== undefined && { position }),
    });
  const missing = missingOf(role, target);
  if (missing !== undefined) {
    throw fault(
      missing,
      'set it in the inventory or with -e; or give it a default, or optional: true, in the role',
    );
  }
  let list: unknown;
  try {
    const given = role.required ? declaredOnly(role, target) : target;
    list = refusingSecretsAsText(() => role.tasks(given));
  } catch (error) {
    if (error instanceof NotLoaded) throw error;
    if (error instanceof QuorateError || error instanceof QuorateErrors) {
      const all = errorsOf(error);
      if (all.some(({ host, exitCode }) => host !== undefined || exitCode !== EXIT.usage)) throw error;
      const faults = all.map((one) =>
        fault(`is wrong: ${one.message}`, one.hint, one.position ?? positionOf(one) ?? at),
      );
      throw faults.length === 1 ? faults[0] : new QuorateErrors(faults);
    }
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw Object.assign(fault(`cannot be built: ${said}`, undefined, positionOf(error) ?? at), {
      cause: error,
    });
  }
  const wrong = wrongList(list);
  if (wrong) throw fault(...wrong);
  const tasks = list as readonly Task[];
  const twice = doneTwice(tasks);
  if (twice)
    throw fault(
      `has "${twice.title}" twice in its list of tasks`,
      'give each a name of its own, or leave one out',
    );
  return tasks;
}

/** A task that runs always, and that stands in a list again: of one that can tell that it is done, one is enough. */
function doneTwice(tasks: readonly Task[]): Task | undefined {
  const always = tasks.filter((task) => task.unproven && wordsOf(task).when !== false);
  return always.find((task, i) =>
    always.slice(0, i).some((one) => isOneWish(one, task) && isAround(one, task)),
  );
}

/**
 * Reading what nobody declared would give `undefined`, which ends up in files as that word. For roles made by `role()`:
 * those of a plain object may read on behalf of others.
 */
function declaredOnly<Facts>(role: Role<Facts>, target: Target<Facts>): Target<Facts> {
  const vars = onlyDeclared(target.vars, Object.keys(role.vars), {
    found: (name) => `it reads the variable ${name}, which ${role.name} does not declare`,
    hint: (name) => {
      const near = nearName(name, Object.keys(role.vars));
      return near === undefined ? 'declare it in vars, with its type' : `did you mean ${near}?`;
    },
  });
  const { facts } = target;
  if (role.facts === undefined || typeof facts !== 'object' || facts === null) return { ...target, vars };
  const asked = onlyDeclared(facts, role.facts, {
    found: (name) => `it reads the fact ${name}, which ${role.name} does not ask for`,
    hint: (name) =>
      FACT_NAMES.includes(name as FactName)
        ? `ask for it: facts: [${[...(role.facts ?? []), name].map((one) => `'${one}'`).join(', ')}]`
        : `there is no such fact: ${meantHint(name, FACT_NAMES)}`,
    hides: true,
  });
  return { ...target, vars, facts: asked };
}

interface Allowed {
  found(name: string): string;
  hint(name: string): string;
  /** What others declared is not for this role. */
  readonly hides?: boolean;
}

function onlyDeclared<Values extends object>(
  values: Values,
  declared: readonly string[],
  { found, hint, hides = false }: Allowed,
): Values {
  return new Proxy(values, {
    get(own, name) {
      const known = declared.includes(String(name)) || (!hides && name in own);
      if (typeof name === 'symbol' || known || name === 'toJSON') return Reflect.get(own, name);
      throw new QuorateError(found(name), { exitCode: EXIT.usage, hint: hint(name) });
    },
  });
}

/** Throws where a task names one that does not stand before it. */
function checkNeeds(host: string, tasks: readonly RoleTask[], exitCode: ExitCode, isWhole: boolean): void {
  const first = new Map<string, number>();
  for (const [i, { task }] of tasks.entries()) if (!first.has(task.thing)) first.set(task.thing, i);
  for (const [i, { role, task, at }] of tasks.entries()) {
    for (const needed of task.needs ?? []) {
      const where = first.get(needed.thing);
      // In a play that runs in part, the task that is named may stand in a role that was left out.
      if (where === undefined ? !isWhole : where < i) continue;
      const position = at?.();
      throw new QuorateError(
        `${host}: role ${role}: "${task.title}" names "${needed.title}", which ${where === undefined ? 'is not in the list' : 'stands after it'}`,
        {
          exitCode,
          host,
          task: task.title,
          hint: where === undefined ? 'put it into the list, before it' : 'put it before it',
          ...(position && { position }),
        },
      );
    }
  }
}
