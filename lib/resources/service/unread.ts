import { Slot } from '../../dsl/world/things.ts';
import type { World } from '../../dsl/world/world.ts';

/** When systemd is told to read its units again: the moment of the world. */
const RELOADED = new Slot<{ readonly at: number }>({ at: 0 });

/** Say in the world that systemd has read all units again once this task is carried out. */
export function foreseeReload(world: World): void {
  world.slot(RELOADED, 'systemd').willBe({ at: world.moment });
}

/** By then systemd has another definition of the unit in force than the one on disk; `stale`: it has so now. */
export function willBeStale(unit: string, stale: boolean, world: World): boolean {
  if (world.isProof) return stale;
  const { state } = world.slot(RELOADED, 'systemd');
  if (stale && !state) return true;
  return definitionsOf(unit).some((path) => world.willTouch(path, state?.at));
}

/** What systemd says of a unit may be of a definition that will no longer be in force when the unit is started. */
export function mayBeReplaced(unit: string, stale: boolean, world: World): boolean {
  if (stale || world.isProof) return stale;
  return world.isOpaque || world.bringsMore || definitionsOf(unit).some((path) => world.willTouch(path));
}

/** Paths that may define a unit: its file, that of its template, and folders of drop-ins (systemd.unit(5)). */
function definitionsOf(unit: string): readonly string[] {
  const [, stem = unit, ending = 'service'] = /^(.+)\.(\w+)$/.exec(unit) ?? [];
  const template = stem.replace(/@.*$/, '@');
  const prefixes = [...stem.matchAll(/-/g)].map(({ index }) => stem.slice(0, index + 1));
  const dropIns = [`${ending}.d`, ...[stem, template, ...prefixes].map((one) => `${one}.${ending}.d`)];
  const names = [unit, `${template}.${ending}`, ...dropIns];
  return FOLDERS.flatMap((folder) => names.map((name) => `${folder}/systemd/system/${name}`));
}

const FOLDERS = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'];
