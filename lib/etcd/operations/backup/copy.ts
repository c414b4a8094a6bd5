import { resolve } from 'node:path';
import type { PlayRun } from '../../../dsl/play.ts';
import type { Store } from '../../../dsl/source/store.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { Snapshot } from '../../snapshots/index.ts';
import { type Keep, thinned } from '../../snapshots/thin.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { bringSnapshot } from './bring.ts';
import { copiesIn, removeCopies } from './copies.ts';
import type { Stage } from './seal.ts';
import { isFolder } from './stores/place.ts';

interface Place {
  readonly store: Store;
  /** As the user named it. */
  readonly to: string;
  readonly seal: Stage | undefined;
  readonly keep: Keep | undefined;
}

/**
 * Brings a snapshot to a place, looks whether it is there, and thins what is there of the same cluster: names are not
 * enough, since two inventories may have one. Throws 2, and removes nothing, where it is not there whole.
 */
export async function copyTo(
  run: Pick<PlayRun, 'conclude' | 'log'>,
  host: EtcdHost,
  taken: Snapshot,
  { store, to, seal, keep }: Place,
): Promise<void> {
  const { cluster, clusterId } = taken;
  const stored = await bringSnapshot(host, taken, store, seal);
  const { verified } = await copiesIn(store, cluster);
  if (!verified.some((copy) => copy.stored === stored && copy.sha256 === taken.sha256)) {
    throw new QuorateError(
      `${cluster}: ${to} took ${stored} in, and does not have it whole under that name: nothing was removed there`,
      { exitCode: EXIT.failed, hint: 'see what --list tells of it, and whether another program works there' },
    );
  }
  run.conclude(`${cluster}: copied to ${isFolder(to) ? resolve(to, stored) : `${to}/${stored}`}`);
  const ours = verified.filter((copy) => copy.clusterId === clusterId);
  const others = verified.length - ours.length;
  if (others > 0)
    run.log(
      'warning',
      `${cluster}: ${others} of the copies in ${to} are of a cluster with another ID, one of the same name or this one before a restore: they are not thinned`,
    );
  const going = thinned([...new Set(ours.map(({ file }) => file))], keep, { taken: [taken.file] });
  const names = ours.filter(({ file }) => going.includes(file)).map((copy) => copy.stored);
  await removeCopies(store, cluster, names);
}
