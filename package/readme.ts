import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PAGES } from '../lib/cli/quorate/pages.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const README = join(ROOT, 'README.md');
/** The README of the clone, for as long as npm packs the other one. */
const KEPT = join(ROOT, 'node_modules/.README.md');

if (process.argv[1] === fileURLToPath(import.meta.url)) restoreReadme();

/** Puts the README of the package in place, until `restoreReadme`: npm takes it from no other file. */
export function packReadme(): void {
  restoreReadme();
  const text = readFileSync(README, 'utf8');
  writeFileSync(KEPT, text);
  writeFileSync(README, packageReadme(text));
}

/** Brings the README of the clone back, also after a packing that was killed. */
function restoreReadme(): void {
  if (existsSync(KEPT)) renameSync(KEPT, README);
}

/** The README as it is right in a package: a page of the package, without pictures. */
export function packageReadme(readme: string): string {
  return packagePage(readme.replaceAll(/!\[[^\]]*\]\((?!https?:)[^)]*\)\n*/g, ''));
}

/**
 * A page as it is right in a package: without the parts between `<!-- clone -->` and `<!-- /clone -->`, with those of
 * `<!-- package … -->`, with the commands of the package, and with pages that `explain` prints in place of links.
 */
export function packagePage(page: string): string {
  return page
    .replaceAll(/^<!-- clone -->[\s\S]*?<!-- \/clone -->\n*/gm, '')
    .replaceAll(/<!-- clone -->[\s\S]*?<!-- \/clone -->/g, '')
    .replaceAll(/<!-- package\s([\s\S]*?)-->/g, '$1')
    .replaceAll(/\[([^\]]+)\]\((?!https?:)([^)]*)\)/g, (_, text: string, target: string) =>
      told(text, target),
    )
    .replaceAll(/npx tsx playbooks\/([\w-]+)\.ts/g, 'npx quorate $1')
    .replaceAll(/npx tsx (?=\w[\w-]*\.ts\b)/g, 'npx quorate run ')
    .replaceAll(/`playbooks\/([\w-]+)\.ts(?=[` ])/g, '`npx quorate $1')
    .replaceAll(/ -i inventory\/prod\.yaml/g, '');
}

/** A link in words: what to type for its page. Throws for a page that no package has. */
function told(text: string, target: string): string {
  const [, name = ''] = /^(?:docs\/)?([\w-]+)\.md(?:#|$)/.exec(target) ?? [];
  const page = PAGES.find((one) => one === name);
  if (page === undefined)
    throw new Error(`${target} is in no package: put the link to it between <!-- clone --> marks`);
  const command = `\`npx quorate explain ${page}\``;
  return text.endsWith('.md') ? command : `${text} (${command})`;
}
