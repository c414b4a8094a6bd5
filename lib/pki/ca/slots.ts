import { join } from 'node:path';
import { namesIfAny } from '../../files.ts';
import { bundleDir } from '../bundles.ts';
import type { PkiConfig } from '../config.ts';
import { readStoredKey } from '../pairs.ts';
import { type MemberCertificate, type Wanted, wantedBundle, wantedClient, wantedMember } from '../wanted.ts';

/** What of a cluster a CA elsewhere is to sign for. */
export interface Signees {
  readonly members: readonly MemberCertificate[];
  /** Names of bundles. */
  readonly clients: readonly string[];
  /** The pair of the playbooks, too. */
  readonly own: boolean;
}

/** Named as its request is. */
export type Slot = readonly [name: string, wanted: Wanted];

/** The pairs that a CA elsewhere is to sign for. */
export function slotsOf(dir: string, config: PkiConfig, { members, clients, own }: Signees): readonly Slot[] {
  return [
    ...members.map((one): Slot => [`${one.name}-${one.kind}`, wantedMember(dir, config, one)]),
    ...(own ? [['client', wantedClient(dir)] as Slot] : []),
    ...clients.map((name): Slot => [`client-${name}`, wantedBundle(dir, name, {})]),
  ];
}

/** Names of clients that have a key at least: a certificate may be yet to come. */
export async function clientsOf(dir: string): Promise<readonly string[]> {
  const names = (await namesIfAny(join(dir, 'clients'))) ?? [];
  const keys = await Promise.all(names.map((name) => readStoredKey(bundleDir(dir, name), name)));
  return names.filter((_, i) => keys[i] !== undefined);
}
