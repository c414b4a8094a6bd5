import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Position } from '../../errors.ts';
import { folderOf } from '../../root.ts';
import { Problems } from '../checks/problems.ts';
import { float, type Key, Numeral, type Raw, Unsafe, type Variable, Vaulted } from '../variables/value.ts';
import { asJson, isJson, jsonScalar } from './json-text.ts';
import { aliasTargets } from './yaml-aliases.ts';
import { indented } from './yaml-indent.ts';
import { isMeant, isNothing, isPlain, nestedKey, textOf, writtenKey } from './yaml-nodes.ts';
import {
  describe,
  hasBareTemplate,
  hintFor,
  isTolerated,
  type Place,
  tellKeys,
  tellTags,
} from './yaml-problems.ts';
import { scalarOf } from './yaml-scalars.ts';

/** A parsed YAML file whose nodes know where they stand. */
export interface Source {
  readonly file: string;
  /** Where relative paths in it start. */
  readonly folder: string;
  readonly root: Node | null;
  position(node: unknown): Position;
  /** The node that an alias stands for; any other node itself. */
  resolve(node: Node | null): Node | null;
  /** Where the text ends without a newline. */
  readonly openEnd: number | undefined;
  /** The value of a node as it is written, aliases filled in. */
  raw(node: Node | null): Raw;
}

/** One key of a mapping. */
export interface Entry {
  readonly key: string;
  readonly value: Node | null;
  /** Position of the key. */
  readonly position: Position;
  readonly source: Source;
}

/** Parses YAML text as PyYAML would; what the parser says becomes a problem at its place. */
export function parseYaml(
  file: string,
  written: string,
  problems: Problems,
  again = false,
): Source | undefined {
  // A carriage return alone ends a line to PyYAML, not to our parser.
  const text = written.replace(/\r(?!\n)/g, '\n');
  const lines = new LineCounter();
  const place: Place = (offset) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // All scalars as text: what they mean is PyYAML's to say.
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'failsafe',
    prettyErrors: false,
    uniqueKeys: false,
  });
  const errors = document.errors.filter((error) => !isTolerated(error));
  if (errors.length > 0) {
    const other = again ? undefined : (asJson(text) ?? indented(text));
    const said = new Problems();
    const source = other === undefined ? undefined : parseYaml(file, other, said, true);
    if (source !== undefined) return source;
    const first = errors.filter(({ pos }, i) => errors.findIndex((one) => one.pos[0] === pos[0]) === i);
    for (const { code, message, pos } of first) {
      const line = lineAt(text, pos[0]);
      problems.add(describe(code, message), place(pos[0]), hintFor(code, message, line));
      // What comes after it is of the same slip.
      if (hasBareTemplate(line)) break;
    }
    return undefined;
  }
  const before = problems.count;
  tellTags(document.warnings, place, problems);
  tellKeys(text, document, place, problems);
  const targets = aliasTargets(text, document, place, problems);
  if (problems.count > before) return undefined;
  const resolve = (node: Node | null) => (isAlias(node) ? (targets.get(node) ?? null) : node);
  const source: Source = {
    file,
    folder: folderOf(file),
    root: document.contents as Node | null,
    openEnd: text.endsWith('\n') ? undefined : text.length,
    position: (node) => place((node as Node | null)?.range?.[0] ?? 0),
    resolve,
    raw: (node) => reader.whole(node),
  };
  const reader = new Reader(source, problems, isJson(text));
  return source;
}

/** The entries of a mapping, merged keys included; a null is an empty mapping. The last of two equal keys counts. */
export function entriesOf(
  written: Node | null,
  source: Source,
  problems?: Problems,
): readonly Entry[] | undefined {
  const node = source.resolve(written);
  if (isNothing(node)) return [];
  if (!isMap(node)) return undefined;
  const entries = new Map<string, Entry>();
  for (const pair of pairs(node, source)) {
    const key = writtenKey(pair.key);
    const position = source.position(pair.key);
    const before = entries.get(key);
    if (before && problems)
      problems.note(`${key} stands twice in one mapping, the last one counts`, position);
    entries.set(key, { key, value: source.resolve(pair.value as Node | null), position, source });
  }
  return [...entries.values()];
}

/** An entry of `vars` or of a host as a variable. */
export function variableOf({ key, value, position, source }: Entry): Variable {
  const raw = source.raw(value);
  return {
    name: key,
    value: raw,
    position,
    folder: source.folder,
    ...((typeof raw === 'number' || typeof raw === 'boolean' || raw instanceof Numeral) &&
      isScalar(value) && { written: value.source ?? String(raw) }),
  };
}

/** How many values a variable may have that stand for aliases. */
const MOST_ALIASED = 10_000;

