import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PLAYBOOKS } from '../../root.ts';
import type { PlaybookFile } from '../start/playbook-file.ts';

/** Names of the playbooks that come with this project. */
export function ownPlaybooks(): readonly string[] {
  return readdirSync(PLAYBOOKS)
    .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => basename(file, extname(file)))
    .sort();
}

/** Its file; undefined for any other word. */
export function playbookOfOurs(name: string): string | undefined {
  if (!/^[a-z][\w-]*$/.test(name)) return undefined;
  return ['.js', '.ts'].map((ending) => join(PLAYBOOKS, `${name}${ending}`)).find((file) => existsSync(file));
}

/** Their command lines; loads them all. */
export function loadOwnPlaybooks(): Promise<readonly PlaybookFile[]> {
  return Promise.all(
    ownPlaybooks().map(async (name) => {
      const loaded: { default: PlaybookFile } = await import(pathToFileURL(playbookOfOurs(name) ?? '').href);
      return loaded.default;
    }),
  );
}
