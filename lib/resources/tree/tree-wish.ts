import { PerRun } from '../../dsl/common/per-run.ts';
import { isSame } from '../../dsl/common/same.ts';
import { usage } from '../../dsl/options/options.ts';
import {
  checkedPath,
  completeOwnership,
  isForeseenOnly,
  type KeptOwnership,
  noRoom,
  type ObservedPath,
  ownershipDifferences,
  ownershipOfNew,
  requireRoom,
} from '../../dsl/path.ts';
import type { Difference } from '../../dsl/resource.ts';
import { countGuarded, isOwnersAlone } from '../../dsl/secret.ts';
import { entriesOf, type SourceEntry } from '../../dsl/source/source-tree.ts';
import type { Ground } from '../../dsl/world/ground.ts';
import { completeKept } from '../../dsl/world/kept-mode.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { isSystemFolder, requireOurs } from '../common/system-folders.ts';
import { contentDifference } from '../content/content.ts';

export interface TreeOptions {
  /** The folder on control; a relative path begins at the file that names it. */
  readonly source: string;
  readonly owner?: string;
  readonly group?: string;
  /**
   * Of files; unless said 0644, or 0755 for those that may be run on control. One that has a secret of a role or a
   * private key is its owner's alone: 0600 or 0700.
   */
  readonly fileMode?: string;
  /**
   * Of folders, 0755 unless said; the folder itself keeps its own then, those of which another task says it have that, and
   * those of the system, as `/tmp`, keep it always.
   */
  readonly directoryMode?: string;
  /** What is in the folder and not in the source goes, unless another task declares it; refused (1) where the source has no file. */
  readonly delete?: boolean;
}

export type Entry = SourceEntry &
  KeptOwnership & {
    readonly path: string;
    /** A folder without a mode of its own: it has that which another task says. */
    readonly givesWay?: true;
  };

export interface TreeDesired {
  readonly path: string;
  readonly entries: readonly Entry[];
  readonly deletes: boolean;
}

export interface ObservedTree {
  /** By path. */
  readonly found: ReadonlyMap<string, ObservedPath | undefined>;
  /** What links lead to, by path. */
  readonly links: ReadonlyMap<string, string>;
  /** All that is below. */
  readonly there: readonly string[];
  readonly mounts: readonly string[];
  readonly ground: Ground;
}

/** The wish in one form: each entry with its path, mode and owner, the folder itself first. */
export function completeTree(
  name: string,
  { source, owner, group, fileMode, directoryMode, delete: deletes = false }: TreeOptions,
): TreeDesired {
  const path = checkedPath(name);
  if (deletes) requireOurs(path);
  const owners = { ...(owner !== undefined && { owner }), ...(group !== undefined && { group }) };
  const owned = (mode: string) => completeOwnership({ mode, ...owners });
  const kept = completeKept(
    { ...owners, ...(directoryMode !== undefined && { mode: directoryMode }) },
    '0755',
  );
  const { keepsMode, ...folder } = kept;
  const entries = entriesOf(source).map((entry): Entry => {
    const at = { ...entry, path: checkedPath(`${path}/${entry.name}`) };
    if (entry.type !== 'file')
      return {
        ...at,
        ...folder,
        ...(keepsMode && entry.type === 'directory' && { givesWay: true }),
      } as Entry;
    return { ...at, ...owned(fileMode ?? modeOf(entry)) } as Entry;
  });
  if (deletes && entries.every(({ type }) => type === 'directory')) throw bringsNothing(path, source);
  return { path, deletes, entries: [{ name: '.', type: 'directory', path, ...kept }, ...entries] };
}

/** A build that failed, or a submodule that was not fetched, would empty the folder on all hosts. */
function bringsNothing(path: string, source: string): QuorateError {
  return usage(
    `tree ${JSON.stringify(path)}: there is no file in its source ${source}, and delete would empty the folder`,
    `see why the source is empty; absent('${path}') takes the folder away`,
  );
}

/** Which texts are their owner's alone, by how many secrets were known: many hosts want the same large folder. */
const judged = new PerRun(() => ({ known: 0, texts: new Map<string, boolean>() }));

function isSecretText(text: string): boolean {
  const { own } = judged;
  const known = countGuarded();
  if (own.known !== known) own.texts.clear();
  own.known = known;
  const found = own.texts.get(text) ?? isOwnersAlone(text);
  own.texts.set(text, found);
  return found;
}

