import type { PkiOptions } from './config.ts';
import type { Pki } from './pki.ts';

/**
 * Opens the folder of a cluster's certificates; nothing is written before one is asked for. Bad cfssl files
 * fail with 1. What issues is loaded here: a run that changes nothing does without.
 */
export async function openPki(options: PkiOptions): Promise<Pki> {
  return (await import('./pki.ts')).openFolder(options);
}

/** The hosts in the folder's `server-csr.json` that are no member's: every member's certificates carry them. */
export async function furtherHosts(
  options: Pick<PkiOptions, 'dir' | 'addresses'>,
): Promise<readonly string[]> {
  return (await import('./cfssl.ts')).furtherHosts(options);
}
