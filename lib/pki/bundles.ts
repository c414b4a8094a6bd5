import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfAny } from './files.ts';
import { readPair } from './pairs.ts';

/** A client's certificate and what it is told to trust, as they lie on control. */
export interface ClientBundle {
  readonly name: string;
  readonly folder: string;
  readonly certPem: string;
  readonly caPem: string | undefined;
}

/** Where the bundle of a client is kept: `ca.pem`, `NAME.pem`, `NAME-key.pem`. */
export function bundleDir(dir: string, name: string): string {
  return join(dir, 'clients', name);
}

/** The bundles of a folder, by name; without those that are not whole. */
export async function readBundles(dir: string): Promise<readonly ClientBundle[]> {
  const names = await readdir(join(dir, 'clients')).catch(() => []);
  const found = await Promise.all(
    names.sort().map(async (name) => {
      const folder = bundleDir(dir, name);
      const [pair, caPem] = await Promise.all([readPair(folder, name), readIfAny(join(folder, 'ca.pem'))]);
      return pair && { name, folder, certPem: pair.certPem, caPem };
    }),
  );
  return found.flatMap((one) => one ?? []);
}
