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
import { is, usage } from '../dsl/options/options.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface LineWish extends EditOptions {
  /** The whole line, taken literally. */
  readonly line: string;
  /** `absent`: no line is exactly this one, nor fits `match`; one of them is enough. */
  readonly state?: 'present' | 'absent';
  /**
   * The last line that fits this makes way for it, where the line is missing or stands above: `port=80` is not in effect
   * with `port=90` below it. Below the line a comment stays. One that fits any line, as `/^/` does, is refused.
   */
  readonly match?: RegExp;
  /** When no line is replaced, put it after the last (before the first) line that matches; else at the end. */
  readonly insertAfter?: RegExp;
  readonly insertBefore?: RegExp;
}

export type LineOptions = LineWish | LineGone;

type LineGone = Omit<LineWish, 'line' | 'match'> & {
  readonly state: 'absent';
  readonly line?: never;
  readonly match: RegExp;
};

interface LineDesired extends Edited {
  readonly line: string | undefined;
  readonly absent: boolean;
  readonly match: RegExp | undefined;
  readonly insertAfter: RegExp | undefined;
  readonly insertBefore: RegExp | undefined;
}

/**
 * A line in a text file that others write, too. A line that is there already is fine, wherever it stands, unless another
 * that fits `match` stands below it; text is taken literally. It ends as the lines of the file do. The file must be there, unless `create`
 * says that it may be made.
 *
 * @example
 * line('/etc/ssh/sshd_config', {
 *   line: 'PermitRootLogin no',
 *   match: /^#?PermitRootLogin\s/,
 *   // At the end it would be a part of the last `Match`, and hold for nobody else.
 *   insertBefore: /^Match\s/,
 *   validate: (path) => sh`sshd -t -f ${path}`,
 * })
 */
export const line = defineEdit<LineOptions, LineDesired>({
  kind: 'line',
  options: {
    ...EDIT,
    line: is.text,
    state: is.one('present', 'absent'),
    match: is.regexp,
    insertAfter: is.regexp,
    insertBefore: is.regexp,
  },
  name: ({ path, line: text, match }) => `${path} ${text ?? match}`,
  title: ({ path, line: text, match, absent }) =>
    `${path} has ${absent ? 'no' : 'the'} line ${text === undefined ? `that fits ${match}` : `"${text}"`}`,
  complete(path, { line: text, state, match, insertAfter, insertBefore, ...options }) {
    for (const pattern of [match, insertAfter, insertBefore]) requireSteady(path, pattern);
    if (match !== undefined && fitsAnyLine(match)) throw picksNone(path, match);
    const absent = state === 'absent';
    if (text === undefined && !(absent && match !== undefined)) throw noLine(path, absent);
    return {
      ...completeEdit(path, options),
      line: text === undefined ? undefined : oneLine('line', text),
      absent,
      match,
      insertAfter,
      insertBefore,
    };
  },
  lines: ({ line: wanted, absent }) => (absent || wanted === undefined ? [] : [wanted]),
  edit(text, { line: wanted, absent, match, insertAfter, insertBefore }) {
    const lines = [...linesOf(text)];
    const fits = (pattern: RegExp | undefined) => (one: string) => pattern?.test(one) === true;
    if (absent || wanted === undefined) {
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

function noLine(path: string, absent: boolean): QuorateError {
  return usage(
    `line ${JSON.stringify(path)}: ${absent ? 'it needs line or match' : 'line is missing, text was wanted'}`,
    absent ? 'match: /^port=/ picks the lines that are to go' : "write line: '…'",
  );
}

function picksNone(path: string, pattern: RegExp): QuorateError {
  return new QuorateError(`the pattern ${pattern} for ${path} does not pick a line`, {
    exitCode: EXIT.usage,
    hint: 'say what the line begins with, as /^port=/ does, without the flags g and y',
  });
}