class Reader {
  readonly #source: Source;
  readonly #problems: Problems;
  readonly #scalarOf: (text: string) => Raw;
  readonly #open = new Set<Node>();
  #aliased = 0;
  #told = false;

  constructor(source: Source, problems: Problems, json: boolean) {
    this.#source = source;
    this.#problems = problems;
    this.#scalarOf = json ? jsonScalar : scalarOf;
  }

  whole(node: Node | null): Raw {
    this.#aliased = 0;
    return this.#raw(node, false, false);
  }

  #raw(written: Node | null, unsafe: boolean, inAlias: boolean): Raw {
    const node = this.#source.resolve(written);
    if (node === null) return null;
    const aliased = inAlias || node !== written;
    if (aliased) this.#aliased += 1;
    if (this.#aliased > MOST_ALIASED || this.#open.has(node)) {
      if (!this.#told)
        this.#problems.add('this has too many aliases', this.#source.position(node), 'write the value out');
      this.#told = true;
      return null;
    }
    if (isScalar(node)) return this.#scalar(node, unsafe);
    this.#open.add(node);
    const value = this.#collection(node, unsafe || node.tag === '!unsafe', aliased);
    this.#open.delete(node);
    return value;
  }

  #scalar(node: Scalar, unsafe: boolean): Raw {
    // PyYAML adds no newline to a block of text that has none.
    const isOpen = node.type?.startsWith('BLOCK') && node.range?.[1] === this.#source.openEnd;
    const text = isOpen ? textOf(node).replace(/\n$/, '') : textOf(node);
    if (/^!vault/.test(node.tag ?? '')) return vaulted(text, this.#source.position(node));
    if (node.tag === 'tag:yaml.org,2002:null') return null;
    if (node.tag === 'tag:yaml.org,2002:float' && Number.isFinite(Number(text))) return float(Number(text));
    const value = isMeant(node) ? this.#scalarOf(text) : text;
    return typeof value === 'string' && (unsafe || node.tag === '!unsafe') ? new Unsafe(value) : value;
  }

  #collection(node: Node, unsafe: boolean, aliased: boolean): Raw {
    if (isSeq(node)) return node.items.map((item) => this.#item(item, unsafe, aliased));
    if (!isMap(node)) return null;
    if (node.tag === 'tag:yaml.org,2002:set') return node.items.map(({ key }) => nestedKey(key));
    const entries = pairs(node, this.#source).map(
      ({ key, value }) => [nestedKey(key), this.#raw(value as Node | null, unsafe, aliased)] as const,
    );
    return marked(new Map(entries), this.#source.position(node));
  }

  /** `!!omap` and `!!pairs` are lists of pairs. */
  #item(item: unknown, unsafe: boolean, aliased: boolean): Raw {
    if (!isPair(item)) return this.#raw(item as Node | null, unsafe, aliased);
    return [nestedKey(item.key), this.#raw(item.value as Node | null, unsafe, aliased)];
  }
}

/** Of JSON's mappings, those by which Ansible says what YAML has tags for. */
export function marked(value: ReadonlyMap<Key, Raw>, position: Position | undefined): Raw {
  const [armoured, text] = [value.get('__ansible_vault'), value.get('__ansible_unsafe')];
  if (typeof armoured === 'string') return vaulted(armoured, position);
  return typeof text === 'string' ? new Unsafe(text) : value;
}

function vaulted(text: string, position: Position | undefined): Vaulted {
  return new Vaulted(text, position);
}

/**
 * The pairs of a mapping, in PyYAML's order: its own win over those merged into it by `<<`, whatever their order; of two
 * `<<` the later one wins, in the list of one the first mapping.
 */
function pairs(map: YAMLMap, source: Source): readonly Pair[] {
  const isMerge = ({ key }: Pair) => isScalar(key) && key.value === '<<' && isPlain(key);
  if (!map.items.some(isMerge)) return map.items;
  const own = map.items.filter((pair) => !isMerge(pair));
  const merged = new Map<string, Pair>();
  for (const { value } of map.items.filter(isMerge)) {
    const node = source.resolve(value as Node | null);
    const maps = isSeq(node) ? node.items.map((item) => source.resolve(item as Node)).reverse() : [node];
    for (const each of maps)
      if (isMap(each) && each !== map)
        for (const pair of pairs(each, source)) merged.set(writtenKey(pair.key), pair);
  }
  const overridden = new Map(own.map((pair) => [writtenKey(pair.key), pair]));
  const first = new Set([...merged].map(([key, pair]) => overridden.get(key) ?? pair));
  return [...first, ...own.filter((pair) => !first.has(pair))];
}

function lineAt(text: string, offset: number): string {
  const end = text.indexOf('\n', offset);
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, end < 0 ? undefined : end);
}
