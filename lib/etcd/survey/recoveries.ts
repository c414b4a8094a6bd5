import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder, writeWhole } from '../../pki/index.ts';
import type { Cluster } from '../model/cluster.ts';

/** Notes on control that a run has ended a recovery or a restore: what one host says of that, no other has to believe. */
export async function noteRecovery({ controlDir }: Pick<Cluster, 'controlDir'>, run: string): Promise<void> {
  await privateFolder(controlDir);
  await writeWhole(recordIn(controlDir), `${run}\n`, { mode: 0o600 });
}

/** The run that ended the last one from this machine; undefined without one. */
export function notedRecovery({ controlDir }: Pick<Cluster, 'controlDir'>): string | undefined {
  try {
    return readFileSync(recordIn(controlDir), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function recordIn(controlDir: string): string {
  return join(controlDir, 'recovered');
}
