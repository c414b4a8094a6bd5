import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../../lib/cli/options.ts';
import { ETCD_VARS } from '../../../lib/etcd/vars.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';
import { variablesPage } from './variables.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PAGES = [
  'README.md',
  'README.zh-CN.md',
  'docs/guide.md',
  'docs/decisions.md',
  'docs/guarantees.md',
  'docs/variables.md',
];

describe('the documentation', () => {
  it('lists the variables as the schema has them', () => {
    expect(read('docs/variables.md')).toBe(variablesPage());
  });

  it.each(Object.keys(ETCD_VARS))('the annotated inventory mentions %s', (name) => {
    expect(read('inventory/prod.yaml')).toContain(name);
  });

  it.each(PAGES)('%s links to files that exist', (page) => {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (!target.startsWith('http'))
        expect(existsSync(join(ROOT, dirname(page), target)), target).toBe(true);
    }
  });

  it.each(PAGES)('%s names playbooks and flags that exist', (page) => {
    const own = ['--cluster', '--purge', '--set-aside-data'];
    for (const [line] of read(page).matchAll(/npx tsx playbooks\/[^\n`|]*/g)) {
      const [, playbook = ''] = /(playbooks\/\w+\.ts)/.exec(line) ?? [];
      expect(existsSync(join(ROOT, playbook)), playbook).toBe(true);
      for (const [flag] of line.matchAll(/--[a-z-]+/g)) {
        expect([...FLAGS.map(({ name }) => `--${name}`), ...own]).toContain(flag);
      }
    }
  });

  it('the role of the guide does what the guide says', async () => {
    const example = /```ts\n([\s\S]*?)```/.exec(read('docs/guide.md'))?.[1] as string;
    const dir = scratch();
    mkdirSync(join(dir, 'roles'));
    writeFileSync(join(dir, 'roles/motd.ts'), example.replaceAll("'../lib/", `'${ROOT}lib/`));
    const { motd } = await import(join(dir, 'roles/motd.ts'));
    const target = {
      name: 'etcd01',
      vars: { motd_dir: join(dir, 'motd.d') },
      hostvars: {},
      facts: undefined,
    };
    const host = loopHost({ dir, sink: recorder() });
    await host.makePlan(motd.tasks(target).map((task: never) => ({ role: motd.name, task })));
    await host.apply(() => true);
    expect(readFileSync(join(dir, 'motd.d/quorate'), 'utf8')).toBe('This is etcd01.\n');
  });
});
