import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { privateFolder, readIfAny, writeWhole } from '../../pki/index.ts';
import type { Cluster } from '../model/cluster.ts';

/**
 * The token of a bootstrap that is under way, kept on control from before any host is touched until there is
 * quorum. While it is there, and no member was ever part of a quorum, members without data may be started as
 * new ones.
 */
export async function savedToken(cluster: Cluster): Promise<string | undefined> {
  return (await readIfAny(tokenFile(cluster)))?.trim() || undefined;
}

export function newToken(cluster: Cluster): string {
  return `${cluster.name}-${randomBytes(8).toString('hex')}`;
}

export async function saveToken(cluster: Cluster, token: string): Promise<void> {
  await privateFolder(cluster.controlDir);
  await writeWhole(tokenFile(cluster), `${token}\n`, { mode: 0o600 });
}

/** There is quorum: a member that loses its data from here on must never be taken for a new one. */
export async function forgetToken(cluster: Cluster): Promise<void> {
  await rm(tokenFile(cluster), { force: true });
}

function tokenFile(cluster: Cluster): string {
  return join(cluster.controlDir, 'bootstrap-token');
}
