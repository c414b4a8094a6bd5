import { join } from 'node:path';
import { commandLine } from '../../../command-line.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import { DIGEST_BYTES } from '../../snapshots/snapshot.ts';
import { copyCalled, isSealed, plainName } from '../backup/copies.ts';
import { clearPassed, passingFolder } from '../backup/passing-folder.ts';
import { inStore } from '../backup/places.ts';
import { opening } from '../backup/seal.ts';
import { folderStore } from '../backup/stores/folder.ts';
import { splitFile } from '../backup/stores/place.ts';
import { sizeText } from '../backup/wording.ts';
import { fileSource, type Source } from './file-source.ts';

/**
 * A copy behind a protocol: `sftp://backup@vault/srv/etcd/FILE`, `s3://bucket/prefix/FILE`. It is fetched when the first
 * host is to have it, into a private folder of this machine, and has the digest of its description then, else 5. One that
 * nothing describes is fetched at once, also in a check: nobody knows what it is.
 */
export async function storedSource(
  run: Pick<PlayRun, 'openSftp' | 'log'>,
  from: string,
  { name, controlDir }: Pick<Cluster, 'name' | 'controlDir'>,
  identity: string | undefined,
): Promise<Source> {
  const { place, file } = splitFile(from);
  // A rerun may have nothing to fetch any more.
  await clearPassed(controlDir);
  const open = isSealed(file) && identity !== undefined ? await opening(identity) : undefined;
  const { size, described } = await inStore(run, place, async (store) => {
    const found = await copyCalled(store, file);
    if (found === undefined) throw absent(name, from, place);
    if (found.described?.whole === false) throw cutShort(from, found.size);
    // Whether these keys open it is told before anything is done.
    if (open) for await (const _ of open(store.read(file))) break;
    return found;
  });
  const fetching = new Fetching(async () => {
    const { path: folder, remove } = await passingFolder(controlDir);
    try {
      await inStore(run, place, (store) => {
        const bytes = store.read(file);
        return folderStore(folder).write(plainName(file), open ? open(bytes) : bytes);
      });
      const path = join(folder, plainName(file));
      const wanted = described?.copy.sha256;
      const options = { passing: from, ...(wanted !== undefined && { wanted }) };
      return { ...(await fileSource(path, options)), remove };
    } catch (error) {
      remove();
      throw error;
    }
  });
  const common = { name: from, path: () => fetching.path(), release: () => fetching.release() };
  if (described) {
    const where = `it goes through ${controlDir} of this machine, 0600, and is removed there once the hosts have it`;
    run.log(
      'info',
      `${name}: ${from} (${sizeText(size)}) is fetched when the first host is to have it: ${where}`,
    );
    const { copy: known } = described;
    return { ...common, sha256: known.sha256, bytes: known.size + DIGEST_BYTES, known };
  }
  run.log(
    'warning',
    `${name}: ${from} (${sizeText(size)}) has no description beside it, and is fetched to be looked at`,
  );
  const { sha256, bytes } = await fetching.source();
  return { ...common, sha256, bytes, known: undefined };
}

type Fetched = Source & { readonly remove: () => void };

/** Fetches once for all hosts, and again where it was let go. */
class Fetching {
  readonly #fetch: () => Promise<Fetched>;
  #fetched: Promise<Fetched> | undefined;

  constructor(fetch: () => Promise<Fetched>) {
    this.#fetch = fetch;
  }

  source(): Promise<Fetched> {
    this.#fetched ??= this.#fetch();
    return this.#fetched;
  }

  async path(): Promise<string> {
    return (await this.source()).path();
  }

  release(): void {
    this.#fetched?.then(({ remove }) => remove()).catch(() => {});
    this.#fetched = undefined;
  }
}

function absent(cluster: string, from: string, place: string): QuorateError {
  return new QuorateError(`${cluster}: there is no ${from}`, {
    exitCode: EXIT.usage,
    hint: `${commandLine('backup')} --list --to ${place.replace(/(.)\/$/, '$1')} shows what is there`,
  });
}

function cutShort(from: string, size: number): QuorateError {
  return new QuorateError(`${from} has ${size} bytes, and is not the file that its description tells of`, {
    exitCode: EXIT.untrusted,
    hint: 'it came there cut short, or was changed: restore another copy',
  });
}
