import { closest } from 'fastest-levenshtein';
import type { Playbook } from '../../dsl/play.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Options } from './options.ts';

/** Ansible's words for roles with any tag, and without one: each role has its name as tag. */
const ANY: readonly string[] = ['all', 'tagged'];
const NONE = 'untagged';

/** Which roles take part, from `-r`, `-t` and `--skip-tags`. A name that no role has is an error. */
export function chooseRoles(
  playbook: Playbook,
  {
    roles,
    tags,
    skipTags,
    prune,
  }: Pick<Options, 'roles' | 'tags' | 'skipTags'> & Partial<Pick<Options, 'prune'>>,
): (role: string) => boolean {
  const known = playbook.plays.flatMap((play) => play.roles.map(({ name }) => name));
  const names = (list: readonly string[]) => list.filter((tag) => !ANY.includes(tag) && tag !== NONE);
  for (const [flag, list] of [
    ['--role', roles],
    ['--tags', names(tags)],
    ['--skip-tags', names(skipTags)],
  ] as const) {
    for (const name of list) if (!known.includes(name)) throw unknownRole(flag, name, known);
  }
  if (prune && [roles, tags, skipTags].some(({ length }) => length > 0)) throw prunesInPart();
  const has = (role: string) => (tag: string) => tag === role || ANY.includes(tag);
  const isWanted = (role: string) =>
    roles.length + tags.length === 0 || roles.includes(role) || tags.some(has(role));
  return (role) => isWanted(role) && !skipTags.some(has(role));
}

function prunesInPart(): QuorateError {
  return new QuorateError('--prune looks at whole plays: what other roles declare would be taken away', {
    exitCode: EXIT.usage,
    hint: 'leave out --role, --tags and --skip-tags; --limit chooses hosts',
  });
}

function unknownRole(flag: string, name: string, known: readonly string[]): QuorateError {
  const near = known.length > 0 ? `did you mean ${closest(name, known)}? ` : '';
  return new QuorateError(`${flag} ${name}: this playbook has no such role`, {
    exitCode: EXIT.usage,
    hint: `${near}roles: ${known.join(', ') || 'none'}`,
  });
}
