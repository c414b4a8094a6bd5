import { isDeepStrictEqual } from 'node:util';
import type { Outcome } from '../cli/playbook-run.ts';
import type { Change } from '../dsl/task.ts';
import { EXIT } from '../errors.ts';
import type { Convergence } from './converge.ts';
import type { BuiltTask } from './fake-host.ts';

interface Judged {
  readonly pass: boolean;
  message(): string;
}

/** Types of the matchers: `declare module 'vitest' { interface Matchers<T> extends QuorateMatchers<T> {} }`. */
export interface QuorateMatchers<R> {
  /** For what `converge` gives: the check told what the apply did, and nothing is left to do but what always runs. */
  toConverge(): R;
  /** For what `fakeHost().tasks` gives: there is a task of this title or resource (`file:/etc/motd`). */
  toHaveTask(task: string): R;
}

/** Matchers for `expect.extend`, of vitest or jest. */
export const matchers = {
  toConverge(received: Convergence): Judged {
    const wrong = wrongOf(received);
    const told = wrong.length === 0 ? 'it converged' : wrong.join('\n');
    return { pass: wrong.length === 0, message: () => told };
  },
  toHaveTask(received: readonly BuiltTask[], wanted: string): Judged {
    const pass = received.some(({ title, resource }) => title === wanted || resource === wanted);
    const list = received.map(({ title, resource }) => `  ${resource}: ${title}`).join('\n');
    return { pass, message: () => `${wanted} is ${pass ? '' : 'not '}among the tasks:\n${list || '  none'}` };
  },
};

function wrongOf({ check, apply, again }: Convergence): readonly string[] {
  const failed = [
    ...failures('the check', check),
    ...failures('the apply', apply),
    ...failures('the second check', again),
  ];
  if (failed.length > 0) return failed;
  const [planned, made, left] = [changesIn(check), changesIn(apply), changesIn(again)];
  const open = new Set(planned.filter(isOpen).map(({ task }) => task));
  const has = (list: readonly MadeChange[], { what }: MadeChange) => list.some((one) => one.what === what);
  if (!apply.events.some(({ event }) => event === 'task')) return ['the roles have no task for this host'];
  return [
    ...made
      .filter((one) => !open.has(one.task) && !has(planned, one))
      .map(({ what }) => `the check did not tell of ${what}`),
    ...planned
      .filter((one) => !open.has(one.task) && one.certainty === 'certain' && !has(made, one))
      .map(({ what }) => `the check told of ${what}, which was not made`),
    ...planned.flatMap((one) => {
      const other = made.find(({ what }) => what === one.what);
      if (other === undefined || [one, other].some(({ certainty }) => certainty !== 'certain')) return [];
      return isDeepStrictEqual(one.states, other.states)
        ? []
        : [`the check told of ${one.what}: ${wordsOf(one)}; the apply did ${wordsOf(other)}`];
    }),
    ...left.filter((one) => !isOpen(one)).map(({ what }) => `after the apply a check still tells of ${what}`),
  ];
}

/**
 * The check left it to the run what becomes of the task: a command that cannot tell (`changedWhen: 'always'`), or one
 * whose `unless` is asked again after something that is due. Then the run may have found nothing to do.
 */
function isOpen({ property, certainty }: MadeChange): boolean {
  return property === 'effect' && certainty === 'unknown';
}

function failures(what: string, { exitCode, errors }: Outcome): readonly string[] {
  if (exitCode === EXIT.ok) return [];
  return errors.length === 0
    ? [`${what} ended with ${exitCode}`]
    : errors.map(({ message, hint }) => `${what}: ${message}${hint === undefined ? '' : `; ${hint}`}`);
}

interface MadeChange extends Pick<Change, 'property' | 'certainty'> {
  /** Whose it is: role and title. */
  readonly task: string;
  /** The change in words. */
  readonly what: string;
  /** Before and after. */
  readonly states: readonly unknown[];
}

function wordsOf({ states }: MadeChange): string {
  return states
    .map((state) => (state === null || state === undefined ? 'none' : JSON.stringify(state)))
    .join(' → ');
}

function changesIn({ changed }: Outcome): readonly MadeChange[] {
  return changed.flatMap(({ role, task, changes }) =>
    changes.map(({ kind, property, certainty, before, after }) => ({
      states: [before, after],
      property,
      certainty,
      task: `${role}: ${task}`,
      what: `${role}: ${task} (${kind} ${property})`,
    })),
  );
}
