import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';

const ROOT = new URL('../../..', import.meta.url).pathname;
const FOLDER = join(ROOT, 'test/bench/side-by-side');
const SIDES = [
  ['Quorate', 'quorate'],
  ['Ansible', 'ansible'],
  ['pyinfra', 'pyinfra'],
] as const;

/** `docs/compared.md` with the role as it lies in `test/bench/side-by-side`, and how much it is. */
export function comparedPage(): string {
  const page = readFileSync(join(ROOT, 'docs/compared.md'), 'utf8');
  return page.replace(
    /(<!-- made from test\/bench\/side-by-side.*-->\n)[\s\S]*(<!-- end -->)/,
    (_, start: string, end: string) => `${start}${sizes()}\n\n${SIDES.map(textsOf).join('\n\n')}\n${end}`,
  );
}

/** Lines that are not empty, and files; the inventory is nobody's. */
export function sizeOf(folder: string): { readonly files: number; readonly lines: number } {
  const files = filesOf(folder);
  const lines = files.flatMap(([, text]) => text.split('\n').filter((line) => line.trim() !== ''));
  return { files: files.length, lines: lines.length };
}

function sizes(): string {
  const rows = SIDES.map(([title, folder]) => {
    const { files, lines } = sizeOf(folder);
    return `| ${title} | ${files} | ${lines} |`;
  });
  return ['| | files | lines that are not empty |', '|---|---|---|', ...rows].join('\n');
}

function textsOf([title, folder]: readonly [string, string]): string {
  const texts = filesOf(folder).map(
    ([path, text]) =>
      `\`test/bench/side-by-side/${folder}/${path}\`\n\n\`\`\`${LANGUAGES[extname(path)] ?? ''}\n${text.trimEnd()}\n\`\`\``,
  );
  return [`### ${title}`, ...texts].join('\n\n');
}

const LANGUAGES: Readonly<Record<string, string>> = {
  '.ts': 'ts',
  '.yml': 'yaml',
  '.py': 'python',
  '.j2': 'jinja',
};

function filesOf(folder: string): readonly (readonly [path: string, text: string])[] {
  const below = join(FOLDER, folder);
  return readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [relative(below, path), readFileSync(path, 'utf8')] as const);
}
