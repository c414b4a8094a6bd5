import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PerRun } from '../../dsl/common/per-run.ts';
import { unread } from '../../dsl/common/unread.ts';
import { quote } from '../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { openPki, type Pki } from '../../pki/index.ts';
import { LaterContent } from '../content/later.ts';

/** What certificates of a CA are like. */
export interface LeafOptions {
  readonly keyType: string;
  readonly certExpiry: string;
  readonly renewBefore: string;
}

const CA_NAME = 'quorate CA';

/** Folders of CAs that hosts know and this machine does not have: no host may get another CA, either. */
const lost = new PerRun(() => new Map<string, QuorateError>());

/**
 * The certificate of the CA in a folder on control, which the run makes where neither this machine nor a host has one
 * yet.
 */
export function authorityCertificate(folder: string): string | LaterContent {
  const path = join(folder, 'ca.pem');
  if (existsSync(path)) return readFileSync(path, 'utf8');
  unread.own.matters = true;
  const usual = { keyType: 'ecdsa-256', certExpiry: '365d', renewBefore: '30d' };
  return new LaterContent(async () => (await (await openAuthority(folder, usual)).ensureCa()).pem, {
    isIn: hasOurCa,
    error: () => lostCa(folder),
    unseen: () => unseenCa(folder),
  });
}

/** Opens a CA to issue from. Throws 3 where a host knows one of this folder, and the folder is not here. */
export async function openAuthority(folder: string, leaf: LeafOptions): Promise<Pki> {
  const error = lost.own.get(folder);
  if (error) throw error;
  return openPki(authorityOptions(folder, leaf));
}

export function authorityOptions(dir: string, leaf: LeafOptions) {
  return { dir, cluster: dir, caName: CA_NAME, caExpiry: '3650d', addresses: [], ...leaf };
}

/** A host may trust others there until now, which is not a reason to make no CA. */
function hasOurCa(text: string): boolean {
  const [...certificates] = text.matchAll(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  return certificates.some(([pem]) => {
    try {
      return new X509Certificate(pem).subject === `CN=${CA_NAME}`;
    } catch {
      return false;
    }
  });
}

/** A folder that is there says that its CA is to be made here. */
function unseenCa(folder: string): QuorateError | undefined {
  const { names } = unread.own;
  if (names.length === 0 || existsSync(folder)) return undefined;
  const some =
    names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  return new QuorateError(
    `the CA in ${folder} is not on this machine, and nobody has looked whether hosts have certificates of it: ${some}`,
    {
      exitCode: EXIT.refused,
      hint: `bring the folder here from where the CA was made, or run with all hosts of the play (no -l); where there is none yet: mkdir -p ${quote(folder)}`,
    },
  );
}

function lostCa(folder: string): QuorateError {
  const error = new QuorateError(
    `the CA in ${folder} is not on this machine, and hosts have certificates of a CA: a new one would take its place`,
    {
      exitCode: EXIT.refused,
      hint: 'bring the folder here from where the CA was made; where it lies in another folder, or is to be another CA, put ca.pem and ca-key.pem there',
    },
  );
  lost.own.set(folder, error);
  return error;
}
