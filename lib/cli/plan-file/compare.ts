import type { Step } from '../../dsl/step.ts';
import type { Digests } from './digests.ts';
import { type Entry, isMasked } from './entries.ts';
import type { PlanChange, PlanTask } from './format.ts';

/** What is said of a task that changes nothing. */
export const DONE = 'nothing to do';

/** Something that is no longer as it was planned. */
export interface Difference {
  readonly host: string;
  /** Title of the task or step. */
  readonly task: string;
  readonly property: string;
  readonly planned: string;
  readonly now: string;
}

/**
 * Compare planned tasks with those due now. A certain change must be equal in all parts; any other must still be there,
 * with the same wish. `settled`: earlier changes are done, so uncertain tasks may have become due or not.
 */
export async function differingTasks(
  planned: readonly PlanTask[],
  now: readonly Entry[],
  digests: Digests,
  settled: boolean,
): Promise<readonly Difference[]> {
  const [before, after] = [keyed(planned), keyed(now)];
  const differences: Difference[] = [];
  for (const [key, one] of before) {
    const other = after.get(key);
    if (other === undefined) {
      if (!settled || isCertain(one)) differences.push(gone(one));
      continue;
    }
    const found = changesOf(one, other, settled);
    differences.push(...found.map((difference) => ({ ...named(one), ...difference })));
    if (found.length > 0) continue;
    if (!(await digests.match(one.wanted, other.wanted))) differences.push(otherwise(one, other, 'after'));
    else if (!settled && one.changes.some(isMasked) && !(await digests.match(one.observed, other.observed)))
      differences.push(otherwise(one, other, 'before'));
  }
  for (const [key, other] of after) if (!before.has(key)) differences.push(come(other));
  return differences;
}

/** The first step that is not the one that was planned in its place. */
export function differingSteps(planned: readonly Step[], now: readonly Step[]): readonly Difference[] {
  const at = Array.from({ length: Math.max(planned.length, now.length) }).findIndex(
    (_, i) => planned[i]?.host !== now[i]?.host || planned[i]?.title !== now[i]?.title,
  );
  if (at < 0) return [];
  const said = (step: Step | undefined) => (step === undefined ? 'nothing' : `${step.host}: ${step.title}`);
  const { host, title } = (planned[at] ?? now[at]) as Step;
  return [{ host, task: title, property: `step ${at + 1}`, planned: said(planned[at]), now: said(now[at]) }];
}

type Task = Omit<PlanTask, 'wanted' | 'observed'>;

function keyed<T extends Task>(tasks: readonly T[]): ReadonlyMap<string, T> {
  const all = new Map<string, T>();
  for (const one of tasks) {
    const { play, host, role, task, resource, by } = one;
    let key = JSON.stringify([play, host, by ?? host, role, task, resource]);
    while (all.has(key)) key += '+';
    all.set(key, one);
  }
  return all;
}

function changesOf(one: Task, other: Task, settled: boolean): readonly Omit<Difference, 'host' | 'task'>[] {
  if (settled && !isCertain(one)) return [];
  const properties = new Set([...one.changes, ...other.changes].map(({ property }) => property));
  return [...properties].flatMap((property) => {
    const of = ({ changes }: Task) => changes.filter((change) => change.property === property);
    const [planned, now] = [of(one), of(other)];
    const isSame =
      planned.length === now.length &&
      planned.every((change, i) => sayExact(change) === sayExact(now[i] as PlanChange));
    return isSame ? [] : [{ property, planned: sayAll(planned), now: sayAll(now) }];
  });
}

/** What is not certain is compared by its being there. */
function sayExact({ kind, before, after, certainty }: PlanChange): string {
  return JSON.stringify(certainty === 'certain' ? [kind, before, after] : [kind, certainty]);
}

function sayAll(changes: readonly PlanChange[]): string {
  return changes.length === 0 ? DONE : changes.map(say).join(', ');
}

function say({ kind, before, after, certainty }: PlanChange): string {
  const sure = certainty === 'certain' ? '' : ` (${certainty})`;
  const then = after ?? (certainty === 'unknown' ? 'known after the run' : 'absent');
  return `${kind} ${before ?? 'absent'} → ${then}${sure}`;
}

function isCertain({ changes }: Task): boolean {
  return changes.every(({ certainty }) => certainty === 'certain');
}

function named({ host, task }: Task): Pick<Difference, 'host' | 'task'> {
  return { host, task };
}

function gone(one: Task): Difference {
  const [first] = one.changes;
  return {
    ...named(one),
    property: first?.property ?? 'effect',
    planned: sayAll(one.changes),
    now: DONE,
  };
}

function come(one: Task): Difference {
  const [first] = one.changes;
  return {
    ...named(one),
    property: first?.property ?? 'effect',
    planned: DONE,
    now: sayAll(one.changes),
  };
}

/** What shows is equal, and what it stands for is not. */
function otherwise(one: Task, other: Task, side: 'before' | 'after'): Difference {
  const change = one.changes.find(isMasked) ?? one.changes[0];
  const secret = one.changes.some(isMasked) || other.changes.some(isMasked);
  const what = side === 'after' ? 'what is wanted' : 'what is there';
  const now = secret
    ? `another secret in ${what}`
    : `${what} is another, as a variable or a script it is made from`;
  return {
    ...named(one),
    property: change?.property ?? 'effect',
    planned: sayAll(change ? [change] : []),
    now,
  };
}
