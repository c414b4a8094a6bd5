import { EXIT, QuorateError } from '../../errors.ts';
import { Secret } from '../secret.ts';

/** POSIX shell text. Only `sh` and `raw` make it, so a plain string can never be taken for code. */
export interface Sh {
  readonly text: string;
}

type Value = string | number | Sh | readonly (string | number)[];

/**
 * Builds shell text: interpolated strings and numbers are quoted as one word each, arrays as several
 * words, other `sh` pieces stand as they are. Backslashes reach the shell as written; a shell's own
 * `${name}` is written `\${name}`.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly Value[]): Sh {
  const parts = strings.raw.map((part) => part.replaceAll('\\${', '${').replaceAll('\\`', '`'));
  return { text: parts.reduce((sum, part, i) => sum + render(values[i - 1], parts[i - 1] ?? '') + part) };
}

/** Shell text that is already correct: a constant of ours, never something a user wrote. */
export function raw(text: string): Sh {
  return { text };
}

/** Joins pieces, by default one a line; the empty list is the empty script. */
export function joinSh(pieces: readonly Sh[], separator = '\n'): Sh {
  return { text: pieces.map((piece) => piece.text).join(separator) };
}

/**
 * One POSIX word: `'it'\''s'`. NUL cannot be part of a word on any host and is refused.
 * zx's own quoting (`$'…'`) is not used: dash does not understand it.
 */
export function quote(word: string): string {
  if (word.includes('\0')) {
    // The word itself is not shown: it may be a secret.
    throw new QuorateError('a NUL byte cannot be passed to a shell', { exitCode: EXIT.usage });
  }
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What stands for a value after the text `before`: roles that no compiler has seen may bring anything. */
function render(value: unknown, before: string): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (value instanceof Secret) throw inShell();
  if (Array.isArray(value)) return value.map((one) => render(one, before)).join(' ');
  if (typeof value === 'object' && value !== null && 'text' in value) return String(value.text);
  throw noWord(value, before);
}

function noWord(value: unknown, before: string): QuorateError {
  const found =
    typeof value === 'object' && value !== null
      ? 'an object'
      : typeof value === 'function'
        ? 'a function'
        : String(value);
  const behind = before.trimEnd().split('\n').at(-1)?.slice(-40).trimStart();
  return new QuorateError(
    `sh is given ${found}${behind ? ` after "${behind}"` : ''}: text, a number, shell, or a list of these was wanted`,
    {
      exitCode: EXIT.usage,
      hint: "what may be left out is a list: ${on ? ['--on'] : []}; write anything else as text: ${String(value)}",
    },
  );
}

/** Everybody on the host sees what a program is called with. */
function inShell(): QuorateError {
  return new QuorateError('a Secret is put into shell, where it may become an argument that others see', {
    exitCode: EXIT.usage,
    hint: 'hand it over as a variable: environment: { TOKEN: secret }, and "$TOKEN" in the shell',
  });
}
