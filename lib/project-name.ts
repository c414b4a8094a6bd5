import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * The name of the project in a folder, the same on every machine: that of its `package.json`, or, for one that was
 * renamed, the `project` that it has in `quorate` there. Undefined where there is none.
 */
export function projectName(folder = process.cwd()): string | undefined {
  try {
    const { name, quorate } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name?: unknown;
      quorate?: { project?: unknown };
    };
    return [quorate?.project, name].find((one) => typeof one === 'string' && one !== '') as
      | string
      | undefined;
  } catch {
    return undefined;
  }
}

/**
 * The name of a project that says none, by its folder, as `package.json` may have it.
 *
 * @example
 * nameOfFolder('/home/ann/Our Shop') // 'our-shop'
 */
export function nameOfFolder(folder: string): string {
  const name = basename(folder).toLowerCase();
  return name.replace(/[^\w.-]/g, '-') || '-';
}
