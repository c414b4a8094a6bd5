import type { KeptSnapshots } from '../../snapshots/index.ts';
import { contentText } from './words.ts';

type Place = Pick<KeptSnapshots, 'verified' | 'unverified'> & { readonly where: string };

/** A line for each snapshot, the newest of all first; what was never verified comes last. */
export function listLines(places: readonly Place[]): readonly string[] {
  const all = places.flatMap(({ where, verified }) => verified.map((snapshot) => ({ where, snapshot })));
  return [
    ...all
      .sort((a, b) => a.snapshot.age - b.snapshot.age)
      .map(({ where, snapshot }) => `${where}/${snapshot.file}: ${contentText(snapshot)}`),
    ...places.flatMap(({ where, unverified }) =>
      unverified.map((file) => `${where}/${file}: not verified; it counts as none, and is never removed`),
    ),
  ];
}
