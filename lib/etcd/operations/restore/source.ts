import { createReadStream, existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { PlayRun } from '../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { type Cluster, hostCalled } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { readSnapshots } from '../../snapshots/read.ts';
import { DIGEST_BYTES, partsOf, type Snapshot } from '../../snapshots/snapshot.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { bringSnapshot } from '../backup/bring.ts';
import { copiesIn, descriptionOf, isSealed, plainName } from '../backup/copies.ts';
import { passingFolder } from '../backup/passing-folder.ts';
import { opening } from '../backup/seal.ts';
import { folderStore } from '../backup/stores/folder.ts';
import { isStoredFile } from '../backup/stores/place.ts';
import { contentText } from '../backup/wording.ts';
import { fileSource, type Source } from './file-source.ts';
import { storedSource } from './stored-source.ts';

/** It can only be a name of the list, or `HOST:NAME`: there is no such file here. */
export function isListed(from: string): boolean {
  return !from.includes('/') && !existsSync(from) && partsOf(listed(from).file) !== undefined;
}

function listed(from: string): { readonly host: string | undefined; readonly file: string } {
  const at = from.lastIndexOf(':');
  return { host: at < 0 ? undefined : from.slice(0, at), file: from.slice(at + 1) };
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
  return fileSource(join(folder, name), { beside: descriptionOf(path), passing: path });
}

/** A snapshot of that name, and who has it: a host, or `control`. */
interface Holder {
  readonly where: string;
  readonly known: Snapshot;
  source(): Promise<Source>;
}

/** Throws 1 where nobody has it, 3 where several have different ones of that name. */
async function listedSource(from: string, cluster: Cluster, hosts: readonly EtcdHost[]): Promise<Source> {
  const { host, file } = listed(from);
  const isMeant = ({ where }: Holder) =>
    host === undefined || [host, hostCalled(host, cluster.members)].includes(where);
  const holders = (await holdersOf(file, cluster, hosts)).filter(isMeant);
  const [first] = holders;
  if (first === undefined) {
    throw new QuorateError(`${cluster.name}: ${host ?? 'no host'} has no verified snapshot ${file}`, {
      exitCode: EXIT.usage,
      hint: 'list them with backup --list, or name a file of this machine',
    });
  }
  if (holders.every(({ known }) => known.sha256 === first.known.sha256)) return first.source();
  const said = holders.map(
    ({ where, known }) => `  ${where}:${file}: SHA-256 ${known.sha256.slice(0, 8)}, ${contentText(known)}`,
  );
  throw refusal(
    cluster,
    [`there is more than one snapshot ${file}; nothing was changed`, ...said].join('\n'),
    `say which: --from ${first.where}:${file}`,
  );
}

async function holdersOf(
  file: string,
  { name, controlDir }: Cluster,
  hosts: readonly EtcdHost[],
): Promise<readonly Holder[]> {
  const folder = join(controlDir, 'backups');
  const here = (await copiesIn(folderStore(folder), name)).verified.find(({ stored }) => stored === file);
  const found = await Promise.all(
    hosts.map(async (host) => {
      const known = (await readSnapshots(host)).verified.find((one) => one.file === file);
      if (known === undefined) return [];
      // A copy that has the name here stays what it is.
      return [onHost(host, known, async () => (here ? (await passingFolder(controlDir)).path : folder))];
    }),
  );
  const onControl = async () => ({ ...(await fileSource(join(folder, file))), name: `control:${file}` });
  return [...(here ? [{ where: 'control', known: here, source: onControl }] : []), ...found.flat()];
}

function onHost(host: EtcdHost, known: Snapshot, folderFor: () => Promise<string>): Holder {
  const where = host.target.name;
  const bring = async () => {
    const folder = await folderFor();
    await bringSnapshot(host, known, folderStore(folder));
    return join(folder, known.file);
  };
  let brought: Promise<string> | undefined;
  const source: Source = {
    ...{ sha256: known.sha256, bytes: known.size + DIGEST_BYTES, known, name: `${where}:${known.file}` },
    path: () => (brought ??= bring()),
  };
  return { where, known, source: async () => source };
}
