import type { PlayProblem } from '../../../dsl/play.ts';
import type { HostData, Vars } from '../../../dsl/role.ts';
import type { Words } from './scene.ts';

/** Flags of the verb; they reach the hosts as variables of that name. */
export const MEMBERS_FLAGS = [
  {
    name: 'remove',
    type: 'string',
    placeholder: 'NAME,…',
    description: 'take these members out of the cluster: hosts, or names or IDs of members',
  },
  {
    name: 'replace',
    type: 'string',
    placeholder: 'NAME,…',
    description: 'take these out, and put what the inventory has in their place',
  },
  {
    name: 'accept-downtime',
    type: 'boolean',
    description: 'go on where the cluster cannot serve for a moment (one or two members)',
  },
] as const;

export function wordsOf(vars: Vars): Words {
  const list = (value: unknown) => (typeof value === 'string' ? value.split(',').filter(Boolean) : []);
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
