import { createReadStream, existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { PlayRun } from '../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import { readSnapshots } from '../../snapshots/read.ts';
import { DIGEST_BYTES, partsOf } from '../../snapshots/snapshot.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { bringSnapshot } from '../backup/bring.ts';
import { copiesIn, descriptionOf, isSealed, plainName } from '../backup/copies.ts';
import { passingFolder } from '../backup/passing-folder.ts';
import { opening } from '../backup/seal.ts';
import { folderStore } from '../backup/stores/folder.ts';
import { isStoredFile } from '../backup/stores/place.ts';
import { fileSource, type Source } from './file-source.ts';
import { storedSource } from './stored-source.ts';

/** It can only be a name of the list: there is no such file here. */
export function isListed(from: string): boolean {
  return !from.includes('/') && !existsSync(from) && partsOf(from) !== undefined;
}

/**
 * Finds what `--from` names; what is encrypted is opened with `identity`, a file. Throws 5 for a file without the digest
 * that etcd puts at its end, or with a wrong one.
 */
export async function findSource(
  run: Pick<PlayRun, 'openSftp' | 'log'>,
  from: string,
  cluster: Cluster,
  hosts: readonly EtcdHost[],
  identity?: string,
): Promise<Source> {
  if (isStoredFile(from)) return storedSource(run, from, cluster, identity);
  if (isListed(from)) return listedSource(from, cluster, hosts);
  if (isSealed(from) && identity !== undefined) return sealedSource(resolve(from), cluster, identity);
  return fileSource(resolve(from));
}

/** Opened beside the cluster's other files of this machine, for as long as this process lives. */
async function sealedSource(path: string, { controlDir }: Cluster, identity: string): Promise<Source> {
  const open = await opening(identity);
  const { path: folder } = await passingFolder(controlDir);
  const name = plainName(basename(path));
  await folderStore(folder).write(name, open(createReadStream(path)));
  return { ...(await fileSource(join(folder, name), { beside: descriptionOf(path) })), name: path };
}

async function listedSource(from: string, cluster: Cluster, hosts: readonly EtcdHost[]): Promise<Source> {
  const folder = join(cluster.controlDir, 'backups');
  const { verified } = await copiesIn(folderStore(folder), cluster.name);
  const copy = verified.find(({ stored }) => stored === from);
  if (copy) return { ...(await fileSource(join(folder, from))), name: from };
  for (const host of hosts) {
    const known = (await readSnapshots(host)).verified.find(({ file }) => file === from);
    if (known === undefined) continue;
    return {
      sha256: known.sha256,
      bytes: known.size + DIGEST_BYTES,
      known,
      name: from,
      async path() {
        await bringSnapshot(host, known, folderStore(folder));
        return join(folder, from);
      },
    };
  }
  throw new QuorateError(`${cluster.name}: no host has a verified snapshot ${from}`, {
    exitCode: EXIT.usage,
    hint: 'list them with backup --list, or name a file of this machine',
  });
}
