import type { Outcome } from '../cli/playbook-run.ts';
import { EXIT } from '../errors.ts';
import type { Convergence } from './converge.ts';
import type { BuiltTask } from './fake-host.ts';

interface Judged {
  readonly pass: boolean;
  message(): string;
}

/** Types of the matchers: `declare module 'vitest' { interface Matchers<T> extends QuorateMatchers<T> {} }`. */
export interface QuorateMatchers<R> {
  /** Of what `converge` gives: the check told what the apply did, and nothing is left to do. */
  toConverge(): R;
  /** Of what `fakeHost().tasks` gives: there is a task of this title or resource (`file:/etc/motd`). */
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
  const [planned, made] = [changesOf(check), changesOf(apply)];
  return [
    ...made.filter((one) => !planned.includes(one)).map((one) => `the check did not tell of ${one}`),
    ...planned
      .filter((one) => !made.includes(one))
      .map((one) => `the check told of ${one}, which was not made`),
    ...changesOf(again).map((one) => `after the apply a check still tells of ${one}`),
  ];
}

function failures(what: string, { exitCode, errors }: Outcome): readonly string[] {
  if (exitCode === EXIT.ok) return [];
  return errors.length === 0
    ? [`${what} ended with ${exitCode}`]
    : errors.map(({ message, hint }) => `${what}: ${message}${hint === undefined ? '' : `; ${hint}`}`);
}

function changesOf({ changed }: Outcome): readonly string[] {
  return changed.flatMap(({ role, task, changes }) =>
    changes.map(({ kind, property }) => `${role}: ${task} (${kind} ${property})`),
  );
}
