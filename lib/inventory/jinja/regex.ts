import { createContext, Script } from 'node:vm';
import { TemplateError } from './errors.ts';
import type { Given } from './plugin.ts';

/** What Python's `re` calls otherwise than JavaScript does. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/\(\?P</g, '(?<'],
  [/\(\?P=(\w+)\)/g, '\\k<$1>'],
  [/\\A/g, '(?<![\\s\\S])'],
  [/\\Z/g, '(?![\\s\\S])'],
];

/** A regular expression of Python's, with `ignorecase` and `multiline`; `flags` are added. */
export function regex(pattern: string, given: Given, flags = ''): RegExp {
  const [, inline = ''] = /^\(\?([imsx]+)\)/.exec(pattern) ?? [];
  const bare = SPELLINGS.reduce(
    (text, [python, ours]) => text.replaceAll(python, ours),
    pattern.replace(/^\(\?[imsx]+\)/, ''),
  );
  const all = new Set(
    `${flags}${inline}${given.flag('ignorecase') ? 'i' : ''}${given.flag('multiline') ? 'm' : ''}`,
  );
  try {
    const made = new RegExp(bare, [...all].join(''));
    // With one repetition there is nothing to try in many ways.
    return (bare.match(/[*+{]/g)?.length ?? 0) < 2 ? made : new Timed(made);
  } catch {
    throw new TemplateError('a regular expression is not understood');
  }
}

/** Milliseconds for one match: some patterns, such as `(a+)+$`, try ways without end. */
const PATIENCE = 1000;

const inside = createContext({ work: undefined as (() => unknown) | undefined });
const call = new Script('work()');

/** One that ends a match which takes longer. */
class Timed extends RegExp {
  override exec(text: string): RegExpExecArray | null {
    inside.work = () => super.exec(text);
    try {
      return call.runInContext(inside, { timeout: PATIENCE }) as RegExpExecArray | null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new TemplateError(
        `a regular expression does not come to an end within ${PATIENCE / 1000} s: repetitions within one another try each way`,
      );
    }
  }
}

/** Python's replacement text (`\1`, `\g<name>`) for one match. */
export function replacement(text: string, match: RegExpMatchArray): string {
  return text.replaceAll(/\\(?:g<(?<name>\w+)>|(?<number>\d{1,2})|(?<char>[\s\S]))/g, (...found) => {
    const { name, number, char } = found.at(-1) as Record<string, string | undefined>;
    const group = number ?? name;
    if (group === undefined)
      return { n: '\n', t: '\t', r: '\r' }[char ?? ''] ?? (char === '\\' ? '\\' : `\\${char}`);
    return groupIn(match, group) ?? '';
  });
}

/** The group that an argument of regex_search (`\1`, `\g<name>`) names. */
export function groupNamed(text: string): string {
  const [, name, number] = /^\\(?:g<(\S+)>|(\d+))/.exec(text) ?? [];
  const group = name ?? number;
  if (group !== undefined) return group;
  throw new TemplateError('regex_search() takes groups as \\1 or \\g<name>, with one backslash');
}

/** What a group has matched; undefined where it took no part. */
export function groupIn(match: RegExpMatchArray, group: string): string | undefined {
  const at = Number(group);
  const known = Number.isInteger(at)
    ? at < match.length
    : match.groups !== undefined && group in match.groups;
  if (!known) throw new TemplateError(`the regular expression has no group "${group}"`);
  return Number.isInteger(at) ? match[at] : match.groups?.[group];
}
