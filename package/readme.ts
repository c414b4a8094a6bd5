import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** Pages that `explain` prints in a package. */
const EXPLAINED = /^docs\/(guide|from-ansible|contract|resources)\.md/;

/**
 * The README as it is right in a package: a page of the package, with no link to a file that the package does not have.
 */
export function packageReadme(readme: string): string {
  return packagePage(readme)
    .replaceAll(/!\[[^\]]*\]\((?!https?:)[^)]*\)\n*/g, '')
    .replaceAll(/\[([^\]]+)\]\((?!https?:)([^)]*)\)/g, (_, text: string, target: string) => {
      const [, page] = EXPLAINED.exec(target) ?? [];
      return page === undefined ? text : `${text} (\`npx quorate explain ${page}\`)`;
    });
}

/**
 * A page as it is right in a package: without the parts between `<!-- clone -->` and `<!-- /clone -->`, with those of
 * `<!-- package … -->`, and with the commands of the package.
 */
export function packagePage(page: string): string {
  return page
    .replaceAll(/<!-- clone -->[\s\S]*?<!-- \/clone -->\n*/g, '')
    .replaceAll(/<!-- package\n([\s\S]*?)-->/g, '$1')
    .replaceAll(/npx tsx playbooks\/([\w-]+)\.ts/g, 'npx quorate $1')
    .replaceAll(/npx tsx (?=\w[\w-]*\.ts\b)/g, 'npx quorate run ')
    .replaceAll(/`playbooks\/([\w-]+)\.ts`/g, '`npx quorate $1`')
    .replaceAll(/ -i inventory\/prod\.yaml/g, '');
}
