import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../../support/scratch.ts';

const ROOT = new URL('../../../..', import.meta.url).pathname;

/** Runs the command `quorate` in a folder with these files. */
function quorate(files: Readonly<Record<string, string>>, ...args: readonly string[]): string {
  const folder = scratch();
  mkdirSync(join(folder, 'roles'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const line = [
    '--import',
    `${ROOT}node_modules/tsx/dist/esm/index.mjs`,
    `${ROOT}package/quorate.ts`,
    ...args,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, line, { cwd: folder, encoding: 'utf8' });
  return `${stdout}${stderr}`;
}

const HERE = 'all: { hosts: { here: { ansible_connection: local, notes_dir: /x } } }\n';

describe('the command', () => {
  it('says that a folder is not a playbook', () => {
    expect(quorate({}, 'run', 'roles')).toMatch(/roles is a folder, and no playbook\n.*hint: .*run site\.ts/);
  });

  it('points to the playbook of this folder where ours has the same name', () => {
    const said = quorate({ 'inventory.yaml': HERE, 'site.ts': '' }, 'site', '--check');
    expect(said).toMatch(
      /there is no group etcd .*\n.*hint: .* run site\.ts runs the playbook of this folder/,
    );
    expect(quorate({ 'inventory.yaml': HERE }, 'site', '--check')).not.toContain('of this folder');
  });

  it('says how hosts are written where an inventory is empty', () => {
    expect(quorate({ 'inventory.yaml': '' }, 'exec', 'all', '--', 'true')).toMatch(
      /no host in this inventory\n.*\n.*hint: list them below hosts: of a group\n.*this file is empty/,
    );
  });

  it('tells exec of no variables: it has no roles that could read them', () => {
    const said = quorate({ 'inventory.yaml': HERE }, 'exec', 'all', '--', 'echo', 'hi');
    expect(said).toContain('here: hi');
    expect(said).not.toContain('notes_dir');
  });
});
