import type { Snapshot } from '../../snapshots/index.ts';
import { byAge } from '../../snapshots/snapshot.ts';
import type { Copy } from './copies.ts';
import { contentText } from './wording.ts';

interface Place {
  readonly where: string;
  /** In a store a copy may have another name. */
  readonly verified: readonly (Snapshot & Partial<Pick<Copy, 'stored'>>)[];
  readonly unverified: readonly string[];
}

/** A line for each snapshot, the newest of all first; what was never verified comes last. */
export function listLines(places: readonly Place[]): readonly string[] {
  const all = places.flatMap(({ where, verified }) =>
    verified.map((snapshot) => ({ where, snapshot, file: snapshot.stored ?? snapshot.file })),
  );
  return [
    ...all
      .sort((a, b) => byAge(a.snapshot, b.snapshot))
      .map(({ where, snapshot, file }) => `${where}/${file}: ${contentText(snapshot)}`),
    ...places.flatMap(({ where, unverified }) =>
      unverified.map((file) => `${where}/${file}: not verified; it counts as none, and is never removed`),
    ),
  ];
}
