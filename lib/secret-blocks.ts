import { MASK, NAME_IN_FILE } from './secret-names.ts';

/** A line that begins with the name of a secret: how far in that stands, what is behind its sign. */
const KEY = new RegExp(
  String.raw`^(?<before>\s*(?:-\s+)*)(?<name>["']?[\w.-]{0,64}?${NAME_IN_FILE})(?<sign>[:=])(?:\s+(?<rest>\S.*))?\s*$`,
  'i',
);

/** Tags and anchors, which stand in front of a value of YAML. */
const TAGS = String.raw`^(?:[!&]\S{1,64}(?:\s+|$)){0,2}`;
const IS_NOTHING = new RegExp(`${TAGS}(?:#.*)?$`);
const IS_BLOCK = new RegExp(String.raw`${TAGS}[|>][-+\d]{0,2}\s*(?:#.*)?$`);
/** In quotes or brackets: it ends with these, wherever that is. */
const IS_FRAMED = new RegExp(`${TAGS}["'[{]`);

/** The key of a mapping; not a text in quotes that has a colon in it. */
const IS_MAPPING = /^(?:"[^"]*"|'[^']*'|[\w.-]+)\s*:(?:\s|$)/;
const ITEM = /^\s*-(?:\s+(.*)|$)/;

/**
 * Masks texts that YAML has below the name of a secret, further in: blocks (`password: |`), texts over several lines,
 * lists of texts. Mappings stay, in lists too: their names tell which of their values are secrets.
 *
 * @example
 * maskBlocks('passwords:\n  # of both\n  - one\n  - |\n    two\n') // 'passwords:\n  # of both\n  - ***\n  - ***\n    ***\n'
 */
export function maskBlocks(text: string): string {
  const lines = text.split('\n');
  // What is masked below a name is not a name by the time that its line comes.
  for (let at = 0; at < lines.length; at++) if (/[:=]/.test(lines[at] as string)) maskBelow(lines, at);
  return lines.join('\n');
}

function maskBelow(lines: string[], at: number): void {
  const { before = '', name, sign, rest = '' } = KEY.exec(lines[at] as string)?.groups ?? {};
  if (name === undefined) return;
  const isBlock = IS_BLOCK.test(rest);
  const isNothing = IS_NOTHING.test(rest);
  if (!isBlock && !isNothing && (sign === '=' || IS_FRAMED.test(rest))) return;
  const first = contentFrom(lines, at + 1);
  const value = lines[first] ?? '';
  if (isNothing && ITEM.test(value) && depthOf(value) >= before.length) {
    // What is a list of `secrets` is one of their names.
    if (!/^["']?secrets?["']?\s*$/i.test(name)) maskItems(lines, first);
  } else if (isBlock || !IS_MAPPING.test(value.trim()))
    maskFurtherIn(lines, isBlock ? at + 1 : first, before.length);
}

/** Masks the lines that are further in than `depth`, up to the first that is not. */
function maskFurtherIn(lines: string[], from: number, depth: number): void {
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] as string;
    if (line.trim() === '') continue;
    if (depthOf(line) <= depth) return;
    lines[at] = maskLines(line);
  }
}

/** Masks the items that are texts, each with all its lines. */
function maskItems(lines: string[], from: number): void {
  const depth = depthOf(lines[from] as string);
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] as string;
    if (line.trim() === '' || isComment(line) || depthOf(line) > depth) continue;
    const item = depthOf(line) === depth ? ITEM.exec(line) : null;
    if (item === null) return;
    const text = item[1] || (lines[contentFrom(lines, at + 1)] ?? '').trim();
    if (IS_MAPPING.test(text)) continue;
    if (item[1]) lines[at] = line.replace(/^(\s*-\s+).*/, `$1${MASK}`);
    maskFurtherIn(lines, at + 1, depth);
  }
}

/** Where the first line stands that says something. */
function contentFrom(lines: readonly string[], from: number): number {
  let at = from;
  while (at < lines.length && (isComment(lines[at] as string) || lines[at]?.trim() === '')) at++;
  return at;
}

function isComment(line: string): boolean {
  return /^\s*#/.test(line);
}

function depthOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Masks each line from its first letter on: what is left tells how many there are. */
export function maskLines(text: string): string {
  return text.replaceAll(/[^\s][^\n]*/g, MASK);
}
