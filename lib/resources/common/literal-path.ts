import { checkedPath } from '../../dsl/path.ts';
import { EXIT, QuorateError } from '../../errors.ts';

/**
 * One path; throws exit code 1 for a pattern, which would be taken literally. `\*` and `\?` stand for the signs
 * themselves: `/etc/acme/\*.example.org`.
 */
export function literalPath(what: string, given: string, hint: string): string {
  const path = checkedPath(given);
  if (!/(?<!\\)[*?]/.test(path)) return path.replace(/\\([*?])/g, '$1');
  throw new QuorateError(`${what} ${JSON.stringify(path)}: it is a pattern, and one path was wanted`, {
    exitCode: EXIT.usage,
    hint: `${hint}; where the name itself has such a sign: \\* or \\?`,
  });
}
