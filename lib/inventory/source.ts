import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve as resolvePath } from 'node:path';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml';
import type { Position } from '../errors.ts';
import { shownValue } from '../secret-names.ts';
import type { Problems } from './problems.ts';

/** A parsed YAML file whose nodes know where they stand. */
export interface Source {
  readonly file: string;
  /** Where relative paths in it start. */
  readonly folder: string;
  readonly root: Node | null;
  position(node: unknown): Position;
  /** The node that an alias stands for; any other node itself. */
  resolve(node: Node | null): Node | null;
  /** The plain value of a node, aliases filled in. */
  plain(node: Node | null): unknown;
}

/** One key of a mapping. */
export interface Entry {
  readonly key: string;
  readonly value: Node | null;
  /** Of the key. */
  readonly position: Position;
  readonly source: Source;
}

/** Reads a YAML (or JSON) file; undefined when it cannot be used, and the problem is noted. */
export function readSource(
  file: string,
  problems: Problems,
  hint = 'check the path given with -i',
): Source | undefined {
  let text: string;
  try {
    if (statSync(file).isDirectory()) {
      problems.add(`${file} is a directory`, undefined, 'name the file in it');
      return undefined;
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    problems.add(
      missing ? `there is no file ${file}` : `cannot read ${file}: ${(error as Error).message}`,
      undefined,
      missing && file.includes(',')
        ? 'a list of hosts is no inventory: write a file'
        : missing
          ? hint
          : undefined,
    );
    return undefined;
  }
  const strange = text.search(/[\0\ufffd]/);
  if (strange >= 0) {
    const line = text.slice(0, strange).split('\n').length;
    problems.add('this is not UTF-8 text', { file, line, column: 1 }, 'save the file as UTF-8');
    return undefined;
  }
  const foreign = foreignFormat(text);
  if (foreign !== undefined) {
    const line = text.slice(0, text.search(foreign.sign)).split('\n').length;
    problems.add(foreign.problem, { file, line, column: 1 }, foreign.hint);
    return undefined;
  }
  return parseSource(file, text, problems);
}

/** Parses YAML text; what the parser says becomes a problem at its place. */
export function parseSource(file: string, text: string, problems: Problems): Source | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    uniqueKeys: true,
  });
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  for (const error of document.errors)
    problems.add(describe(error.code, error.message), place(startOf(text, error)), hintFor(error.code));
  if (document.errors.length > 0) return undefined;
  for (const warning of document.warnings) {
    // Ansible's mark for "no template in here", which is so for every value.
    if (warning.message.includes('!unsafe')) continue;
    const vault = warning.message.includes('!vault');
    problems.add(
      vault ? VAULT.problem : 'a tag (what follows !) is not understood',
      place(warning.pos[0]),
      vault ? VAULT.hint : 'write the plain value; quote a text that starts with !',
    );
  }
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) === undefined)
        problems.add(
          'this alias (what follows *) stands for nothing',
          place(node.range?.[0] ?? 0),
          'its anchor (what follows &) must come first; quote a text that starts with *',
        );
    },
  });
  const resolve = (node: Node | null) => (isAlias(node) ? (node.resolve(document) ?? null) : node);
  return {
    file,
    folder: resolvePath(dirname(file)),
    root: document.contents as Node | null,
    position: (node) => place((node as Node | null)?.range?.[0] ?? 0),
    resolve,
    plain(node) {
      try {
        return resolve(node)?.toJS(document) ?? null;
      } catch {
        // The parser's guard against aliases that multiply.
        problems.add('this has too many aliases', place(node?.range?.[0] ?? 0), 'write the value out');
        return null;
      }
    },
  };
}

