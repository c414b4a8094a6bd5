import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { home } from '../../whoami.ts';

/** Directives of ~/.ssh/config for one host, names in lower case, each with all its values. */
export type SshConfig = ReadonlyMap<string, readonly string[]>;

/** Reads what ~/.ssh/config says of a host as the user named it. The parser is loaded only if there is a file. */
export async function readSshConfig(alias: string, user: string | undefined): Promise<SshConfig> {
  const folder = join(home(), '.ssh');
  const source = await readText(join(folder, 'config'));
  if (source === undefined) return new Map();
  const { default: Parser } = await import('ssh-config');
  const found = Parser.parse(await withIncludes(source, folder, 0)).compute(
    { Host: alias, ...(user !== undefined && { User: user }) },
    { ignoreCase: true },
  );
  return new Map(Object.entries(found).map(([name, value]) => [name.toLowerCase(), [value].flat()]));
}

/** Puts included files where they are named; the parser passes over them. */
async function withIncludes(source: string, folder: string, depth: number): Promise<string> {
  if (depth > 16 || !/^\s*include\b/im.test(source)) return source;
  const lines = source.split('\n').map(async (line) => {
    const [, names] = /^\s*include(?:\s*=\s*|\s+)(.+)$/i.exec(line) ?? [];
    if (names === undefined) return line;
    const files = await Promise.all(wordsOf(names).map((name) => filesLike(name, folder)));
    const texts = await Promise.all(files.flat().map((file) => readText(file)));
    return Promise.all(texts.map((text) => withIncludes(text ?? '', folder, depth + 1))).then((all) =>
      all.join('\n'),
    );
  });
  return (await Promise.all(lines)).join('\n');
}

function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** A pattern in the last part of a path, as in `Include config.d/*`. */
async function filesLike(name: string, folder: string): Promise<readonly string[]> {
  const path = resolve(folder, name.replace(/^~(?=\/)/, home()));
  if (!/[*?]/.test(path)) return [path];
  const source = basename(path)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((each) => new RegExp(`^${source}$`).test(each) && !each.startsWith('.'))
    .sort()
    .map((each) => join(dirname(path), each));
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
