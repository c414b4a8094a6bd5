import { chmodSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeDigest, InventoryDigests, otherCode } from '../../../lib/fleet/digest.ts';
import type { CodeDigest } from '../../../lib/fleet/order.ts';
import { hopeless, isHopeless, refusedBy } from '../../../lib/fleet/redis/refusal.ts';
import { scratch } from '../support/scratch.ts';

const home = process.cwd();
let folder = '';

const FILES = {
  'site.ts':
    "import { web } from './roles/web.ts';\nimport ports from '#data/ports.json' with { type: 'json' };\n",
  'package.json': '{"imports": {"#data/*": "./data/*"}}',
  'data/ports.json': '{}',
  'roles/web.ts': "export const web = () => tree('/srv/www', { source: '../www' });\n",
  'www/index.html': 'hello',
  'inventories/c01.yaml': 'all: {hosts: {a: {}}}',
  'inventories/group_vars/all.yaml': 'db_password: hunter2',
  'inventories/c02.yaml': 'all: {hosts: {b: {}}}',
  'more.yaml': 'x: 1',
  'README.md': 'read me',
};

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

beforeEach(() => {
  folder = scratch();
  for (const [path, text] of Object.entries(FILES)) write(path, text);
  process.chdir(folder);
});
afterEach(() => process.chdir(home));

const ORDER = { playbook: { file: 'site.ts' }, words: ['-e', '@more.yaml'] };
const code = (secrets?: CodeDigest['secrets']) => codeDigest(ORDER.playbook, secrets) as CodeDigest;

describe('the digest of the code', () => {
  it.each([
    ['README.md', false],
    ['inventories/c01.yaml', false],
    ['site.ts', true],
    ['roles/web.ts', true],
    ['www/index.html', true],
    ['data/ports.json', true],
  ])('with another %s is another one: %s', (path, other) => {
    const before = code();
    write(path, `${FILES[path as keyof typeof FILES]} `);
    const said = otherCode(before, code(before.secrets));
    expect(said).toBe(other ? 'has other code: playbook, roles or what they send' : undefined);
  });

  it('with another link in what is sent, or another file after it, is another one', () => {
    const before = code();
    const link = (to: string) => {
      symlinkSync(to, join(folder, 'www/link'));
      const { project } = code(before.secrets);
      unlinkSync(join(folder, 'www/link'));
      return project;
    };
    const all = [before.project, link('nowhere'), link('index.html'), link('../README.md'), link('/')];
    expect(new Set(all).size).toBe(all.length);
    write('README.md', 'read me again');
    expect(all).not.toContain(link('../README.md'));
  });

  it('tells of imports that nobody can follow', () => {
    const told: string[] = [];
    write('site.ts', 'await import(process.env.ROLE);');
    codeDigest(ORDER.playbook, undefined, (one) => told.push(one));
    expect(told).toEqual(['site.ts:1 imports what is known only as it runs']);
  });

  it('leaves out a folder of more than 10,000 files, and says so', () => {
    const told: string[] = [];
    const digest = () => codeDigest(ORDER.playbook, code().secrets, (one) => told.push(one))?.project;
    for (let i = 0; i < 10_001; i++) write(`www/${i}`, '');
    const before = digest();
    write('www/0', 'another');
    expect(digest()).toBe(before);
    expect([...new Set(told)]).toEqual([
      'www has more than 10,000 files: nobody looks whether workers have the same ones',
    ]);
  });

  it('says what differs', () => {
    const here = code();
    expect(otherCode({ ...here, version: '9.9.9' }, here)).toMatch(
      /^has version \S+ of Quorate, not 9\.9\.9$/,
    );
    expect(otherCode({ ...here, own: 'sha256:0' }, here)).toMatch(/^has other code of Quorate/);
    expect(otherCode(here, codeDigest({ file: 'none.ts' }))).toBe('has no such playbook');
  });
});

describe('the digest of an inventory', () => {
  const of = (secrets: CodeDigest) =>
    new InventoryDigests(ORDER, secrets).of({ inventory: 'inventories/c01.yaml' });

  it.each([
    ['inventories/c02.yaml', false],
    ['site.ts', false],
    ['inventories/c01.yaml', true],
    ['inventories/group_vars/all.yaml', true],
    ['inventories/host_vars/a.yaml', true],
    ['group_vars/all.yaml', true],
    ['more.yaml', true],
  ])('with another %s is another one: %s', async (path, other) => {
    const secrets = code();
    const before = await of(secrets);
    write(path, `${FILES[path as keyof typeof FILES] ?? ''}\n`);
    expect((await of(secrets)) !== before).toBe(other);
  });

  it('with other variables behind a link, to a file or a folder, is another one', async () => {
    const secrets = code();
    write('common/common.yaml', 'x: 1\n');
    const vars = join(folder, 'inventories/group_vars');
    symlinkSync('../../common/common.yaml', join(vars, 'web.yaml'));
    symlinkSync('../../common', join(vars, 'db'));
    symlinkSync('.', join(vars, 'circle'));
    symlinkSync('nowhere', join(vars, 'gone.yaml'));
    const before = await of(secrets);
    expect(await of(secrets)).toBe(before);
    write('common/common.yaml', 'x: 2\n');
    const other = await of(secrets);
    write('common/more.yaml', 'y: 1\n');
    const more = await of(secrets);
    write('inventories/group_vars/nowhere', 'z: 1\n');
    expect(new Set([before, other, more, await of(secrets)]).size).toBe(4);
  });

  it('lets no guess at a secret be tested without the salt of its run', async () => {
    expect(await of(code())).not.toBe(await of(code()));
  });

  it('is refused of a program, which is not run', async () => {
    write('inventories/hosts.sh', '#!/bin/sh\ntouch ran\n');
    chmodSync(join(folder, 'inventories/hosts.sh'), 0o755);
    await expect(new InventoryDigests(ORDER, code()).of({ inventory: 'inventories' })).rejects.toThrow(
      'inventories/hosts.sh is a program: what it says may differ from machine to machine',
    );
  });
});

describe('a job that workers refuse', () => {
  const once = refusedBy(undefined, 'w1', 'has other code', 1000);

  it.each([
    [['w1'], 1999, false],
    [['w1'], 3000, true],
    [['w1', 'w2'], 9000, false],
    // Who is there is not known.
    [[], 3000, false],
  ])('waits for those that may have what is meant: %j at %i: %s', (alive, now, over) => {
    expect(isHopeless(once, alive, 2000, now)).toBe(over);
  });

  it('tells who lacks what', () => {
    const twice = refusedBy(once, 'w2', 'has no c01.yaml', 2000);
    expect(twice.since).toBe(1000);
    expect(hopeless(twice)).toBe(
      'no worker has the code and the inventory that are meant: w1 has other code; w2 has no c01.yaml',
    );
  });
});
