import { parseDuration } from '../duration.ts';
import { type KeyType, keyTypeName, parseKeyType } from './keys.ts';
import { BACKDATE, renewalLead } from './life.ts';
import type { SubjectAttribute } from './profile.ts';
import type { ExtendedUse } from './uses.ts';

export type LeafKind = 'server' | 'peer' | 'client';

export interface PkiOptions {
  /** The folder on control. */
  readonly dir: string;
  readonly cluster: string;
  /** Common name of a CA that is made here; X.509 takes 64 characters of it. */
  readonly caName: string;
  /** `ecdsa-256`, `rsa-2048`, `ed25519` and their like. */
  readonly keyType: string;
  readonly caExpiry: string;
  readonly certExpiry: string;
  /** How long before its end a certificate is renewed. */
  readonly renewBefore: string;
  /** Addresses of all members. */
  readonly addresses: readonly string[];
  /** PEM of the CA the members trust already: no other one is made in its place. */
  readonly trusted?: string;
}

/** How certificates of one kind are to be. */
export interface LeafProfile {
  readonly usages: readonly string[];
  /** Milliseconds, like all durations here. */
  readonly expiry: number;
  readonly backdate: number;
  /** How long before its end one is due, as asked or as its life allows. */
  readonly renewBefore: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly issuerUrls?: readonly string[];
  readonly ocspUrl?: string;
  readonly crlUrl?: string;
}

export interface PkiConfig {
  readonly ca: {
    readonly subject: readonly SubjectAttribute[];
    readonly key: KeyType;
    readonly expiry: number;
    readonly backdate: number;
    /** How many CAs may stand between it and a leaf. */
    readonly pathLength: number;
  };
  readonly leaf: {
    /** A member's subject; undefined leaves it to its name. */
    readonly subject: readonly SubjectAttribute[] | undefined;
    readonly key: KeyType;
    readonly profiles: Readonly<Record<LeafKind, LeafProfile>>;
  };
  /** Hosts that are not a member's: every member's certificates carry them. */
  readonly further: readonly string[];
  readonly warnings: readonly string[];
}

/** What a certificate of a kind is of no use without. */
export function requiredUsages(kind: LeafKind): readonly ExtendedUse[] {
  return kind === 'client' ? ['client auth'] : ['server auth', 'client auth'];
}

/** What holds where no file says otherwise. */
export function defaultConfig(options: PkiOptions): PkiConfig {
  const key = parseKeyType(options.keyType);
  const life = { expiry: parseDuration(options.certExpiry), backdate: BACKDATE };
  const renewBefore = renewalLead(life, parseDuration(options.renewBefore));
  const both = {
    ...life,
    renewBefore,
    usages: ['signing', 'key encipherment', 'server auth', 'client auth'],
  };
  return {
    ca: {
      subject: [['CN', options.caName.slice(0, 64)]],
      key,
      expiry: parseDuration(options.caExpiry),
      backdate: BACKDATE,
      // It signs leaves alone. So does one of a `ca-csr.json` that sets no limit.
      pathLength: 0,
    },
    leaf: {
      subject: undefined,
      key,
      profiles: {
        server: both,
        peer: both,
        client: { ...life, renewBefore, usages: ['signing', 'key encipherment', 'client auth'] },
      },
    },
    further: [],
    warnings: [],
  };
}

/** The key and the life of new ones; undefined where a profile has dates instead. */
export function formOf(leaf: PkiConfig['leaf'], kind: LeafKind) {
  const { expiry, notBefore, notAfter } = leaf.profiles[kind];
  return { keyType: keyTypeName(leaf.key), life: (notBefore ?? notAfter) ? undefined : expiry };
}
