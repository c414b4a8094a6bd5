import type { PlayProblem } from '../../../dsl/play.ts';
import type { HostData, Vars } from '../../../dsl/role.ts';
import type { Words } from './scene.ts';

/** What the flags of the playbook say; they reach the hosts as variables. */
export function wordsOf(vars: Vars): Words {
  const list = (value: unknown) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((one) => one.trim())
          .filter(Boolean)
      : [];
  return {
    remove: list(vars.remove),
    replace: list(vars.replace),
    acceptDowntime: vars['accept-downtime'] === true,
  };
}

/** A name in both: before any contact. */
export function wordProblems([first]: readonly HostData[]): readonly PlayProblem[] {
  if (first === undefined) return [];
  const { remove, replace } = wordsOf(first.vars);
  return remove
    .filter((name) => replace.includes(name))
    .map((name) => ({
      host: first.name,
      message: `--remove and --replace both name ${name}`,
      hint: 'remove it, or replace it',
    }));
}