/** Where an error is. After a key without a value, the parser's place for its twin is the end of that key. */
function startOf(text: string, { code, pos: [at] }: YAMLParseError): number {
  if (code !== 'DUPLICATE_KEY') return at;
  return at + (/^(\s+|#.*\n)*/.exec(text.slice(at))?.[0].length ?? 0);
}

/** The entries of a mapping, merged keys included; a null is an empty mapping. */
export function entriesOf(written: Node | null, source: Source): readonly Entry[] | undefined {
  const node = source.resolve(written);
  if (node === null || (isScalar(node) && node.value === null)) return [];
  if (!isMap(node)) return undefined;
  return pairs(node, source).map((pair) => ({
    key: keyText(pair.key),
    value: source.resolve(pair.value as Node | null),
    position: source.position(pair.key),
    source,
  }));
}

/** How a value is called in messages about what is named `key`. */
export function kindOf(node: Node | null, key = ''): string {
  if (isSeq(node)) return 'a list';
  if (isMap(node)) return 'a mapping';
  const value = isScalar(node) ? node.value : null;
  return value === null ? 'nothing' : shownValue(key, value);
}

/** As it is written: a host called 1.10 is not one called 1.1. */
function keyText(key: unknown): string {
  if (!isScalar(key)) return String(key);
  return key.source ?? String(key.value);
}

/** The pairs of a mapping; its own win over those merged into it by `<<`, whatever their order. */
function pairs(map: YAMLMap, source: Source): readonly Pair[] {
  const isMerge = (pair: Pair) =>
    isScalar(pair.key) && (pair.key.value === '<<' || String(pair.key.value) === 'Symbol(<<)');
  const own = map.items.filter((pair) => !isMerge(pair));
  const taken = new Set(own.map(({ key }) => keyText(key)));
  const merged = map.items.filter(isMerge).flatMap(({ value }) => {
    const node = source.resolve(value as Node | null);
    const maps = isSeq(node) ? node.items.map((item) => source.resolve(item as Node)) : [node];
    return maps.flatMap((each) => (isMap(each) ? pairs(each, source) : []));
  });
  const first = merged.filter(({ key }) => !taken.has(keyText(key)) && taken.add(keyText(key)));
  return [...first, ...own];
}

/** Files of Ansible's that are no YAML, or none that can be read. */
function foreignFormat(text: string): Foreign | undefined {
  if (text.startsWith(VAULT.mark)) return VAULT;
  return INI.sign.test(text) ? INI : undefined;
}

interface Foreign {
  readonly sign: RegExp;
  readonly problem: string;
  readonly hint: string;
}

const VAULT = {
  mark: '$ANSIBLE_VAULT;',
  sign: /^/,
  problem: 'values encrypted with ansible-vault cannot be read',
  hint: 'keep secrets out of the inventory: -K asks for the sudo password, keys come from the agent',
};

/** The way out of Ansible's other formats. */
export const CONVERT = 'ansible-inventory --list --yaml converts it';

const INI: Foreign = {
  sign: /^\[[\w:.-]+\]\s*$|^[\w.-]+[ \t]+\w+=/m,
  problem: 'this looks like an INI inventory; YAML is wanted',
  hint: CONVERT,
};

function describe(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands twice in one mapping';
  if (code === 'TAB_AS_INDENT') return 'a tab indents this line';
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here, and one is wanted';
  return WITHOUT_QUOTES.test(message) ? `not valid YAML: ${message}` : 'not valid YAML';
}

/** What the parser says without quoting the file: there may be a password. */
const WITHOUT_QUOTES =
  /^(Flow |All |Missing |Implicit |Nested |Block (scalar lines|collections?) |A block |Map |Sequence |Comments? |The : |Tabs |Unexpected ([a-z-]+ at node end$|, in |empty item))/;

function hintFor(code: string): string | undefined {
  if (code === 'DUPLICATE_KEY') return 'one of the two would be lost: keep one';
  if (code === 'TAB_AS_INDENT') return 'YAML is indented with spaces';
  if (code === 'MULTIPLE_DOCS') return 'several files may be given, each with its own -i';
  if (code === 'BAD_INDENT') return 'keys of one mapping stand below one another';
  return 'look at this line and the one above: indentation, quotes, brackets, a space after each colon';
}
