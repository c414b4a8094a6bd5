import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../../lib/cli/flags/flags.ts';
import { loadOwnPlaybooks } from '../../../lib/cli/quorate/own-playbooks.ts';
import { EXIT } from '../../../lib/errors.ts';
import { ETCD_VARS } from '../../../lib/etcd/model/vars.ts';
import { scratch } from '../support/scratch.ts';
import { comparedPage, sizeOf } from './compared.ts';
import { guideFiles } from './guide.ts';
import { resourcesPage } from './resources.ts';
import { variablesPage } from './variables.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PAGES = [
  'README.md',
  'README.zh-CN.md',
  'docs/architecture.md',
  'docs/contract.md',
  'docs/guide.md',
  'docs/decisions.md',
  'docs/fleet.md',
  'docs/guarantees.md',
  'docs/variables.md',
  'docs/resources.md',
  'docs/from-ansible.md',
  'docs/operations.md',
  'docs/compared.md',
  'docs/inventory.md',
  'docs/ssh.md',
  'CONTRIBUTING.md',
  'AGENTS.md',
];

/** Resources that no module of Ansible is like. */
const OURS_ALONE = ['LaterContent', 'LaterFile', 'caCertificate', 'release', 'setAside', 'task'];

describe('the documentation', () => {
  it('lists the variables as the schema has them', () => {
    expect(read('docs/variables.md')).toBe(variablesPage());
  });

  it('has each resource as its doc comment tells it', async () => {
    await expect(resourcesPage()).toMatchFileSnapshot(join(ROOT, 'docs/resources.md'));
  });

  it('shows the role that the bench runs, which is no longer here than in Ansible', async () => {
    await expect(comparedPage()).toMatchFileSnapshot(join(ROOT, 'docs/compared.md'));
    expect(sizeOf('quorate').lines).toBeLessThanOrEqual(sizeOf('ansible').lines);
  });

  it.each(Object.keys(ETCD_VARS))('the annotated inventory mentions %s', (name) => {
    expect(read('inventory/prod.yaml')).toContain(name);
  });

  it('promises every flag, exit code and field of an event that there is', () => {
    const page = read('docs/contract.md');
    const flags = FLAGS.flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])]);
    expect(flags.filter((flag) => !page.includes(`\`${flag}\``))).toEqual([]);
    const codes = Object.values(EXIT).filter(
      (code) => !new RegExp(`^\\| (130, )?${code}\\b`, 'm').test(page),
    );
    expect(codes.filter((code) => code !== EXIT.interrupted)).toEqual([]);
    const events = read('lib/runner/events.ts').split('/** What only a progress view')[0] ?? '';
    const fields = [...events.matchAll(/readonly (\w+)\??:/g)].map(([, field = '']) => field);
    const named = [...events.matchAll(/event: '(\w+)'/g)].map(([, event = '']) => event);
    expect([...fields, ...named].filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
  });

  it('names for Ansible users only what there is', async () => {
    const resources = Object.keys(await import('../../../lib/resources/index.ts'));
    const words = [...resources, 'block', 'play', 'task'];
    const modules = read('docs/from-ansible.md').split('## Modules')[1]?.split('## Keywords')[0] ?? '';
    const here = modules.split('\n').map((line) => line.split(/(?<!\\)\|/)[2] ?? '');
    const named = here.flatMap((cell) =>
      [...cell.matchAll(/`([a-z]\w+)(?=[`(])/g)].map(([, name = '']) => name),
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !words.includes(name))).toEqual([]);
    expect(resources.filter((name) => !named.includes(name)).sort()).toEqual(OURS_ALONE);
  });

  it.each(PAGES)('%s links to files that exist', (page) => {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (!target.startsWith('http'))
        expect(existsSync(join(ROOT, dirname(page), target)), target).toBe(true);
    }
  });

  it.each(PAGES)('%s names files of the project that exist', (page) => {
    const named = read(page).matchAll(/`((?:playbooks|roles|lib|inventory|docs|test)\/[\w./-]*)`/g);
    const missing = [...named].flatMap(([, path = '']) => (existsSync(join(ROOT, path)) ? [] : [path]));
    // The guide has its reader write the first; runs make the others.
    expect(missing.filter((path) => !/\/motd\.ts$|\.quorate\/|NAME/.test(path))).toEqual([]);
  });

  it.each(PAGES)('%s names tests that exist', (page) => {
    // Not in all of `test`: builds come and go beside them.
    const tests = ['unit', 'lab', 'fuzz'].flatMap((folder) =>
      readdirSync(join(ROOT, 'test', folder), { recursive: true, encoding: 'utf8' }).map((one) => `/${one}`),
    );
    const named = [...read(page).matchAll(/`([\w-]+\.test\.ts)`/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !tests.some((one) => one.endsWith(`/${name}`)))).toEqual([]);
  });

  it.each(PAGES)('%s names playbooks and flags that exist', async (page) => {
    const ours = await loadOwnPlaybooks();
    for (const [line] of read(page).matchAll(/npx tsx playbooks\/[^\n`|]*/g)) {
      const [, name = ''] = /playbooks\/(\w+)\.ts/.exec(line) ?? [];
      expect(existsSync(join(ROOT, `playbooks/${name}.ts`)), line).toBe(true);
      const own = ours.find((one) => one.name === name)?.flags ?? [];
      const known = [...FLAGS, ...own].map((flag) => `--${flag.name}`);
      // What follows is for another program.
      const [command = ''] = line.split(' -- ');
      for (const [flag] of command.matchAll(/--[a-z-]+/g)) expect(known, line).toContain(flag);
    }
  });

  it('the role and the playbook of the guide do what the guide says', async () => {
    const dir = scratch();
    for (const [name, text] of guideFiles()) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
    // The package as it is in the clone; the lab tests the same files with the one that npm packs.
    mkdirSync(join(dir, 'node_modules/quorate'), { recursive: true });
    writeFileSync(
      join(dir, 'node_modules/quorate/package.json'),
      '{ "type": "module", "exports": "./index.js" }',
    );
    writeFileSync(join(dir, 'node_modules/quorate/index.js'), `export * from '${ROOT}package/index.ts';\n`);
    const inventory = join(dir, 'inventory.yaml');
    writeFileSync(
      inventory,
      `all: { hosts: { here: { ansible_connection: local, motd_dir: ${join(dir, 'motd.d')} } } }`,
    );
    const run = (...args: string[]) => {
      const line = ['--import', 'tsx', join(dir, 'motd.ts'), '-i', inventory, ...args];
      return spawnSync(process.execPath, line, { cwd: ROOT, encoding: 'utf8' });
    };
    expect(run('--list-tasks').stdout).toContain('greets whoever logs in');
    expect(run('--check', '--detailed-exitcode').status).toBe(8);
    expect(existsSync(join(dir, 'motd.d'))).toBe(false);
    expect(run().status).toBe(0);
    expect(readFileSync(join(dir, 'motd.d/quorate'), 'utf8')).toMatch(/^This is here, \w+ [\d.]*\.\n$/);
    expect(run('--check', '--detailed-exitcode').status).toBe(0);
  }, 120_000);
});
