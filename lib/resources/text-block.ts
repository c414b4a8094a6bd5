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
import { is, must, mustUnlessAbsent } from '../dsl/options/options.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface TextBlockWish extends EditOptions {
  /** Tells the blocks of a file apart; stands in both markers. */
  readonly name: string;
  /** Lines between the markers; without a say where it is to be absent. */
  readonly content: string;
  /** How a line of comment begins; `#` unless said. One that needs an end, as in HTML and C, gets it. */
  readonly comment?: string;
  /** `absent`: the block is gone, markers and all. */
  readonly state?: 'present' | 'absent';
}

export type TextBlockOptions = TextBlockWish | TextBlockGone;

type TextBlockGone = Omit<TextBlockWish, 'content'> & {
  readonly state: 'absent';
  readonly content?: string;
};

interface TextBlockDesired extends Edited {
  readonly name: string;
  readonly content: string;
  readonly begin: string;
  readonly end: string;
  readonly absent: boolean;
}

/**
 * Some lines of ours between two markers, in a text file that others write, too; at its end where it is new.
 *
 * @example
 * textBlock('/etc/hosts', { name: 'cluster', content: hosts.map(({ name, ip }) => `${ip} ${name}`).join('\n') })
 */
export const textBlock = defineEdit<TextBlockOptions, TextBlockDesired>({
  kind: 'text-block',
  options: {
    ...EDIT,
    name: must(is.text),
    content: mustUnlessAbsent(is.text),
    comment: is.text,
    state: is.one('present', 'absent'),
  },
  name: ({ path, name }) => `${path} ${name}`,
  title: ({ path, name, absent }) => `${path} has ${absent ? 'no' : 'the'} block "${name}"`,
  complete(path, { name, content = '', comment = '#', state, ...options }) {
    const start = oneLine('comment', comment).trim();
    const close = CLOSED_BY.get(start) ?? '';
    const own = oneLine('name', name);
    const [begin, end] = ['BEGIN', 'END'].map(
      (mark) => `${comment} ${mark} ${own.trimEnd().endsWith(close) ? own : `${own} ${close}`}`,
    );
    return {
      ...completeEdit(path, options),
      name,
      content: content.replaceAll('\r\n', '\n'),
      begin: `${begin}`,
      end: `${end}`,
      absent: state === 'absent',
    };
  },
  lines: ({ content, begin, end, absent }) => (absent ? [] : [begin, ...linesOf(content), end]),
  edit(text, { path, name, content, begin, end, absent }) {
    const lines = linesOf(text);
    const [from, to] = [lines.indexOf(begin), lines.indexOf(end)];
    const ours = absent ? [] : [begin, ...linesOf(content), end];
    if (ours.slice(1, -1).some((line) => line === begin || line === end))
      throw broken(path, name, EXIT.usage);
    if (from < 0 && to < 0) return absent ? text : textOfLines([...lines, ...ours]);
    const isWhole =
      from >= 0 && to > from && from === lines.lastIndexOf(begin) && to === lines.lastIndexOf(end);
    if (!isWhole) throw broken(path, name, EXIT.failed);
    return textOfLines([...lines.slice(0, from), ...ours, ...lines.slice(to + 1)]);
  },
});

/** How a comment ends, by how it begins, in languages that need it. */
const CLOSED_BY: ReadonlyMap<string, string> = new Map([
  ['<!--', '-->'],
  ['/*', '*/'],
  ['(*', '*)'],
  ['{#', '#}'],
  ['{-', '-}'],
  ['<%--', '--%>'],
]);

/** Half a block says nothing of where it ends: what lies after it may be anybody's. */
function broken(path: string, name: string, exitCode: typeof EXIT.usage | typeof EXIT.failed): QuorateError {
  return new QuorateError(
    `the markers of block "${name}" in ${path} do not come once each, one after the other`,
    {
      exitCode,
      hint: 'put them right by hand: BEGIN, the lines of the block, END',
    },
  );
}
