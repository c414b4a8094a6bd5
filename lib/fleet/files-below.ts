import { readdirSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { kindOfFile } from '../inventory/folders.ts';

/** Files of the project that are made or kept by others. */
const NO_CODE = /^(node_modules|\.git|\.quorate)$/;

/** A folder of more files is data. */
const MANY = 10_000;

/**
 * The files at a path and below, links among them wherever they lead; `intoLinks` those of linked folders, too, each by
 * the path through the link. None of a folder that has too many: `notice` is told of it.
 */
export function filesBelow(
  path: string,
  { intoLinks = false, notice }: { readonly intoLinks?: boolean; readonly notice: (what: string) => void },
): readonly string[] {
  const kind = kindOfFile(path);
  if (kind !== 'directory') return kind === 'file' ? [path] : [];
  const files: string[] = [];
  const folders = [{ path, above: [realpathSync(path)] }];
  for (const folder of folders) {
    for (const entry of readdirSync(folder.path, { withFileTypes: true })) {
      const inside = join(folder.path, entry.name);
      const isLink = entry.isSymbolicLink();
      if (NO_CODE.test(entry.name)) continue;
      if (entry.isDirectory() || (isLink && intoLinks && kindOfFile(inside) === 'directory')) {
        const real = realpathSync(inside);
        // A link to a folder above it would go on forever.
        if (!folder.above.includes(real)) folders.push({ path: inside, above: [...folder.above, real] });
      } else if (entry.isFile() || isLink) files.push(inside);
    }
    if (files.length > MANY) {
      const name = relative(process.cwd(), path);
      notice(`${name} has more than 10,000 files: nobody looks whether workers have the same ones`);
      return [];
    }
  }
  return files;
}
