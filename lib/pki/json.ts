import { readFileSync } from 'node:fs';
import { distance } from 'fastest-levenshtein';
import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { EXIT, type Position, QuorateError } from '../errors.ts';

/** Reads a JSON file into values that know their places; undefined when there is no such file. */
export function readJson(file: string): JsonValue | undefined {
  const text = readIfAny(file);
  if (text === undefined) return undefined;
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true });
  const [error] = errors;
  if (error || !root) {
    const what = error ? printParseErrorCode(error.error) : 'ValueExpected';
    const words = what.replace(/(?<=[a-z])([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
    throw problem(`this is not JSON: ${words.toLowerCase()}`, positionAt(file, text, error?.offset ?? 0));
  }
  return new JsonValue(file, text, root);
}

/** A value of a JSON file. Its readers throw an error that shows the place when it is of another type. */
export class JsonValue {
  readonly #file: string;
  readonly #text: string;
  readonly #node: Node;

  constructor(file: string, text: string, node: Node) {
    this.#file = file;
    this.#text = text;
    this.#node = node;
  }

  get position(): Position {
    return positionAt(this.#file, this.#text, this.#node.offset);
  }

  /** An object's values by their fields' names, all of which must be among `known`; in any case, as in Go. */
  fields<Name extends string>(
    known: readonly Name[],
    elsewhere: readonly string[] = [],
  ): Partial<Record<Name, JsonValue>> {
    const found: Partial<Record<Name, JsonValue>> = {};
    for (const [key, value, place] of this.#properties()) {
      const name = known.find((candidate) => candidate.toLowerCase() === key.toLowerCase());
      if (name === undefined) throw unknownField(key, place, known, elsewhere);
      if (value.#node.type !== 'null') found[name] = value;
    }
    return found;
  }

  /** An object's values by names that are the user's own. */
  entries(): readonly (readonly [name: string, value: JsonValue])[] {
    return this.#properties().map(([name, value]) => [name, value]);
  }

  items(): readonly JsonValue[] {
    if (this.#node.type !== 'array') throw this.fail('wanted a list');
    return (this.#node.children ?? []).map((node) => new JsonValue(this.#file, this.#text, node));
  }

  string(): string {
    return this.#scalar('string', 'a string in double quotes') as string;
  }

  integer(): number {
    const value = this.#scalar('number', 'a whole number');
    if (!Number.isInteger(value)) throw this.fail('wanted a whole number');
    return value as number;
  }

  boolean(): boolean {
    return this.#scalar('boolean', 'true or false') as boolean;
  }

  /** An error about this value. */
  fail(message: string, hint?: string): QuorateError {
    return problem(message, this.position, hint);
  }

  #scalar(type: 'string' | 'number' | 'boolean', wanted: string): unknown {
    if (this.#node.type !== type) throw this.fail(`wanted ${wanted}`);
    return getNodeValue(this.#node);
  }

  #properties(): readonly (readonly [key: string, value: JsonValue, place: Position])[] {
    if (this.#node.type !== 'object') throw this.fail('wanted an object');
    return (this.#node.children ?? []).map(({ children, offset }) => [
      String(children?.[0]?.value),
      new JsonValue(this.#file, this.#text, children![1]!),
      positionAt(this.#file, this.#text, offset),
    ]);
  }
}

function unknownField(
  key: string,
  place: Position,
  known: readonly string[],
  elsewhere: readonly string[],
): QuorateError {
  if (elsewhere.includes(key.toLowerCase())) {
    return problem(`"${key}" is not supported here`, place, 'leave it out: it has no meaning here');
  }
  const near = known
    .map((name) => ({ name, far: distance(name.toLowerCase(), key.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)[0];
  const hint =
    near && near.far <= Math.max(2, key.length / 3)
      ? `did you mean "${near.name}"?`
      : `known here: ${known.join(', ')}`;
  return problem(`unknown field "${key}"`, place, hint);
}

function problem(message: string, position: Position, hint?: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, position, ...(hint && { hint }) });
}

function positionAt(file: string, text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return {
    file,
    line: before.split('\n').length,
    column: offset - before.lastIndexOf('\n'),
  };
}

function readIfAny(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