/** A login in a URL does not count: pages and programs are full of examples, and a web server could not read them. */
function modeOf({ content, executable }: SourceEntry & { readonly type: 'file' }): string {
  if (typeof content === 'string' && isSecretText(content)) return executable ? '0700' : '0600';
  return executable ? '0755' : '0644';
}

/** Trees in one folder stand beside each other, unless they want different things of a path, or one takes away the rest. */
export function apart(wishes: readonly TreeDesired[]): readonly TreeDesired[] | undefined {
  const seen = new Map<string, Entry>();
  for (const { deletes, entries } of wishes) {
    if (deletes || !entries.every((one) => isSame(seen.get(one.path) ?? one, one))) return undefined;
    for (const one of entries) seen.set(one.path, one);
  }
  return wishes;
}

/** What an entry is called in changes. */
export function nameIn({ path }: TreeDesired, of: string): string {
  return of === path ? '.' : of.slice(path === '/' ? 1 : path.length + 1);
}

/** An entry as it is beside other tasks. */
export function besideOthers({ path }: TreeDesired, entry: Entry, world: World): Entry {
  return entry.givesWay && world.declared.isElse(entry.path, `tree:${path}`)
    ? { ...entry, keepsMode: true }
    : entry;
}

/** How one entry differs from what is at its path. */
export function entryDifferences(
  desired: TreeDesired,
  entry: Entry,
  { found: all, links }: ObservedTree,
  world: World,
): readonly Difference[] {
  const { path, type } = entry;
  const property = nameIn(desired, path);
  const found = world.path(path).over(all.get(path));
  const isKnown = found !== undefined && !isForeseenOnly(found);
  const named = (one: Difference) => ({ ...one, property: `${property} ${one.property}` });
  if (type === 'link') {
    const before = links.get(path) ?? null;
    // A link has no mode of its own.
    if (found?.type === 'link' && before === entry.to)
      return ownershipDifferences({ ...entry, keepsMode: true }, found).map(named);
    if (isKnown && found.type !== 'link') throw noRoom(path, 'link', `a ${found.type}`);
    return [{ kind: found === undefined ? 'create' : 'update', property, before, after: `→ ${entry.to}` }];
  }
  requireRoom(path, type, found);
  // A tree that is laid over the system changes nothing of the folders that all have.
  const isOurs = isKnown && found.type === type && !(type === 'directory' && isSystemFolder(path));
  const ownership = isOurs ? ownershipDifferences(besideOthers(desired, entry, world), found).map(named) : [];
  const ofNew = found === undefined ? ownershipOfNewEntry(desired, entry).map(named) : [];
  if (type === 'directory')
    return found === undefined
      ? [{ kind: 'create', property, before: null, after: type }, ...ofNew]
      : ownership;
  const content = contentDifference(entry.content, found, property);
  return [...(content ? [content] : []), ...ofNew, ...ownership];
}

/** All belong to whom the folder itself does. */
function ownershipOfNewEntry({ path }: TreeDesired, entry: Entry): readonly Difference[] {
  const usual = entry.type === 'file' && !entry.executable ? '0644' : '0755';
  return ownershipOfNew(entry.path === path ? entry : { mode: entry.mode }, usual);
}

/** What is to go: the uppermost of what no task declares. */
export function extrasOf(desired: TreeDesired, observed: ObservedTree, world: World): readonly string[] {
  const { path, entries } = desired;
  const wanted = new Set(entries.map((entry) => entry.path));
  const kept = world.declared.below(path, `tree:${path}`);
  const isKept = (one: string) =>
    wanted.has(one) ||
    kept.some((other) => one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`));
  const extras = observed.there.filter((one) => !isKept(one) && world.path(one).state !== null);
  const uppermost = extras.filter((one) => !extras.some((other) => one.startsWith(`${other}/`)));
  const odd = uppermost.find((one) => one.includes('\ufffd'));
  if (odd !== undefined) throw noUtf8(path, odd);
  const point = observed.mounts.find((at) => uppermost.some((one) => `${at}/`.startsWith(`${one}/`)));
  if (point === undefined) return uppermost;
  throw new QuorateError(`cannot make ${path} like its source: ${point} is mounted there`, {
    exitCode: EXIT.failed,
    hint: 'unmount it if it may go, or declare its directory',
  });
}

/** What a script cannot name, it cannot take away. */
function noUtf8(path: string, odd: string): QuorateError {
  return new QuorateError(`cannot make ${path} like its source: the name of ${odd} is not UTF-8`, {
    exitCode: EXIT.failed,
    hint: 'rename it, or take it away by hand',
  });
}
