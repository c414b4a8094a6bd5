import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { RUNS } from '../../paths.ts';
import { eventOf, readRuns } from '../../report/record/read-runs.ts';
import { recordedRuns, recordOf } from '../../report/record/run-file.ts';

/**
 * Files of the runs that are recorded in a folder, by ID. For the folder of an inventory, those of it
 * are among them that lie in the folder above, where earlier releases kept the runs on all inventories.
 */
export async function recordsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const own = await recordedRuns(folder);
  const above = dirname(folder);
  const older = basename(above) === RUNS ? await recordedRuns(above) : [];
  const records = new Map(own.map((id) => [id, recordOf(folder, id)]));
  // One after another: nothing took these away, so there may be more of them than a process may open.
  for (const id of older) {
    const path = recordOf(above, id);
    if (await isAbout(basename(folder), path)) records.set(id, path);
  }
  return records;
}

/** What a run says of itself stands at the begin of its record. */
const HEAD = 64 * 1024;

async function isAbout(inventory: string, path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    const { runs } = readRuns(buffer.toString('utf8', 0, bytesRead));
    const [first = ''] = (runs[0] && eventOf(runs[0], 'start')?.inventory) ?? [];
    return basename(first) === inventory;
  } finally {
    await file.close();
  }
}
