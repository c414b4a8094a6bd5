import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../../errors.ts';
import { privateFolder, writeWhole } from '../../files.ts';
import { readConfig } from '../cfssl/cfssl.ts';
import type { LeafKind, PkiConfig, PkiOptions } from '../config.ts';
import { signRequest } from '../engine.ts';
import { keyPem, newKey } from '../keys.ts';
import { readStoredKey } from '../pairs.ts';
import { leafPlan, requireNames, storedPair, type Wanted } from '../wanted.ts';
import { writeIgnore } from './authority.ts';
import { readCa } from './ca.ts';
import { type Signees, type Slot, slotsOf } from './slots.ts';

export { examineArrivals, takeInArrivals } from './arrivals.ts';
export { clientsOf } from './slots.ts';

/** What a CA is asked to sign. */
export interface SigningRequest {
  /** `etcd01-server`: of its file, without ending. */
  readonly name: string;
  readonly kind: LeafKind;
  readonly sans: readonly string[];
  readonly pem: string;
}

/** A request does not say for how long: the last moment that a date can be. */
const NO_END = new Date(8_640_000_000_000_000);

/**
 * Makes requests for the pairs that are due, or for all of them `again`, for a CA whose key is not here. A key that is there stays; one that is
 * made lies in the folder of the PKI from then on, and never leaves it.
 */
export async function makeRequests(
  options: PkiOptions,
  signees: Signees,
  { again }: { readonly again: boolean },
): Promise<readonly SigningRequest[]> {
  const config = readConfig(options);
  const caPem = (await readCa(options.dir)) ?? options.trusted;
  const due = again ? slotsOf(options.dir, config, signees) : await slotsDue(options, signees, caPem);
  if (due.length > 0) await writeIgnore(options.dir, false);
  return Promise.all(
    due.map(async ([name, wanted]) => {
      requireNames(wanted);
      const { kind, sans } = wanted;
      const key = await keyFor(wanted, config);
      const plan = leafPlan(config.leaf.profiles[kind], NO_END, wanted);
      return { name, kind, sans, pem: await signRequest(plan, key) };
    }),
  );
}

/** What of these has no certificate of a CA here that is fine, each named as its request is. */
export async function namesDue(
  options: PkiOptions,
  signees: Signees,
  caPem: string,
): Promise<readonly string[]> {
  return (await slotsDue(options, signees, caPem)).map(([name]) => name);
}

async function slotsDue(
  options: PkiOptions,
  signees: Signees,
  caPem: string | undefined,
): Promise<readonly Slot[]> {
  const config = readConfig(options);
  const due = slotsOf(options.dir, config, signees).map(async (slot) => {
    const isFine = caPem !== undefined && (await storedPair(slot[1], config, caPem)) !== undefined;
    return isFine ? [] : [slot];
  });
  return (await Promise.all(due)).flat();
}

/** Durable before anybody is asked to sign for it. */
async function keyFor({ folder, base }: Wanted, { leaf }: PkiConfig): Promise<KeyObject> {
  const there = await readStoredKey(folder, base);
  if (there) return there;
  const path = join(folder, `${base}-key.pem`);
  await privateFolder(folder);
  await writeWhole(path, keyPem(await newKey(leaf.key)).reveal(), { mode: 0o600, exclusive: true });
  const key = await readStoredKey(folder, base);
  if (key) return key;
  throw new QuorateError(`${path} is not a private key that can be read`, {
    exitCode: EXIT.refused,
    hint: 'restore it, or move it away: another one is made then',
  });
}
