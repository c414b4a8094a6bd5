import { readFileSync, statSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { Position } from '../errors.ts';
import type { Problems } from './problems.ts';

/** A parsed YAML file whose nodes know where they stand. */
export interface Source {
  readonly file: string;
  readonly root: Node | null;
  position(node: unknown): Position;
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
export function readSource(file: string, problems: Problems): Source | undefined {
  const at = { file, line: 1, column: 1 };
  let text: string;
  try {
    if (statSync(file).isDirectory()) {
      problems.add(`${file} is a directory`, undefined, 'name the inventory file in it');
      return undefined;
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    problems.add(
      missing ? `there is no file ${file}` : `cannot read ${file}: ${(error as Error).message}`,
      undefined,
      missing ? 'check the path given with -i' : undefined,
    );
    return undefined;
  }
  if (/^\s*\[[\w:.-]+\]\s*$/m.test(text)) {
    problems.add(
      'this looks like an INI inventory; YAML is wanted',
      at,
      'ansible-inventory --list --yaml converts it',
    );
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
    problems.add(describe(error.code, error.message), place(error.pos[0]), hintFor(error.code));
  if (document.errors.length > 0) return undefined;
  for (const warning of document.warnings) {
    const vault = warning.message.includes('!vault');
    problems.add(
      vault ? 'values encrypted with ansible-vault cannot be read' : warning.message,
      place(warning.pos[0]),
      vault
        ? 'keep secrets out of the inventory: -K asks for the sudo password, keys come from the agent'
        : undefined,
    );
  }
  return {
    file,
    root: document.contents as Node | null,
    position: (node) => place((node as Node | null)?.range?.[0] ?? 0),
  };
}

/** The entries of a mapping, merged keys included; a null is an empty mapping. */
export function entriesOf(node: Node | null, source: Source): readonly Entry[] | undefined {
  if (node === null || (isScalar(node) && node.value === null)) return [];
  if (!isMap(node)) return undefined;
  return pairs(node).map((pair) => ({
    key: String(isScalar(pair.key) ? pair.key.value : pair.key),
    value: pair.value as Node | null,
    position: source.position(pair.key),
    source,
  }));
}

/** The plain value of a node. */
export function plainValue(node: Node | null): unknown {
  return node === null ? null : (node as YAMLMap).toJSON();
}

/** How a value is called in messages. */
export function kindOf(node: Node | null): string {
  if (isSeq(node)) return 'a list';
  if (isMap(node)) return 'a mapping';
  const value = plainValue(node);
  return value === null ? 'nothing' : JSON.stringify(value);
}

function pairs(map: YAMLMap): readonly Pair[] {
  return map.items.flatMap((pair) => {
    const merge = isScalar(pair.key) && (pair.key.value === '<<' || String(pair.key.value) === 'Symbol(<<)');
    return merge && isMap(pair.value) ? pairs(pair.value) : [pair];
  });
}

function describe(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands twice in one mapping';
  if (code === 'TAB_AS_INDENT') return 'a tab indents this line';
  return `not valid YAML: ${message}`;
}

function hintFor(code: string): string | undefined {
  if (code === 'DUPLICATE_KEY') return 'one of the two would be lost: keep one';
  if (code === 'TAB_AS_INDENT') return 'YAML is indented with spaces';
  return undefined;
}
