import { broughtBy, foldersTo } from '../../dsl/ledger/made.ts';
import {
  type ObservedPath,
  type Ownership,
  ownershipDifferences,
  parsePath,
  requireReplaceable,
  requireRoom,
} from '../../dsl/path.ts';
import type { Difference } from '../../dsl/resource.ts';
import type { Read } from '../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Change, PrepareContext, Prepared } from '../../dsl/task.ts';
import type { Trace } from '../../dsl/trace/trace.ts';
import { type Ground, groundReads, parseGround, requireFolder } from '../../dsl/world/ground.ts';
import type { World } from '../../dsl/world/world.ts';
import {
  type Content,
  contentDifference,
  contentRead,
  digestOf,
  foreseenContent,
  prepareContent,
  writeContent,
} from '../content/content.ts';

/** A file that is a part of what a resource makes; root's, and 0644. */
export interface OwnFile {
  readonly path: string;
  readonly content: Content;
}

export interface ObservedFiles {
  readonly found: readonly (ObservedPath | undefined)[];
  readonly ground: Ground;
}

const OWNED: Ownership = { mode: '0644' };

export function filesReads(files: readonly OwnFile[]): readonly Read[] {
  return files.flatMap(({ path, content }) => [contentRead(path, content), ...groundReads(path, {})]);
}

/** Finds files among the parts of what a probe printed that began with `filesReads`. */
export function parseFiles(parts: readonly string[], files: readonly OwnFile[]): ObservedFiles {
  // Each has two looks: itself, and what is above.
  return {
    found: files.map((_, i) => parsePath({ code: 0, out: parts[2 * i] ?? '' })),
    ground: parseGround(parts),
  };
}

/** How they differ, each by its path; folders are made on the way. */
export function filesDifferences(
  files: readonly OwnFile[],
  { found: all, ground }: ObservedFiles,
  world: World,
): readonly Difference[] {
  return files.flatMap(({ path, content }, i): readonly Difference[] => {
    const found = world.path(path).over(all[i]);
    requireRoom(path, 'file', found);
    const differs = contentDifference(content, found, path);
    if (differs) requireReplaceable(path, found, world);
    if (differs) requireFolder(path, ground, world, { makesFolders: true });
    const ownership = found?.type === 'file' ? ownershipDifferences(OWNED, found) : [];
    return [
      ...(differs ? [differs] : []),
      ...ownership.map((one) => ({ ...one, property: `${path} ${one.property}` })),
    ];
  });
}

/** What is left over of them where they are declared no more. */
export function filesTraces(
  files: readonly OwnFile[],
  changes: readonly Change[] | undefined,
): readonly Trace[] {
  return files.flatMap(({ path, content }) => {
    const digest = digestOf(content);
    const own = { kind: 'file', name: path, ...(digest !== undefined && { digest }) } as const;
    const brought = broughtBy(own, changes, path);
    return changes === undefined || brought.length === 0 ? brought : [...foldersTo(path), ...brought];
  });
}

export function foreseeFiles(files: readonly OwnFile[], world: World): void {
  for (const { path, content } of files)
    world.path(path).willBe({ type: 'file', ...OWNED, ...foreseenContent(content) });
}

export async function prepareFiles(
  files: readonly OwnFile[],
  changes: readonly Change[],
  context: PrepareContext,
): Promise<Prepared> {
  const all = await Promise.all(
    files.map(({ path, content }) => prepareContent(path, content, changes, context, path)),
  );
  return { transfers: all.flatMap(({ transfers = [] }) => transfers) };
}

/** Shell that writes those that differ. */
export function writeFiles(files: readonly OwnFile[], changes: readonly Change[]): Sh {
  const due = new Set(changes.map(({ property }) => property));
  return joinSh(
    files.flatMap(({ path, content }) => {
      if (due.has(path))
        return [
          sh`mkdir -p -- ${path.replace(/\/[^/]*$/, '')} && ${writeContent(path, content, OWNED)} || exit`,
        ];
      return due.has(`${path} mode`) ? [sh`q_mode ${path} ${OWNED.mode} '' '' || exit`] : [];
    }),
  );
}
