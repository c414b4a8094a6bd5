import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../../lib/cli/flags.ts';
import { loadOwnPlaybooks, ownPlaybooks } from '../../../lib/cli/quorate/own-playbooks.ts';
import { PAGES } from '../../../lib/cli/quorate/pages.ts';
import { packagePage, packageReadme } from '../../../package/readme.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const packed = packageReadme(readFileSync(join(ROOT, 'README.md'), 'utf8'));

describe('the README in a package', () => {
  it('links to nothing that the package does not have', () => {
    const targets = [...packed.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !target.startsWith('http'))).toEqual([]);
  });

  it('speaks of no folder of the clone, and of no command that only works there', () => {
    expect(packed).not.toMatch(
      /npx tsx|npm ci|npm run|npm test|examples\/|playbooks\/|inventory\/|roles\/|<!--|-->/,
    );
  });

  it('names commands and flags that exist', async () => {
    expect(await requireCommands(packed)).toBeGreaterThan(20);
  });
});

describe.each(PAGES)('the page %s in a package', (name) => {
  const page = packagePage(readFileSync(join(ROOT, `docs/${name}.md`), 'utf8'));

  it('has no command that only works in the clone, and no mark', () => {
    expect(page).not.toMatch(/npx tsx|playbooks\/\w|<!--|-->/);
  });

  it('names commands and flags that exist', async () => {
    await requireCommands(page);
  });
});

/** Every command line of the package is one that there is, with flags that it takes. Gives how many there are. */
async function requireCommands(text: string): Promise<number> {
  const playbooks = await loadOwnPlaybooks();
  const words = [...ownPlaybooks(), 'init', 'run', 'explain', 'completion'];
  const lines = [...text.matchAll(/npx quorate ([a-z]+)[^\n`|)]*/g)];
  for (const [line, word = ''] of lines) {
    expect(words, line).toContain(word);
    const own = playbooks.find(({ name }) => name === word)?.flags ?? [];
    const known = [...FLAGS, ...own].map(({ name }) => `--${name}`);
    for (const [flag] of line.split(' #')[0]?.matchAll(/--[a-z-]+/g) ?? [])
      expect(known, line).toContain(flag);
  }
  return lines.length;
}
