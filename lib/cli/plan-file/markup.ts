import { foldHosts } from '../../report/hosts.ts';
import { escapeControls, oneLine } from '../../report/text.ts';

/** Characters of a text that are shown. */
export const TEXT = 240;
/** For a line in a diff or a script. */
const LINE = 400;

export function names(hosts: readonly string[]): string {
  return code(foldHosts(hosts));
}

/** Text of others, whatever is in it: no markup, no link, no mention. */
export function code(text: string): string {
  const line = escapeControls(oneLine(text));
  const short = line.length > TEXT ? `${line.slice(0, TEXT)}…` : line;
  const safe = short
    .replaceAll(/[^\p{L}\p{N} /.,=…→-]/gu, (sign) => `&#${sign.codePointAt(0)};`)
    .replaceAll(/(?<=www)\./gi, '&#46;');
  return `<code>${safe}</code>`;
}

/** The fence is longer than any row of backticks in it. */
export function fenced(language: string, long: readonly string[]): readonly string[] {
  const lines = long.map((line) => (line.length > LINE ? `${line.slice(0, LINE)}…` : line));
  const rows = lines.join('\n').match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...rows.map(({ length }) => length + 1)));
  return ['', `${fence}${language}`, ...lines, fence];
}
