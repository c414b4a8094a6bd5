import { distance } from 'fastest-levenshtein';
import { meant, placeOf, type Scene } from './scene.ts';

/** The first word that means nobody, and whom it is likely to mean; undefined where there is none. */
export function misspelt(scene: Scene): { readonly word: string; readonly near: string } | undefined {
  const { words, places, listed } = scene;
  const known = [
    ...places.flatMap(({ host, name }) => [host, name]),
    ...listed.map(({ name, id }) => name || id),
  ];
  for (const word of [...words.remove, ...words.replace]) {
    if (meant(word, scene) || placeOf(word, places)) continue;
    const near = known.find((name) => isSlip(word, name));
    if (near !== undefined) return { word, near };
  }
  return undefined;
}

/**
 * Another way to write the same name: letter case, dashes, zeros in front, the name without its domain, a letter too many
 * or too few, two that changed places. `etcd04` is not a slip for `etcd03`, nor `node-b` for `node-a`: it may have left.
 */
function isSlip(word: string, name: string): boolean {
  const [one, other] = [plain(word), plain(name)];
  if (one === other || plain(name.split('.')[0] ?? '') === one || plain(word.split('.')[0] ?? '') === other)
    return true;
  if (digits(one) !== digits(other) || Math.min(one.length, other.length) < 4) return false;
  if (one.length !== other.length) return distance(one, other) === 1;
  return distance(one, other) === 2 && [...one].sort().join() === [...other].sort().join();
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9.]/g, '')
    .replace(/(?<!\d)0+(?=\d)/g, '');
}

function digits(name: string): string {
  return (name.match(/\d+/g) ?? []).join();
}
