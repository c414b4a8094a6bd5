import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../../errors.ts';
import { contentOf, type SentContent, sourcePath } from './source.ts';

/** Something in a folder on control, by its path in it. */
export type SourceEntry = { readonly name: string } & (
  | { readonly type: 'directory' }
  | { readonly type: 'link'; readonly to: string }
  | { readonly type: 'file'; readonly content: string | SentContent; readonly executable: boolean }
);

/** All that is in a folder on control, each folder before what is in it. Throws exit code 1 where there is none. */
export function entriesOf(source: string): readonly SourceEntry[] {
  const root = sourcePath(source);
  if (!lstatSync(root, { throwIfNoEntry: false })?.isDirectory() && !isLinkedFolder(root))
    throw wrong(`the source ${root} is not a folder`);
  return entriesBelow(root, '');
}

function entriesBelow(root: string, folder: string): readonly SourceEntry[] {
  const names = readdirSync(join(root, folder)).sort();
  return names.flatMap((own): readonly SourceEntry[] => {
    const name = folder === '' ? own : `${folder}/${own}`;
    const path = join(root, name);
    const stat = lstatSync(path);
    if (/[\n\r]/.test(own)) throw wrong(`the source ${JSON.stringify(path)} has a line end in its name`);
    if (stat.isDirectory()) return [{ name, type: 'directory' }, ...entriesBelow(root, name)];
    if (stat.isSymbolicLink()) return [{ name, type: 'link', to: readlinkSync(path) }];
    if (!stat.isFile()) throw wrong(`the source ${path} is not a file, folder or link`);
    return [{ name, type: 'file', content: contentOf(path), executable: (stat.mode & 0o100) !== 0 }];
  });
}

function isLinkedFolder(path: string): boolean {
  try {
    return lstatSync(`${path}/.`).isDirectory();
  } catch {
    return false;
  }
}

function wrong(message: string): QuorateError {
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    hint: 'a relative source begins at the file that names it: that of the role',
  });
}
