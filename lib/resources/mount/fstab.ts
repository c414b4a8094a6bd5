import { linesOf, textOfLines } from '../../dsl/edit.ts';
import { EXIT, QuorateError } from '../../errors.ts';

/** A line of `/etc/fstab` (fstab(5)), with spaces and tabs in its fields as they are. */
export interface FstabEntry {
  readonly source: string;
  readonly path: string;
  readonly type: string;
  readonly options: string;
  readonly dump: number;
  readonly pass: number;
}

/** The text with this entry for its mount point, or without one; other lines, and comments, stay byte for byte. */
export function withEntry(text: string, path: string, entry: FstabEntry | undefined): string {
  const lines = linesOf(text);
  const at = lines.flatMap((line, i) => (entryIn(line)?.path === path ? [i] : []));
  if (at.length > 1) {
    throw new QuorateError(`/etc/fstab has ${at.length} lines for ${path}`, {
      exitCode: EXIT.failed,
      hint: 'leave one of them: only you know which',
    });
  }
  const [place] = at;
  if (place === undefined) return entry === undefined ? text : textOfLines([...lines, fstabLine(entry)]);
  if (entry === undefined) return textOfLines(lines.filter((_, i) => i !== place));
  const line = lines[place] ?? '';
  if (isSame(entryIn(line) as FstabEntry, entry)) return text;
  const comment = /\s#.*$/.exec(line)?.[0] ?? '';
  return textOfLines(lines.map((one, i) => (i === place ? `${fstabLine(entry)}${comment}` : one)));
}

/** Undefined for a comment, a blank line, or what is not an entry. */
function entryIn(line: string): FstabEntry | undefined {
  const fields = line
    .replace(/(^|\s)#.*$/, '')
    .trim()
    .split(/\s+/)
    .map(decoded);
  const [source = '', at, type = 'auto', options = 'defaults', dump = '0', pass = '0'] = fields;
  const path = at?.replace(/(.)\/+$/, '$1');
  return path === undefined
    ? undefined
    : { source, path, type, options, dump: Number(dump), pass: Number(pass) };
}

/** A line of the table. */
export function fstabLine({ source, path, type, options, dump, pass }: FstabEntry): string {
  return [...[source, path, type, options].map(encoded), dump, pass].join(' ');
}

function isSame(one: FstabEntry, other: FstabEntry): boolean {
  const form = ({ source, path, type, dump, pass }: FstabEntry) =>
    JSON.stringify([source, path, type, dump, pass]);
  return form(one) === form(other) && hasSameOptions(one, other);
}

/** In whatever order. */
export function hasSameOptions(
  one: Pick<FstabEntry, 'options'>,
  other: Pick<FstabEntry, 'options'>,
): boolean {
  const form = ({ options }: Pick<FstabEntry, 'options'>) => options.split(',').sort().join();
  return form(one) === form(other);
}

/** The entry of a mount point; undefined where there is none. */
export function entryFor(text: string, path: string): FstabEntry | undefined {
  return linesOf(text)
    .map(entryIn)
    .find((entry) => entry?.path === path);
}

/** As fstab and the kernel write what would end a field. */
function encoded(field: string): string {
  return field.replace(/[ \t\n\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

export function decoded(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}
