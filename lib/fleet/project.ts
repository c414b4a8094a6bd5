import { isAbsolute, relative } from 'node:path';
import type { Options } from '../cli/flags/options.ts';
import { projectName } from '../project-name.ts';
import { usage } from './flags.ts';

/** The name of a folder without a package.json that has one. */
const NAMELESS = 'default';

/**
 * Whose runs, jobs, schedules and workers belong together on one Redis: `--fleet`, `QUORATE_FLEET`, or the name of the
 * project. Throws exit code 1 for what is not a name.
 */
export function fleetName({ own }: Pick<Options, 'own'>, folder = process.cwd()): string {
  const given = (typeof own.fleet === 'string' ? own.fleet : undefined) ?? process.env.QUORATE_FLEET ?? '';
  const name = given === '' ? (projectName(folder) ?? NAMELESS) : given;
  if (/^[\w.@/-]{1,200}$/.test(name)) return name;
  throw usage(
    `${JSON.stringify(name)} is not a name for a fleet`,
    '--fleet web, of letters, digits and . _ - @ /',
  );
}

/** A file by its path from the project's folder; throws exit code 1 for one outside: on another machine it would be elsewhere. */
export function pathInProject(named: string, file: string, project: string): string {
  const path = relative(project, file);
  if (!path.startsWith('..') && !isAbsolute(path)) return path;
  throw usage(
    `${named} lies outside of this folder`,
    'a fleet begins in the folder that every worker has a copy of',
  );
}
