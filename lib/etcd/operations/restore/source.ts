import { createHash } from 'node:crypto';
import { createReadStream, existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import { readSnapshots } from '../../snapshots/read.ts';
import { DIGEST_BYTES, parseSnapshot, partsOf, type Snapshot } from '../../snapshots/snapshot.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { bringSnapshot } from '../backup/bring.ts';
import { copiesIn, descriptionOf, isSealed, plainName } from '../backup/copies.ts';
import { opening } from '../backup/seal.ts';
import { folderStore } from '../backup/stores/folder.ts';

/** The snapshot that is to be restored. */
export interface Source {
  /** Of the whole file, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** What was written down when it was taken; undefined for a file without that. */
  readonly known: Snapshot | undefined;
  /** As the user named it. */
  readonly name: string;
  /** The file on this machine; brought from its host, where it lies on one. */
  path(): Promise<string>;
}

/** It can only be a name of the list: there is no such file here. */
export function isListed(from: string): boolean {
  return !from.includes('/') && !existsSync(from) && partsOf(from) !== undefined;
}

/**
 * Finds what `--from` names; what is encrypted is opened with `identity`, a file. Throws 5 for a file without the digest
 * that etcd puts at its end, or with a wrong one.
 */
export async function findSource(
  from: string,
  cluster: Cluster,
  hosts: readonly EtcdHost[],
  identity?: string,
): Promise<Source> {
  if (isListed(from)) return listedSource(from, cluster, hosts);
  if (isSealed(from) && identity !== undefined) return sealedSource(resolve(from), cluster, identity);
  return fileSource(resolve(from));
}

/** Opened beside the cluster's other files of this machine, for as long as this process lives. */
async function sealedSource(path: string, { controlDir }: Cluster, identity: string): Promise<Source> {
  const open = await opening(identity);
  await mkdir(controlDir, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(controlDir, 'opened-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const name = plainName(basename(path));
  await folderStore(folder).write(name, open(createReadStream(path)));
  return { ...(await fileSource(join(folder, name), descriptionOf(path))), name: path };
}

async function listedSource(from: string, cluster: Cluster, hosts: readonly EtcdHost[]): Promise<Source> {
  const folder = join(cluster.controlDir, 'backups');
  const [copy] = (await copiesIn(folderStore(folder), cluster.name)).filter(({ file }) => file === from);
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

async function fileSource(path: string, beside = descriptionOf(path)): Promise<Source> {
  const { size } = await stat(path);
  const { whole, data } = await digestsOf(path, size);
  const end = await endOf(path, size);
  if (size % 512 !== DIGEST_BYTES || data !== end) {
    throw new QuorateError(`${path} is no whole snapshot: the digest at its end is not that of its data`, {
      exitCode: EXIT.untrusted,
      hint: 'take another one; a db file copied from a data directory is none',
    });
  }
  const known = await knownOf(path, beside);
  return {
    sha256: whole,
    bytes: size,
    known: known?.sha256 === whole ? known : undefined,
    name: path,
    path: async () => path,
  };
}

async function knownOf(path: string, beside: string): Promise<Snapshot | undefined> {
  try {
    return parseSnapshot(basename(path), await readFile(beside, 'utf8'), Date.now());
  } catch {
    return undefined;
  }
}

/** Of the whole file, and of all but the digest at its end. */
async function digestsOf(path: string, size: number): Promise<{ whole: string; data: string }> {
  const [whole, data] = [createHash('sha256'), createHash('sha256')];
  let at = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    whole.update(chunk);
    data.update(chunk.subarray(0, Math.max(0, size - DIGEST_BYTES - at)));
    at += chunk.length;
  }
  return { whole: whole.digest('hex'), data: data.digest('hex') };
}

async function endOf(path: string, size: number): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of createReadStream(path, {
    start: Math.max(0, size - DIGEST_BYTES),
  }) as AsyncIterable<Buffer>)
    parts.push(chunk);
  return Buffer.concat(parts).toString('hex');
}
