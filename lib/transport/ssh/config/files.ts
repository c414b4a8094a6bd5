import { type Dirent, readdirSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { PerRun } from '../../../dsl/common/per-run.ts';
import { isOwnGroup, untilde } from '../../../home.ts';
import { fromHere } from '../../../paths.ts';
import { ConfigProblem, type Origin } from './problem.ts';
import { splitLine, wordsOf } from './words.ts';

/** A line that says something. */
export interface Line {
  readonly origin: Origin;
  /** In lower case. */
  readonly keyword: string;
  /** What follows the keyword. */
  readonly rest: string;
  /** The files of an `Include`, by its words. */
  readonly files: readonly ConfigFile[];
}

/** A file of ssh_config, with those that it includes. */
export interface ConfigFile {
  readonly path: string;
  /** The user's (paths start in ~/.ssh, `~` may be used), not the system's (/etc/ssh). */
  readonly own: boolean;
  readonly lines: readonly Line[];
}

const SYSTEM_DIR = '/etc/ssh';
const MAX_DEPTH = 16;

const read = new PerRun(() => new Map<string, Promise<readonly ConfigFile[]>>());

/**
 * The files that ssh would read, in their order: the user's and the system's, or `named` alone (`-F`). Each is read
 * once a run, however many hosts it is for.
 */
export function configFiles(named?: string): Promise<readonly ConfigFile[]> {
  const user = join(untilde('~'), '.ssh/config');
  const key = JSON.stringify([user, named]);
  const known = read.own.get(key);
  if (known) return known;
  const loading = named === undefined ? usual(user) : alone(named);
  read.own.set(key, loading);
  return loading;
}

async function usual(user: string): Promise<readonly ConfigFile[]> {
  const none: Origin = { file: user, line: 0 };
  const own = await load(user, { own: true, checked: true, above: [] }, none);
  const system = await load(join(SYSTEM_DIR, 'ssh_config'), { own: false, checked: false, above: [] }, none);
  return [own, system].filter((file) => file !== undefined);
}

async function alone(named: string): Promise<readonly ConfigFile[]> {
  if (named.toLowerCase() === 'none') return [];
  const origin: Origin = { file: named, line: 0 };
  const file = await load(named, { own: true, checked: false, above: [] }, origin);
  if (file) return [file];
  throw new ConfigProblem(`${fromHere(named)} cannot be read`, origin, 'check the path after -F');
}

interface How {
  readonly own: boolean;
  /** Nobody else may be able to write to it. */
  readonly checked: boolean;
  /** The files that include it. */
  readonly above: readonly string[];
}

/** Undefined for a file that is not there, or that ssh passes over in silence. */
async function load(path: string, how: How, from: Origin): Promise<ConfigFile | undefined> {
  if (how.above.length > MAX_DEPTH || how.above.includes(path))
    throw new ConfigProblem(`it includes more than ${MAX_DEPTH} files in each other`, from);
  let text: string;
  try {
    text = (await stat(path)).isDirectory() ? '' : await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // As ssh does: what includes a file must be able to read it, the first ones may be anything.
    if (code === 'ENOENT' || how.above.length === 0) return undefined;
    throw new ConfigProblem(`${fromHere(path)}, which it includes, cannot be read (${code})`, from);
  }
  if (how.checked) await checkOwner(path);
  const lines: Line[] = [];
  for (const [i, source] of text.split('\n').entries()) {
    const split = splitLine(source);
    if (split === undefined) continue;
    const origin = { file: path, line: i + 1 };
    const files =
      split.keyword === 'include'
        ? await included(split.rest, { ...how, above: [...how.above, path] }, origin)
        : [];
    lines.push({ ...split, origin, files });
  }
  return { path, own: how.own, lines };
}

async function included(rest: string, how: How, origin: Origin): Promise<readonly ConfigFile[]> {
  const found: ConfigFile[] = [];
  for (const word of wordsOf(rest) ?? []) {
    if (word === '') continue;
    if (word.startsWith('~') && !how.own)
      throw new ConfigProblem(`bad include path ${word}: the system's file has no home`, origin);
    const base = how.own ? join(untilde('~'), '.ssh') : SYSTEM_DIR;
    const pattern = word.startsWith('~') ? untilde(word) : isAbsolute(word) ? word : `${base}/${word}`;
    for (const path of glob(pattern)) {
      const file = await load(path, { ...how, checked: true }, origin);
      if (file) found.push(file);
    }
  }
  return found;
}

async function checkOwner(path: string): Promise<void> {
  const { uid, gid, mode } = await stat(path);
  // Some systems give each user a group of their own, and make their files writable for it: so does their ssh.
  const writable = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && !isOwnGroup(gid));
  if ((uid === 0 || uid === process.getuid?.()) && !writable) return;
  throw new ConfigProblem(
    `bad owner or permissions on ${fromHere(path)}`,
    { file: path, line: 1 },
    `ssh itself refuses it, too: it belongs to you, and nobody else may write to it (chmod 600 ${fromHere(path)})`,
  );
}

/** The paths that a pattern of glob(3) stands for, sorted; in each part `*`, `?` and `[…]`, names with a dot on demand. */
function glob(pattern: string): readonly string[] {
  const [, ...parts] = pattern.split('/');
  let paths = [''];
  for (const [i, part] of parts.entries()) {
    const last = i === parts.length - 1;
    if (!/[*?[\\]/.test(part)) paths = paths.map((path) => `${path}/${part}`);
    else {
      const regex = partPattern(part);
      const fits = (entry: Dirent) => regex.test(entry.name) && (last || !entry.isFile());
      paths = paths.flatMap((path) =>
        entriesOf(`${path}/`)
          .filter(fits)
          .map(({ name }) => `${path}/${name}`)
          .sort(),
      );
    }
  }
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Classes of characters, as in `[[:digit:]]`. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/** As the glob that OpenSSH brings: `!` alone negates a set. */
function partPattern(part: string): RegExp {
  const source = part.replace(
    /\\(.)|\[(!?)(\]?(?:\[:\w+:\]|[^\]])*)\]|([*?])|(.)/gs,
    (_all, escaped, not, set, star, plain) => {
      if (star !== undefined) return star === '*' ? '.*' : '.';
      if (set !== undefined) return `[${not ? '^' : ''}${setOf(set)}]`;
      return (escaped ?? plain).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    },
  );
  return new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${source}$`, 's');
}

function setOf(set: string): string {
  return set.replace(
    /\[:(\w+):\]|[\\\]^]/g,
    (found, name: string | undefined) => (name && CLASSES[name]) ?? found.replace(/[[\]\\^]/g, '\\$&'),
  );
}
