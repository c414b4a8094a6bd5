import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadInventory } from '../../inventory/index.ts';
import { inventoriesIn } from '../flags/options.ts';
import type { PlaybookFile } from '../start/playbook-file.ts';
import { playbookOfOurs } from './own-playbooks.ts';
import { fileNamed, readTypeScript } from './run.ts';

/**
 * Words that fit where a shell asks: `hosts` (and groups) of the inventory that is meant, `roles` of the playbook, by
 * what was typed so far. Nothing where there is no such thing: a shell shows no errors.
 */
export async function completed([kind, ...typed]: readonly string[]): Promise<readonly string[]> {
  try {
    return kind === 'hosts' ? await hosts(typed) : kind === 'roles' ? await roles(typed) : [];
  } catch {
    return [];
  }
}

async function hosts(typed: readonly string[]): Promise<readonly string[]> {
  const given = inventoriesIn(joined(typed));
  const [command, file = ''] = typed;
  const beside = command === 'run' ? dirname(file) : '.';
  const usual = ['inventory.yaml', 'inventory'].map((name) => join(beside, name)).find(existsSync);
  const files = given.length > 0 ? given : [usual ?? []].flat();
  const { hosts: all, groups } = await loadInventory({ files, schema: {} });
  return [...new Set([...groups.keys(), ...all.map(({ name }) => name)])];
}

/** Bash divides `--inventory=hosts.ini` into three words. */
function joined(typed: readonly string[]): readonly string[] {
  return typed.join('\0').replaceAll('\0=\0', '=').split('\0');
}

/** A user's playbook is loaded and not run; it tells its roles where it is the default export of its file. */
async function roles([command = '', given = '']: readonly string[]): Promise<readonly string[]> {
  const file = command === 'run' ? fileNamed(given) : playbookOfOurs(command);
  if (file === undefined) return [];
  if (file.endsWith('.ts')) await readTypeScript();
  const loaded: { default?: PlaybookFile } = await import(pathToFileURL(file).href);
  const all = loaded.default?.plays.flatMap((play) => play.roles.map(({ name }) => name)) ?? [];
  return [...new Set(all)];
}
