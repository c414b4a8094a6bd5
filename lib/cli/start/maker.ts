import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { ProjectMaker, Sources } from '../../dsl/ledger/ledger.ts';
import { nameOfFolder, projectName } from '../../project-name.ts';
import { isStream } from '../../root.ts';

/**
 * Name who makes things for a playbook: its project, which is the same on every machine, and its path there. What was made
 * under a name whose playbook no longer exists in the project is ours: that was moved, or renamed. The nearest `package.json`
 * names the project, not looked for above the repository; without one its folder does, or that of the repository, or the
 * playbook's. A playbook and what it was compiled to are one.
 *
 * @example
 * makerOf('/home/ann/shop/playbooks/site.ts').by // 'shop playbooks/site'
 */
export function makerOf(file: string): ProjectMaker {
  const project = projectOf(dirname(file));
  const isThere = (path: string, endings: readonly string[]) =>
    endings.some((end) => isFile(join(project.folder, path + end)));
  const source = (path: string) => sourceOf(path, (one) => isThere(one, TYPESCRIPT));
  const own = source(withoutEnding(relative(project.folder, file)));
  const by = `${project.name} ${own}`;
  return {
    by,
    isOurs(other) {
      if (other === by) return true;
      const { name, path } = partsOf(other);
      return name === project.name && (source(path) === own || !isThere(path, ['', ...ENDINGS]));
    },
    isOfProject: (other) => partsOf(other).name === project.name,
    on: (inventory) => sourcesOf(inventory, project.folder),
  };
}

/** For an inventory without a name: a list of hosts (`-i a,b`), whatever they are, and what a program gives (`-i <(…)`). */
const UNNAMED = 'a list of hosts';

function sourcesOf(inventory: readonly string[], project: string): Sources {
  const folder = real(project);
  const names = inventory.map((given) => {
    if ((given.includes(',') && !existsSync(given)) || isStream(given)) return UNNAMED;
    const path = real(resolve(given));
    return path.startsWith(`${folder}/`) ? relative(folder, path) : path;
  });
  const isRead = (name: string) => names.some((one) => one === name || name.startsWith(`${one}/`));
  const isFound = (name: string) => name !== UNNAMED && existsSync(resolve(folder, name));
  return {
    names: [...new Set(names)].sort(),
    has: (some) => some.every(isRead),
    isThere: (some) => some.some((name) => !isRead(name) && isFound(name)),
  };
}

/** A link may lead elsewhere tomorrow (`current`). */
function real(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function partsOf(by: string): { readonly name?: string | undefined; readonly path: string } {
  const [, name, path = ''] = /^(\S+) (.+)$/.exec(by) ?? [];
  return { name, path };
}

const TYPESCRIPT = ['.ts', '.mts'];
const ENDINGS = [...TYPESCRIPT, '.js', '.mjs'];

/** The source of a compiled playbook: `dist/site` was `site`, or `src/site`, where that is there. */
function sourceOf(path: string, isTypeScript: (path: string) => boolean): string {
  const [, compiled] = /^(?:dist|build|out)\/(.+)$/.exec(path) ?? [];
  if (compiled === undefined || isTypeScript(path)) return path;
  return [compiled, `src/${compiled}`].find(isTypeScript) ?? path;
}

/** A folder of that name may have come where a playbook was: `site.ts` is now `site/site.ts`. */
function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function withoutEnding(path: string): string {
  const ending = ENDINGS.find((one) => path.endsWith(one)) ?? '';
  return path.slice(0, path.length - ending.length);
}

interface Project {
  /** Without blanks: the path of a playbook comes after one. */
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
