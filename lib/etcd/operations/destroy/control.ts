import { lstat, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { namesIfAny } from '../../../files.ts';
import { RUNS } from '../../../paths.ts';
import { writeWhole } from '../../../pki/index.ts';
import type { Cluster } from '../../model/cluster.ts';

/** What Quorate makes in a cluster's folder on control, and what says that it is being taken away. */
const DESTROYING = 'destroying';
const OURS = ['pki', 'cache', 'bootstrap-token', 'recovered', DESTROYING];

/**
 * Notes in the cluster's folder on control that its hosts are being emptied: a run that goes on after a kill finds
 * nothing on them any more. Without such a note hosts without records say nothing about whose folder this is.
 */
export async function beginDestroying({ controlDir }: Cluster): Promise<void> {
  if (await namesIfAny(controlDir)) await writeWhole(join(controlDir, DESTROYING), '', { mode: 0o600 });
}

/** Such a note is there. */
export async function isDestroying({ controlDir }: Cluster): Promise<boolean> {
  return (await namesIfAny(controlDir))?.includes(DESTROYING) ?? false;
}

/**
 * Deletes what is ours in the folder, and the folder when nothing else is in it. After the last cluster beside these
 * inventories go the records of runs on them, and no others'.
 */
export async function purgeControl({ controlDir }: Cluster, inventories: readonly string[]): Promise<void> {
  for (const name of OURS) await rm(join(controlDir, name), { recursive: true, force: true });
  await rmdir(controlDir).catch(() => {});
  const all = dirname(controlDir);
  const left = (await namesIfAny(all)) ?? [];
  if (left.every((name) => name === RUNS)) await purgeRuns(join(all, RUNS), inventories);
  await rmdir(all).catch(() => {});
}

/** Each inventory has a folder of its own; what lies beside them is of an inventory that is a folder, or of all. */
async function purgeRuns(runs: string, inventories: readonly string[]): Promise<void> {
  for (const name of inventories) await rm(join(runs, name), { recursive: true, force: true });
  const left = ((await namesIfAny(runs)) ?? []).map((name) => lstat(join(runs, name)));
  if ((await Promise.all(left)).some((one) => one.isDirectory())) return;
  await rm(runs, { recursive: true, force: true });
}

/** Renames the folder; resolves to its new name, undefined when there was none. */
export async function keepControl({ controlDir }: Cluster, now = new Date()): Promise<string | undefined> {
  if (!(await namesIfAny(controlDir))) return undefined;
  const kept = `${controlDir}.destroyed-${now.toISOString().replace(/[-:]|\.\d+/g, '')}`;
  await rm(join(controlDir, DESTROYING), { force: true });
  await rename(controlDir, kept);
  return kept;
}
