import type { Task } from '../task.ts';

/** What is wrong with a list of tasks, and what to do about it. */
export function wrongList(list: unknown): readonly [found: string, hint: string] | undefined {
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
  const behind = before === undefined ? '' : `, after "${before.title}"`;
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
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object'
    ? 'an object that is not a task'
    : `the ${typeof value} ${JSON.stringify(value)}`;
}
