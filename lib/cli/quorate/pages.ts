import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { ROOT } from '../../root.ts';

/** Pages of the documentation that `explain` reads and prints, and that a package has. */
export const PAGES = [
  'guide',
  'from-ansible',
  'contract',
  'resources',
  'variables',
  'operations',
  'inventory',
  'ssh',
  'fleet',
] as const;

/** A page of the documentation as Markdown; in a package it is compressed, and has the commands of a package. */
export function pageNamed(name: (typeof PAGES)[number]): string {
  const file = join(ROOT, `docs/${name}.md`);
  if (existsSync(file)) return ofClone(readFileSync(file, 'utf8'));
  return brotliDecompressSync(readFileSync(join(ROOT, `dist/docs/${name}.md.br`))).toString();
}

/** Without the marks of what is for a clone, and what is for a package. */
function ofClone(page: string): string {
  return page.replaceAll(/<!-- package\s[\s\S]*?-->|<!-- \/?clone -->\n?/g, '');
}
