import { join } from 'node:path';
import type { PlayRun } from '../../../dsl/play.ts';
import type { Store } from '../../../dsl/source/store.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { Cluster } from '../../model/cluster.ts';
import { copiesIn, fetched, isSealed } from './copies.ts';
import type { Copies } from './drill/index.ts';
import { opening } from './seal.ts';
import { isFolder, openStore } from './stores/place.ts';

/** Opens a place for `work`, and closes it however that ends. */
export async function inStore<T>(
  run: Pick<PlayRun, 'openSftp'>,
  to: string,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStore(run, to);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What may be tried of a place of copies; undefined without a place. */
export async function copiesToTry(
  run: Pick<PlayRun, 'openSftp'>,
  { name, controlDir }: Cluster,
  { to, identity }: { readonly to: string | undefined; readonly identity: string | undefined },
): Promise<Copies | undefined> {
  if (to === undefined) return undefined;
  const open = identity === undefined ? undefined : await opening(identity);
  const { verified, unverified } = await inStore(run, to, (store) => copiesIn(store, name));
  const storedAs = (file: string) => verified.find((one) => one.file === file)?.stored ?? file;
  return {
    where: to,
    all: verified,
    unverified,
    async use({ file }, work) {
      const stored = storedAs(file);
      if (isFolder(to) && !isSealed(stored)) return work(join(to, stored));
      return inStore(run, to, (store) => fetched(store, stored, { beside: controlDir, open }, work));
    },
    refuseClosed({ file }) {
      const stored = storedAs(file);
      if (!isSealed(stored) || open !== undefined) return;
      throw new QuorateError(`${name}: ${stored} in ${to} is encrypted`, {
        exitCode: EXIT.usage,
        hint: 'name the file of the private key: --identity FILE',
      });
    },
  };
}
