import {
  completeEdit,
  defineEdit,
  EDIT,
  type Edited,
  type EditOptions,
  linesOf,
  oneLine,
  textOfLines,
} from '../dsl/edit.ts';
import { is, must } from '../dsl/options.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface LineOptions extends EditOptions {
  /** The whole line, taken literally. */
  readonly line: string;
  /** `absent`: no line is exactly this one, nor fits `match`. */
  readonly state?: 'present' | 'absent';
  /**
   * The last line that fits this makes way for it, where the line is missing or stands above: `port=80` is not in effect
   * with `port=90` below it. Below the line a comment stays. One that fits any line, as `/^/` does, is refused.
   */
  readonly match?: RegExp;
  /** Where nothing makes way, it comes behind the last (before the first) line that fits this; else at the end. */
  readonly insertAfter?: RegExp;
  readonly insertBefore?: RegExp;
}

interface LineDesired extends Edited, Omit<LineOptions, keyof EditOptions> {}

/**
 * A line in a text file that others write, too. A line that is there already is fine, wherever it stands, unless another
 * that fits `match` stands below it; text is taken literally. It ends as the lines of the file do. The file must be there, unless `create`
 * says that it may be made.
 *
 * @example
 * line('/etc/ssh/sshd_config', { line: 'PermitRootLogin no', match: /^#?PermitRootLogin\s/ })
 */
export const line = defineEdit<LineOptions, LineDesired>({
  kind: 'line',
  options: {
    ...EDIT,
    line: must(is.text),
    state: is.one('present', 'absent'),
    match: is.regexp,
    insertAfter: is.regexp,
    insertBefore: is.regexp,
  },
  name: ({ path, line: text }) => `${path} ${text}`,
  title: ({ path, line: text, state }) => `${path} has ${state === 'absent' ? 'no' : 'the'} line "${text}"`,
  complete(path, { line: text, state, match, insertAfter, insertBefore, ...options }) {
    for (const pattern of [match, insertAfter, insertBefore]) requireSteady(path, pattern);
    if (match !== undefined && fitsAnyLine(match)) throw picksNone(path, match);
    return {
      ...completeEdit(path, options),
      line: oneLine('line', text),
      state,
      match,
      insertAfter,
      insertBefore,
    };
  },
  lines: ({ line: wanted, state }) => (state === 'absent' ? [] : [wanted]),
  edit(text, { line: wanted, state, match, insertAfter, insertBefore }) {
    const lines = [...linesOf(text)];
    const fits = (pattern: RegExp | undefined) => (one: string) => pattern?.test(one) === true;
    if (state === 'absent') {
      const left = lines.filter((one) => one !== wanted && !fits(match)(one));
      return left.length === lines.length ? text : textOfLines(left);
    }
    const there = lines.lastIndexOf(wanted);
    const old = lines.findLastIndex((one) => fits(match)(one) && !(there >= 0 && COMMENT.test(one)));
    if (there >= 0 && old <= there) return text;
    if (old >= 0) lines[old] = wanted;
    else {
      const behind = lines.findLastIndex(fits(insertAfter));
      const before = lines.findIndex(fits(insertBefore));
      lines.splice(behind >= 0 ? behind + 1 : before >= 0 ? before : lines.length, 0, wanted);
    }
    return textOfLines(lines);
  },
});

const COMMENT = /^\s*(#|;|\/\/)/;

/** With `g` or `y` a pattern fits every other time. */
function requireSteady(path: string, pattern: RegExp | undefined): void {
  if (pattern?.source === '(?:)' || pattern?.global || pattern?.sticky) throw picksNone(path, pattern);
}

/** What fits an empty line, or lines that have nothing in common, would take whatever stands last. */
function fitsAnyLine(pattern: RegExp): boolean {
  return ['q', '0', '#', ' '].every((one) => pattern.test(one));
}

function picksNone(path: string, pattern: RegExp): QuorateError {
  return new QuorateError(`the pattern ${pattern} for ${path} does not pick a line`, {
    exitCode: EXIT.usage,
    hint: 'say what the line begins with, as /^port=/ does, without the flags g and y',
  });
}
