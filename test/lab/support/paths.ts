import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the checkout. */
export const CHECKOUT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Where `npm run lab` keeps the keys that `inventory/lab.yaml` names; ignored by git. */
export const CLI_STATE = join(CHECKOUT, 'test/lab/.state');

/** What is built once and kept: root file systems and etcd releases. `QUORATE_LAB_CACHE` moves it. */
export function cacheDir(): string {
  return process.env.QUORATE_LAB_CACHE ?? '/var/cache/quorate-lab';
}

/** The folders of running labs: everything below is removed when a lab goes down. */
export function labsDir(): string {
  return join(cacheDir(), 'labs');
}

/** A short name for the content `parts` describe: another content, another cache entry. */
export function contentKey(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}
