import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { FLAGS } from '../../../lib/cli/flags/flags.ts';
import { explain } from '../../../lib/cli/quorate/explain.ts';
import { loadOwnPlaybooks, ownPlaybooks } from '../../../lib/cli/quorate/own-playbooks.ts';
import { PAGES } from '../../../lib/cli/quorate/pages.ts';
import { clusterName } from '../../../lib/etcd/model/cluster.ts';
import { packagePage, packageReadme } from '../../../package/readme.ts';
import { hear } from '../support/hear.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
afterEach(() => vi.restoreAllMocks());

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

  it('takes down the cluster of the inventory that it shows', () => {
    const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(packed) ?? [];
    const [, name] = /npx quorate destroy [^`]*--cluster (\w+)/.exec(packed) ?? [];
    const { vars } = parse(text).etcd;
    expect(clusterName({ ...vars, inventory_file: 'inventory.yaml' })).toBe(name);
  });

  it('names commands and flags that exist', async () => {
    expect(await requireCommands(packed)).toBeGreaterThan(20);
  });
});

describe.each(PAGES)('the page %s in a package', (name) => {
  const page = packagePage(readFileSync(join(ROOT, `docs/${name}.md`), 'utf8'));

  it('has no command that only works in the clone, no mark, and no file that no package has', () => {
    expect(page).not.toMatch(
      /npx tsx|playbooks\/\w|<!--|-->|\w\.md\b|`(lib|docs|test|examples|inventory)\/\w/,
    );
  });

  it('names commands and flags that exist', async () => {
    await requireCommands(page);
  });
});

it.each([
  ['a list, [how](operations.md#members).', 'a list, how (`npx quorate explain operations`).'],
  ['[docs/ssh.md](ssh.md) says', '`npx quorate explain ssh` says'],
  ['[age](https://age-encryption.org)', '[age](https://age-encryption.org)'],
])('a package says %j as %j', (page, wanted) => {
  expect(packagePage(page)).toBe(wanted);
});

it('a link that would lead nowhere in a package is refused when it is made', () => {
  expect(() => packagePage('[why](decisions.md)')).toThrow('decisions.md is in no package');
  expect(packagePage('So it is.<!-- clone --> [Why](decisions.md).<!-- /clone -->\n\nNext')).toBe(
    'So it is.\n\nNext',
  );
});

/** Every command line of the package is one that there is, with flags that it takes. Gives how many there are. */
async function requireCommands(text: string): Promise<number> {
  hear();
  const playbooks = await loadOwnPlaybooks();
  const words = [...ownPlaybooks(), 'init', 'run', 'explain', 'completion'];
  const lines = [...text.matchAll(/npx quorate ([a-z]+)[^\n`|)]*/g)];
  for (const [line, word = ''] of lines) {
    expect(words, line).toContain(word);
    const [, asked] = / explain ([\w-]+)/.exec(line) ?? [];
    if (asked !== undefined) await explain([asked], 'npx quorate');
    const own = playbooks.find(({ name }) => name === word)?.flags ?? [];
    const known = [...FLAGS, ...own].map(({ name }) => `--${name}`);
    for (const [flag] of line.split(/ #| -- /)[0]?.matchAll(/--[a-z-]+/g) ?? [])
      expect(known, line).toContain(flag);
  }
  return lines.length;
}
