import type { HostData } from '../../dsl/role.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Member } from '../model/cluster.ts';

/**
 * Read-only shell: a line `unreadable PATH` for each place of the member that this login may not look into, and
 * `login NAME` with them. What cannot be seen is not absent: below a folder that is closed there may be anything.
 */
export function unreadableFacts({ stateDir, dataDir, configDir, certDir }: Member): Sh {
  const files = [
    `${configDir}/etcd.conf`,
    ...['ca.pem', 'server-key.pem'].map((name) => `${certDir}/${name}`),
  ];
  return sh`q_closed=$(for q_path in ${[stateDir, dataDir, configDir, certDir, ...files]}; do
  q_at=$q_path
  until [ -e "$q_at" ] || [ -z "$q_at" ]; do q_at=\${q_at%/*}; done
  if [ "$q_at" = "$q_path" ] && [ ! -r "$q_at" ]; then echo "unreadable $q_at"
  elif [ -d "$q_at" ] && [ ! -x "$q_at" ]; then echo "unreadable $q_at"; fi
done)
if [ -n "$q_closed" ]; then printf '%s\n' "$q_closed"; echo "login $(id -un)"; fi`;
}

/** Throws where `unreadableFacts` printed anything among other lines: facts of such a host would be guesses. */
export function requireReadable(out: string, { name }: Pick<HostData, 'name'>): void {
  const paths = new Set([...out.matchAll(/^unreadable (.*)$/gm)].map(([, path]) => path));
  if (paths.size === 0) return;
  const login = /^login (.*)$/m.exec(out)?.[1] ?? 'this login';
  throw new QuorateError(`${name}: cannot read ${[...paths].join(', ')} as ${login}`, {
    exitCode: EXIT.failed,
    host: name,
    hint: 'become root (-b, and -K where sudo wants a password)',
  });
}
