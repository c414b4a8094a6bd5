import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { ProjectMaker } from '../../dsl/ledger/ledger.ts';
import { nameOfFolder, projectName } from '../../project-name.ts';

/**
 * Who makes what a playbook makes: the name of its project, which is the same on every machine, and its path in it. What
 * a playbook of the project made that is there no more under its name is ours: it was moved, or renamed. Where no
 * `package.json` above names a project, its folder does: the one with a `package.json` or a repository, else the playbook's.
 * What lies above the repository is of others.
 *
 * @example
 * makerOf('/home/ann/shop/playbooks/site.ts').by // 'shop playbooks/site'
 */
export function makerOf(file: string): ProjectMaker {
  const project = projectOf(dirname(file));
  const by = `${project.name} ${withoutEnding(relative(project.folder, file))}`;
  const isThere = (path: string) => ['', ...ENDINGS].some((end) => isFile(join(project.folder, path + end)));
  return {
    by,
    isOurs(other) {
      const { name, path } = partsOf(other);
      return other === by || (name === project.name && !isThere(path));
    },
    isOfProject: (other) => partsOf(other).name === project.name,
  };
}

function partsOf(by: string): { readonly name?: string | undefined; readonly path: string } {
  const [, name, path = ''] = /^(\S+) (.+)$/.exec(by) ?? [];
  return { name, path };
}

const ENDINGS = ['.ts', '.js', '.mts', '.mjs'];

/** A folder of that name may have come where a playbook was: `site.ts` is now `site/site.ts`. */
function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function withoutEnding(path: string): string {
  const ending = ENDINGS.find((one) => path.endsWith(one)) ?? '';
  return path.slice(0, path.length - ending.length);
}

interface Project {
  /** Without blanks: the path of a playbook comes behind one. */
  readonly name: string;
  readonly folder: string;
}

/** A `package.json` without a name, as one that only says its type, is passed over. */
function projectOf(start: string): Project {
  const folders = upToRepository(start);
  const named = folders.map((folder) => ({ name: projectName(folder), folder }));
  const isNamed = (one: Partial<Project>): one is Project => one.name !== undefined && !/\s/.test(one.name);
  const isProject = (folder: string) => PROJECT.some((name) => existsSync(join(folder, name)));
  const folder = folders.find(isProject) ?? start;
  return named.find(isNamed) ?? { name: nameOfFolder(folder), folder };
}

const PROJECT = ['package.json', '.git'];

function upToRepository(folder: string): readonly string[] {
  const above = dirname(folder);
  const isLast = above === folder || existsSync(join(folder, '.git'));
  return isLast ? [folder] : [folder, ...upToRepository(above)];
}
