import { closest } from 'fastest-levenshtein';
import type { Playbook } from '../dsl/play.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Options } from './options.ts';

/** Which roles take part, from `-r`, `-t` and `--skip-tags`. A name that no role has is an error. */
export function chooseRoles(
  playbook: Playbook,
  { roles, tags, skipTags }: Pick<Options, 'roles' | 'tags' | 'skipTags'>,
): (role: string) => boolean {
  const known = playbook.plays.flatMap((play) => play.roles.map(({ name }) => name));
  for (const [flag, names] of [
    ['--role', roles],
    ['--tags', tags.filter((tag) => tag !== 'all')],
    ['--skip-tags', skipTags],
  ] as const) {
    for (const name of names) if (!known.includes(name)) throw unknownRole(flag, name, known);
  }
  const wanted = [...roles, ...tags];
  return (role) =>
    !skipTags.includes(role) && (wanted.length === 0 || wanted.includes('all') || wanted.includes(role));
}

function unknownRole(flag: string, name: string, known: readonly string[]): QuorateError {
  const near = known.length > 0 ? `did you mean ${closest(name, known)}? ` : '';
  return new QuorateError(`${flag} ${name}: this playbook has no such role`, {
    exitCode: EXIT.usage,
    hint: `${near}roles: ${known.join(', ') || 'none'}`,
  });
}
