import { isCollection, type parseDocument, visit, type YAMLError } from 'yaml';
import type { Position } from '../../errors.ts';
import type { Problems } from '../checks/problems.ts';

/** Where in the file an offset of the text is. */
export type Place = (offset: number) => Position;

/** Tells the tags that nobody knows. */
export function tellTags(warnings: readonly YAMLError[], place: Place, problems: Problems): void {
  for (const { code, message, pos } of warnings) {
    if (code !== 'TAG_RESOLVE_FAILED' || TAGS.test(message.trim())) continue;
    problems.add(
      'a tag (what follows !) is not understood',
      place(pos[0]),
      'write the plain value; quote a text that starts with !',
    );
  }
}

/** Tags of YAML itself, and Ansible's. */
const TAGS = /tag:yaml\.org,2002:|!(vault|vault-encrypted|unsafe)$/;

/** Tells keys that are lists or mappings, which PyYAML does not take: so it reads `a: {{ b }}`. */
export function tellKeys(
  text: string,
  document: ReturnType<typeof parseDocument>,
  place: Place,
  problems: Problems,
): void {
  if (!/[[{,?:-]\s*[[{]\s*[[{]|^\s*\?\s/m.test(text)) return;
  visit(document, {
    Pair(_, { key }) {
      const at = isCollection(key) ? (key.range?.[0] ?? 0) : undefined;
      if (at === undefined) return undefined;
      if (/\{\s*$/.test(text.slice(0, at)) && text[at] === '{')
        problems.add('a template without quotes is read as a mapping', place(at - 1), QUOTE);
      else problems.add('a key is a list or a mapping', place(at), 'the key of a mapping is text');
      return visit.SKIP;
    },
  });
}

const QUOTE = 'a value that starts with a template is quoted: "{{ … }}"';

/** What PyYAML lets pass: text in quotes, and a closing bracket, further left than its key. One that is never closed it does not. */
export function isTolerated({ code, message }: YAMLError): boolean {
  if (code === 'BAD_INDENT' && !UNCLOSED.test(message)) return /^(Multi-line |Flow end )/.test(message);
  return code === 'MISSING_CHAR' && message.startsWith('Comments must be separated');
}

/** What is wrong, in our words. */
export function describe(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab indents this line';
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here, and one is wanted';
  const [, open, close] = UNCLOSED.exec(message) ?? [];
  if (close) return `not valid YAML: a ${open === 'map' ? '{' : '['} before this is not closed by a ${close}`;
  return WITHOUT_QUOTES.test(message) ? `not valid YAML: ${message}` : 'not valid YAML';
}

/** What the parser says without quoting the file: there may be a password. */
const WITHOUT_QUOTES =
  /^(Flow |All |Missing |Implicit |Nested |Block (scalar lines|collections?) |A block |Map |Sequence |Comments? |The : |Tabs |Unexpected ([a-z-]+ at node end$|, in |empty item))/;

const UNCLOSED = /^Flow (sequence|map) .* end with a (\S)/;

/** A value in it starts with a template, and has no quotes. */
export function hasBareTemplate(line: string): boolean {
  return /(^|[:,[-])\s*\{[{%#]/.test(line);
}

/** What to do about it; `line` is the one that it is found in. */
export function hintFor(code: string, message: string, line: string): string {
  if (hasBareTemplate(line)) return QUOTE;
  if (code === 'TAB_AS_INDENT') return 'YAML is indented with spaces';
  if (code === 'MULTIPLE_DOCS') return 'several files may be given, each with its own -i';
  if (code === 'BAD_INDENT' && !UNCLOSED.test(message)) return 'keys of one mapping stand below one another';
  return 'look at this line and the one above: indentation, quotes, brackets, a space after each colon';
}
