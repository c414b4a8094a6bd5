import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Maker } from '../../dsl/ledger/ledger.ts';
import { projectName } from '../../project-name.ts';

/**
 * Who makes what a playbook makes: the name of its project, which is the same on every machine, and its path in it. What
 * a playbook of the project made that is there no more under its name is ours: it was moved, or renamed. Undefined where
 * no `package.json` above names a project.
 *
 * @example
 * makerOf('/home/ann/shop/playbooks/site.ts')?.by // 'shop playbooks/site'
 */
export function makerOf(file: string): Maker | undefined {
  const project = projectAbove(dirname(file));
  if (project === undefined) return undefined;
  const by = `${project.name} ${withoutEnding(relative(project.folder, file))}`;
  const isThere = (path: string) =>
    ['', ...ENDINGS].some((end) => existsSync(join(project.folder, path + end)));
  return {
    by,
    isOurs(other) {
      const [, name, path = ''] = /^(\S+) (.+)$/.exec(other) ?? [];
      return other === by || (name === project.name && !isThere(path));
    },
  };
}

const ENDINGS = ['.ts', '.js', '.mts', '.mjs'];

function withoutEnding(path: string): string {
  const ending = ENDINGS.find((one) => path.endsWith(one)) ?? '';
  return path.slice(0, path.length - ending.length);
}

/** A `package.json` without a name, as one that only says its type, is passed over. */
function projectAbove(folder: string): { readonly name: string; readonly folder: string } | undefined {
  const name = projectName(folder);
  if (name !== undefined && !/\s/.test(name)) return { name, folder };
  const above = dirname(folder);
  return above === folder ? undefined : projectAbove(above);
}
