import { role } from '../lib/dsl/role.ts';
import { Secret } from '../lib/dsl/secret.ts';
import { raw, sh } from '../lib/dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../lib/errors.ts';
import { command } from '../lib/resources/command.ts';
import { maskWords } from '../lib/secret-words.ts';

/**
 * A role that runs a command once. Several words are a program and its arguments, each taken literally; one word is a
 * line for the host's shell, as ssh has it.
 */
export function exec(words: readonly string[]) {
  const [line = ''] = words;
  const masked = maskWords(words);
  // Wherever else it turns up in what is told: in what the command prints, in a script that is shown.
  for (const secret of masked.secrets) new Secret(secret);
  return role({
    name: 'exec',
    description: 'a command, run once',
    tasks: () => [
      command(masked.words.join(' '), {
        run: words.length === 1 ? raw(line) : sh`${[...words]}`,
        changedWhen: 'always',
      }),
    ],
  });
}

/** The pattern of hosts, and the command after it. Throws exit code 1 where either is missing. */
export function execWords([pattern, ...words]: readonly string[]) {
  if (pattern !== undefined && words.length > 0) return { pattern, words };
  throw new QuorateError(pattern === undefined ? 'no hosts are named' : `no command for ${pattern}`, {
    exitCode: EXIT.usage,
    hint: 'PATTERN -- COMMAND, as in: web -- uptime',
  });
}
