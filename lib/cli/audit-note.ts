import { quote } from '../dsl/shell/sh.ts';
import type { AuditNote } from '../runner/audit.ts';
import type { Options } from './flags/options.ts';
import type { PlaybookFile } from './start/playbook-file.ts';
import { sameHosts } from './start/started.ts';

/**
 * What hosts remember of this run. Values of variables are left out, and only their names said: they may be secrets.
 *
 * @example
 * auditNote({ name: 'site' }, options).command // site -i inventory/prod.yaml -l etcd02 -e etcd_version=…
 */
export function auditNote(
  { name, tellsWords = firstWord }: Pick<PlaybookFile, 'name' | 'tellsWords'>,
  options: Options,
): AuditNote {
  const { limit, shard, roles, tags, skipTags, extraVars, prune, apply, own, words, message } = options;
  const command = [
    name + sameHosts(options),
    ...(limit === undefined ? [] : [`-l ${quote(limit)}`]),
    ...(shard === undefined ? [] : [`--shard ${shard.index}/${shard.of}`]),
    ...roles.map((role) => `-r ${quote(role)}`),
    ...tags.map((tag) => `-t ${quote(tag)}`),
    ...skipTags.map((tag) => `--skip-tags ${quote(tag)}`),
    ...extraVars.map((vars) => `-e ${withoutValues(vars)}`),
    ...(prune ? ['--prune'] : []),
    ...(apply === undefined ? [] : [`--apply ${quote(apply)}`]),
    ...Object.entries(own).flatMap(([name, value]) =>
      value === undefined || value === false ? [] : [`--${name}${value === true ? '' : ` ${quote(value)}`}`],
    ),
    ...(words.length > 0 ? [`-- ${tellsWords(words)}`] : []),
  ].join(' ');
  return { command, ...(message !== undefined && { message }) };
}

/** What follows a program's name may be a password. */
function firstWord([first = '', ...others]: readonly string[]): string {
  return quote(first) + (others.length > 0 ? ' …' : '');
}

function withoutValues(vars: string): string {
  if (vars.startsWith('@')) return quote(vars);
  const names = [...vars.matchAll(/(?:^|\s)([A-Za-z_]\w*)=/g)].map(([, name]) => `${name}=…`);
  return names.join(' ') || '…';
}
