import type { PkiOptions } from './config.ts';
import { keyTypeName } from './keys.ts';
import type { Pki } from './pki.ts';

/**
 * Opens the folder of a cluster's certificates; nothing is written before one is asked for. Bad cfssl files
 * fail with 1. What issues is loaded here: a run that changes nothing does without.
 */
export async function openPki(options: PkiOptions): Promise<Pki> {
  return (await import('./pki.ts')).openFolder(options);
}

/** What is there for a CA whose key is elsewhere: requests go out, certificates come in. */
export function openExternal(): Promise<typeof import('./ca/external.ts')> {
  return import('./ca/external.ts');
}

/** What `cfssl certinfo -cert FILE` prints of the first certificate of a text; throws where there is none. */
export async function certificateInfo(pem: string): Promise<string> {
  return (await import('./cfssl/certinfo.ts')).certificateInfo(pem);
}

/** What decides whether a member's certificate is as it should be, besides what the inventory says of it. */
export interface LeafRules {
  /** The hosts in the folder's `server-csr.json` that are not a member's: every member's certificates carry them. */
  readonly furtherHosts: readonly string[];
  /** How long before its end one of either kind is due, in milliseconds. */
  readonly renewBefore: Readonly<Record<'server' | 'peer', number>>;
  /** Kind of keys to come, as `ecdsa-256`. */
  readonly keyType: string;
}

/** The rules for members' certificates by the options and the folder's cfssl files; bad files fail with 1. */
export async function readRules(options: PkiOptions): Promise<LeafRules> {
  const { further, leaf } = (await import('./cfssl/cfssl.ts')).readConfig(options);
  const { server, peer } = leaf.profiles;
  return {
    furtherHosts: further,
    renewBefore: { server: server.renewBefore, peer: peer.renewBefore },
    keyType: keyTypeName(leaf.key),
  };
}
