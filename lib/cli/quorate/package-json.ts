import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findNodeAtLocation, type ParseError, parse, parseTree, printParseErrorCode } from 'jsonc-parser';
import { isPlainObject } from '../../dsl/common/plain-object.ts';
import { EXIT, type Position, QuorateError } from '../../errors.ts';
import { nameOfFolder } from '../../project-name.ts';
import { VERSION } from '../../version.ts';

/** `package.json` as it is to be, and what differs from what is there, a line each. */
export interface DescribedPackage {
  readonly text: string;
  readonly changes: readonly string[];
}

/** Where a package may be named; npm keeps it in one of them. */
const PLACES = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

export interface PackageJson extends Partial<Record<(typeof PLACES)[number], Record<string, string>>> {
  name?: string;
  private?: boolean;
  type?: string;
  scripts?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}

/**
 * Complete a `package.json`: add what is missing, keep what is there except `type`. `dependency`: where Quorate comes
 * from, unless it says so already. Throws exit code 1 when the file cannot be read, or when existing code would be read
 * differently.
 */
export function describePackage(folder: string, dependency?: string): DescribedPackage {
  const path = join(folder, 'package.json');
  const found = existsSync(path) ? readPackage(path) : undefined;
  // By its name hosts know what the project made, from what others did.
  const base: PackageJson = { name: nameOfFolder(folder), ...(found ?? { private: true }) };
  if (base.type !== 'module') refuseOwnCode(folder);
  const known = Object.assign({}, ...PLACES.map((place) => base[place])) as Record<string, string>;
  const { scripts = {} } = base;
  const isTestless = scripts.test === undefined || scripts.test.includes('no test specified');
  const source = dependency ?? (known.quorate === undefined ? `^${VERSION}` : undefined);
  const place = placeOf(base);
  const sourced: PackageJson = source === undefined ? {} : { [place]: { ...base[place], quorate: source } };
  const whole: PackageJson = {
    ...base,
    type: 'module',
    scripts: { types: 'tsc -p roles', ...scripts, ...(isTestless && { test: 'vitest run' }) },
    ...sourced,
    devDependencies: {
      ...Object.fromEntries(Object.entries(TOOLS).filter(([name]) => known[name] === undefined)),
      ...base.devDependencies,
      ...sourced.devDependencies,
    },
    allowScripts: { ...NO_SCRIPTS, ...base.allowScripts },
  };
  return { text: `${JSON.stringify(whole, null, 2)}\n`, changes: changesBetween(found ?? {}, whole) };
}

/** The one that names Quorate; `dependencies` where none does. */
export function placeOf(project: PackageJson): (typeof PLACES)[number] {
  return PLACES.find((place) => project[place]?.quorate !== undefined) ?? 'dependencies';
}

/** What `npx tsc` and `npm test` want. */
const TOOLS: Readonly<Record<string, string>> = {
  '@types/node': '^20.19.43',
  typescript: '^7.0.2',
  vitest: '^4.1.12',
};

/** They would compile what makes no difference in a run; without a word npm warns at each installation. */
const NO_SCRIPTS: Readonly<Record<string, boolean>> = {
  'cpu-features': false,
  esbuild: false,
  'msgpackr-extract': false,
  ssh2: false,
};

/** Reads it, with the place of what is wrong in it. */
export function readPackage(path: string): PackageJson {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { disallowComments: true, allowEmptyContent: false });
  const [error] = errors;
  const unfit = (what: string, offset = 0) =>
    new QuorateError(`package.json cannot be read: ${what}`, {
      exitCode: EXIT.usage,
      hint: 'mend it, and begin anew; nothing was written',
      position: positionAt(path, text, offset),
    });
  if (error !== undefined) throw unfit(wordsOf(printParseErrorCode(error.error)), error.offset);
  if (!isPlainObject(value)) throw unfit('it is not an object');
  const wrong = OBJECTS.find((name) => value[name] !== undefined && !isPlainObject(value[name]));
  const root = parseTree(text);
  if (wrong !== undefined)
    throw unfit(`${wrong} is not an object`, root && findNodeAtLocation(root, [wrong])?.offset);
  return value;
}

const OBJECTS: readonly string[] = [...PLACES, 'scripts', 'allowScripts'];

/** `CommaExpected`: comma expected. */
function wordsOf(code: string): string {
  return code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}

function positionAt(file: string, text: string, offset: number): Position {
  const lines = text.slice(0, offset).split('\n');
  return { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

function changesBetween(before: PackageJson, after: PackageJson): readonly string[] {
  const [old, now] = [new Map(linesOf(before)), linesOf(after)];
  return now.flatMap(([name, value]) => {
    const was = old.get(name);
    if (was === value) return [];
    return was === undefined ? [`+ ${name}: ${value}`] : [`~ ${name}: ${was} → ${value}`];
  });
}

/** Each value with the names above it: `scripts.test`. */
function linesOf(value: object, above = ''): readonly (readonly [name: string, value: string])[] {
  return Object.entries(value).flatMap(([key, one]) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? linesOf(one, `${above}${key}.`)
      : [[`${above}${key}`, JSON.stringify(one)] as const],
  );
}

/** `"type": "module"` would have Node read code that is there in another way. */
function refuseOwnCode(folder: string): void {
  const code = ownCode(folder);
  if (code === undefined) return;
  throw new QuorateError(`${code} is code of its own, and package.json has no "type": "module"`, {
    exitCode: EXIT.usage,
    hint: 'write "type": "module" there if that code can be read so, or begin in a folder of its own: mkdir hosts && cd hosts',
  });
}

/** A file that Node reads by the type of the package: `.cjs` and `.mjs` are what they are. */
function ownCode(folder: string, depth = 0): string | undefined {
  for (const entry of entriesOf(folder)) {
    if (entry.isFile() && /(?<!\.d)\.[jt]sx?$/.test(entry.name)) return entry.name;
    const isOther = !entry.isDirectory() || entry.name.startsWith('.') || entry.name === 'node_modules';
    if (isOther || depth === 3 || existsSync(join(folder, entry.name, 'package.json'))) continue;
    const inside = ownCode(join(folder, entry.name), depth + 1);
    if (inside !== undefined) return join(entry.name, inside);
  }
  return undefined;
}

/** None of a folder that only others may look into. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
