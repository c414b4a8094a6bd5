import { NotLoaded } from '../dsl/lazy.ts';
import type { Play } from '../dsl/play.ts';
import { positionOf } from '../dsl/position.ts';
import type { Role, Target } from '../dsl/role.ts';
import { isSame } from '../dsl/same.ts';
import type { Task } from '../dsl/task.ts';
import { EXIT, type ExitCode, QuorateError } from '../errors.ts';
import type { RoleTask } from './wire.ts';

/**
 * The tasks of roles for one host, each thing once. Throws what is wrong with a role, with `exitCode`, where it is
 * written; and exit code 1 when two tasks want one thing differently.
 */
export function tasksOf<Facts>(
  roles: readonly Role<Facts>[],
  target: Target<Facts>,
  exitCode: ExitCode,
): readonly RoleTask[] {
  return withoutRepeats(
    target.name,
    roles.flatMap((role) => build(role, target, exitCode).map((task) => ({ role: role.name, task }))),
  );
}

/**
 * What is wrong with the roles of a play, found with ordinary facts and without contacting any host; a fault that hosts
 * share once. What only real facts bring out is not looked for here.
 */
export function faultsOf<Facts>(
  { gather }: Pick<Play<Facts>, 'gather'>,
  roles: readonly Role<Facts>[],
  hosts: readonly Omit<Target, 'facts'>[],
): readonly QuorateError[] {
  const { ordinary } = gather;
  if (ordinary === undefined) return [];
  const faults = new Map<string, QuorateError>();
  for (const host of hosts) {
    try {
      tasksOf(roles, { ...host, facts: ordinary }, EXIT.usage);
    } catch (error) {
      const fault = error instanceof QuorateError ? error : undefined;
      if (fault === undefined) throw error;
      const key = fault.message.replaceAll(host.name, '');
      if (fault.exitCode === EXIT.usage && !faults.has(key)) faults.set(key, fault);
    }
  }
  return [...faults.values()];
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
  const missing = (role.required ?? []).filter((name) => target.vars[name] === undefined);
  if (missing.length > 0) {
    throw fault(
      `needs ${missing.join(' and ')}, which ${missing.length === 1 ? 'is' : 'are'} not set`,
      'set it in the inventory or with -e; or give it a default, or optional: true, in the role',
    );
  }
  let list: unknown;
  try {
    list = role.tasks(role.required ? declaredOnly(role, target) : target);
  } catch (error) {
    if (error instanceof NotLoaded) throw error;
    if (error instanceof QuorateError) {
      if (error.host !== undefined || error.exitCode !== EXIT.usage) throw error;
      throw fault(`is wrong: ${error.message}`, error.hint, error.position ?? positionOf(error) ?? at);
    }
    const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw fault(`cannot be built: ${said}`, undefined, positionOf(error) ?? at);
  }
  const wrong = wrongList(list);
  if (wrong) throw fault(...wrong);
  return list as readonly Task[];
}

/**
 * Reading what nobody declared would give `undefined`, which ends up in files as that word. For roles made by `role()`:
 * those of a plain object may read on behalf of others.
 */
function declaredOnly<Facts>(role: Role<Facts>, target: Target<Facts>): Target<Facts> {
  const vars = guarded(target.vars, Object.keys(role.vars), {
    found: (name) => `it reads the variable ${name}, which ${role.name} does not declare`,
    hint: 'declare it in vars, with its type',
  });
  const { facts } = target;
  if (role.facts === undefined || typeof facts !== 'object' || facts === null) return { ...target, vars };
  const asked = guarded(facts, role.facts, {
    found: (name) => `it reads the fact ${name}, which ${role.name} does not ask for`,
    hint: `ask for it: facts: [${[...role.facts, '…'].map((name) => (name === '…' ? name : `'${name}'`)).join(', ')}]`,
    hides: true,
  });
  return { ...target, vars, facts: asked };
}

interface Guard {
  found(name: string): string;
  readonly hint: string;
  /** What others declared is not for this role. */
  readonly hides?: boolean;
}

function guarded<Values extends object>(
  values: Values,
  declared: readonly string[],
  { found, hint, hides = false }: Guard,
): Values {
  return new Proxy(values, {
    get(own, name) {
      const known = declared.includes(String(name)) || (!hides && name in own);
      if (typeof name === 'symbol' || known || name === 'toJSON') return Reflect.get(own, name);
      throw new QuorateError(found(name), { exitCode: EXIT.usage, hint });
    },
  });
}

/** What is wrong with a list of tasks, and what to do about it. */
function wrongList(list: unknown): readonly [found: string, hint: string] | undefined {
  if (list instanceof Promise) {
    list.catch(() => {});
    return ['gives a Promise, a list of tasks was wanted', 'build the list without async: it does no I/O'];
  }
  if (!Array.isArray(list)) return [`gives ${nameOf(list)}, a list of tasks was wanted`, 'return [ … ]'];
  const at = list.findIndex((one) => !isTask(one));
  if (at < 0) return undefined;
  const found = list[at] as unknown;
  if (found instanceof Promise) found.catch(() => {});
  const before = list[at - 1] as Task | undefined;
  const behind = before === undefined ? '' : `, behind "${before.title}"`;
  return [
    `has ${nameOf(found)} in its list of tasks (number ${at + 1}${behind})`,
    Array.isArray(found) ? 'spread it: ...tasks' : 'leave it out: ...(wanted ? [task] : [])',
  ];
}

function isTask(value: unknown): value is Task {
  if (typeof value !== 'object' || value === null) return false;
  const { title, resource, diff, apply } = value as Partial<Task>;
  return (
    typeof title === 'string' &&
    typeof resource === 'string' &&
    typeof diff === 'function' &&
    typeof apply === 'function'
  );
}

function nameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Promise) return 'a Promise';
  return typeof value === 'object'
    ? 'an object that is no task'
    : `the ${typeof value} ${JSON.stringify(value)}`;
}

/**
 * Roles that run alone, too, may each declare the same thing (the user that all need): the first stands.
 * Throws exit code 1 for different wishes, whatever differs.
 */
export function withoutRepeats(host: string, tasks: readonly RoleTask[]): readonly RoleTask[] {
  const seen = new Map<string, RoleTask>();
  for (const entry of tasks) {
    const first = seen.get(entry.task.thing);
    if (first === undefined) seen.set(entry.task.thing, entry);
    else if (first.task.resource !== entry.task.resource || !isSame(first.task.wish, entry.task.wish)) {
      throw disagreement(host, first, entry);
    }
  }
  return [...seen.values()];
}

function disagreement(host: string, first: RoleTask, second: RoleTask): QuorateError {
  const name = ({ role, task }: RoleTask) => `"${task.title}" of role ${role}`;
  return new QuorateError(
    `${host}: ${name(first)} and ${name(second)} want different things of ${second.task.resource}`,
    {
      exitCode: EXIT.usage,
      host,
      task: second.task.title,
      hint: 'let one of them say it, or let both say the same',
    },
  );
}
