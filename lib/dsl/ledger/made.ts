import { isAbsolute } from 'node:path/posix';
import { sha256 } from '../path.ts';
import type { Change } from '../task.ts';
import { KINDS, type Made, type Trace } from '../trace/trace.ts';
import { normalPath } from '../world/normal-path.ts';

/** How many digests of one thing are kept. */
const DIGESTS = 3;

/** Traces of the same thing have the same key; what is at a path is one thing, whatever its kind. */
export function keyOf({ kind, name, first }: Pick<Trace, 'kind' | 'name' | 'first'>): string {
  if (kind === 'lines') return `lines ${name} ${first}`;
  return `${isPathKind(kind) ? 'path' : kind} ${name}`;
}

export function isPathKind(kind: Trace['kind']): boolean {
  return kind === 'file' || kind === 'link' || kind === 'text' || kind === 'directory';
}

/**
 * The trace, if it comes with these changes: one of `property` brings it into being, or another content to what was
 * there. Without changes: in any case.
 */
export function broughtBy(
  trace: Trace,
  changes: readonly Change[] | undefined,
  property: string,
): readonly Trace[] {
  if (changes === undefined) return [trace];
  const change = changes.find((one) => one.property === property);
  if (change === undefined) return [];
  return [change.kind === 'create' && change.before === null ? trace : { ...trace, there: true }];
}

/** Whether we created the thing. If it was there before, only its content is ours. */
export function isNew({ there }: Trace): boolean {
  return there === undefined;
}

/** The trace of lines that stand one after the other. */
export function linesTrace(path: string, lines: readonly string[]): Trace {
  const [first = ''] = lines;
  return {
    kind: 'lines',
    name: path,
    count: lines.length,
    first: sha256(`${first}\n`),
    digest: linesDigest(lines),
  };
}

/** Where such lines stand: the index of the first one, for each place. */
export function findLines(
  lines: readonly string[],
  { count = 1, first, digests }: Pick<Made, 'count' | 'first' | 'digests'>,
): readonly number[] {
  return lines.flatMap((line, at) =>
    sha256(`${line}\n`) === first && digests.includes(linesDigest(lines.slice(at, at + count))) ? [at] : [],
  );
}

function linesDigest(lines: readonly string[]): string {
  return sha256(lines.map((line) => `${line}\n`).join(''));
}

/** The folders above a path that are made on the way to it, up to those that every host has. */
export function foldersTo(path: string): readonly Trace[] {
  const names = path.split('/').slice(1, -1);
  return names
    .map((_, i) => `/${names.slice(0, i + 1).join('/')}`)
    .slice(1)
    .map((name) => ({ kind: 'directory', name, implied: true }));
}

/** What is kept of a trace over what was kept before; undefined where nothing is to be kept. */
export function madeOf(trace: Trace, role: string, before: Made | undefined): Made | undefined {
  const { digest, there, implied: _, ...rest } = trace;
  const isOurs = there === undefined || (before !== undefined && before.there === undefined);
  if (!isOurs && digest === undefined) return undefined;
  const known = before?.digests ?? [];
  const digests = [...new Set([...(digest === undefined ? [] : [digest]), ...known])].slice(0, DIGESTS);
  return { ...rest, role, digests, ...(isOurs ? {} : { there: true as const }) };
}

/** A line of the records: JSON, in one order. */
export function lineOf({ kind, name, role, digests, count, first, there, by, inventory }: Made): string {
  return JSON.stringify({ kind, name, role, digests, count, first, there, by, inventory });
}

const NAMES: Readonly<Partial<Record<Trace['kind'], RegExp>>> = {
  unit: /^[\w@:][\w.@:\\-]*\.(service|socket|timer|path|mount|automount|target|slice)$/,
  port: /^\d{1,5}\/(tcp|udp) from (any|[\da-f.:]+(\/\d{1,3})?)$/,
  user: /^[A-Za-z0-9_][\w.-]*\$?$/,
  group: /^[A-Za-z0-9_][\w.-]*\$?$/,
  key: /^[A-Za-z0-9_][\w.-]*\$? SHA256:[A-Za-z0-9+/]{43}$/,
  package: /^[A-Za-z0-9]([\w.+-]*[\w.+])?(:[a-z0-9-]+)?$/,
};

/**
 * Reads a line of the records; undefined for what we would not have written. A host may say anything: what it says is
 * data of a known form, or it is nothing.
 */
export function parseMade(line: string): Made | undefined {
  let found: unknown;
  try {
    found = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const { kind, name, role, digests, count, first, there, by, inventory } = found as Record<string, unknown>;
  const known = KINDS.find((one) => one === kind);
  if (known === undefined || typeof name !== 'string' || typeof role !== 'string') return undefined;
  const isNamed = NAMES[known]?.test(name) ?? isPath(name);
  const isDigest = (one: unknown) => typeof one === 'string' && (DIGEST[known] ?? HEX).test(one);
  if (!isNamed || !/^[^\p{Cc}]{1,100}$/u.test(role) || !isListOf(digests, isDigest)) return undefined;
  // One that is said in another form is nobody's that we know.
  const maker = isText(by) ? { by } : {};
  const sources = Array.isArray(inventory) && inventory.length > 0 && inventory.every(isText);
  const made = {
    kind: known,
    name,
    role,
    digests,
    ...maker,
    ...(sources && { inventory }),
    ...(there === true && { there: true as const }),
  };
  if (known !== 'lines') return made;
  const isCount = typeof count === 'number' && Number.isInteger(count) && count > 0;
  return isCount && typeof first === 'string' && HEX.test(first) ? { ...made, count, first } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && /^[^\p{Cc}]{1,1000}$/u.test(value);
}

/** What stands for a digest where it is none. */
const DIGEST: Readonly<Partial<Record<Trace['kind'], RegExp>>> = {
  link: /^[^\0\n]{1,4096}$/,
  port: /^[\w-]{1,100}$/,
};

const HEX = /^[0-9a-f]{64}$/;

function isPath(name: string): boolean {
  return isAbsolute(name) && name !== '/' && name === normalPath(name) && !/[\p{Cc}]/u.test(name);
}

function isListOf(list: unknown, isOne: (one: unknown) => boolean): list is readonly string[] {
  return Array.isArray(list) && list.length <= DIGESTS && list.every(isOne);
}
