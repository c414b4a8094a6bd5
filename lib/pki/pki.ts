import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Secret } from '../dsl/secret.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { privateFolder, writeWhole } from '../files.ts';
import { noteSerial, readBundles } from './bundles.ts';
import { caInUse, caKey, ensureCaFiles, newCaEnd, requireKey } from './ca/authority.ts';
import { caPath } from './ca/ca.ts';
import { caPassphrase } from './ca/passphrase.ts';
import { readConfig } from './cfssl/cfssl.ts';
import { intermediates } from './chain/chain.ts';
import type { PkiConfig, PkiOptions } from './config.ts';
import { signCertificate, signRequest } from './engine.ts';
import { isOfType, newKey } from './keys.ts';
import { type Pair, readStoredKey, writePair } from './pairs.ts';
import {
  endOf,
  keylessCertificate,
  lateWarning,
  leafPlan,
  type MemberCertificate,
  type Reissue,
  requireNames,
  requirePermitted,
  storedPair,
  type Wanted,
  wantedBundle,
  wantedClient,
  wantedMember,
} from './wanted.ts';

/** The certificates of one cluster, kept in a folder on control. */
export interface Pki {
  /** The CA, made when there is none, together with a client's pair. */
  ensureCa(): Promise<{ readonly pem: string }>;
  /** A member's certificate for exactly these names: the stored one while it is fine, else a new one. */
  issueMember(
    name: string,
    kind: 'server' | 'peer',
    sans: readonly string[],
    reissue?: Reissue,
  ): Promise<Pair>;
  /**
   * The bundle of an application: `NAME.pem` and `NAME-key.pem` in `clients/NAME`, with what it is to trust as `ca.pem`.
   * `trusts` says what that is where it is not the CA alone. A certificate that is fine stays, also where its key is not here.
   */
  issueBundle(name: string, trusts?: string, reissue?: Reissue): Promise<Pick<Pair, 'certPem'>>;
  /** Names of the bundles that are to be made anew: their end is near, they are another CA's, or `retired`. */
  bundlesDue(retired?: readonly string[]): Promise<readonly string[]>;
  /** Fails where issuing these would, and makes nothing; returns what there is to warn of. */
  foresee(members: readonly MemberCertificate[]): Promise<readonly string[]>;
}

/** The PKI of a folder, as its cfssl files and the options want it. */
export function openFolder(options: PkiOptions): Pki {
  return new FolderPki(options, readConfig(options), caPassphrase());
}

class FolderPki implements Pki {
  readonly #dir: string;
  readonly #cluster: string;
  readonly #trusted: string | undefined;
  readonly #config: PkiConfig;
  readonly #passphrase: Secret | undefined;
  readonly #issuing = new Map<string, Promise<Pair>>();
  #ca: Promise<string> | undefined;
  #ensured: Promise<{ readonly pem: string }> | undefined;

  constructor({ dir, cluster, trusted }: PkiOptions, config: PkiConfig, passphrase: Secret | undefined) {
    this.#dir = dir;
    this.#cluster = cluster;
    this.#trusted = trusted;
    this.#config = config;
    this.#passphrase = passphrase;
  }

  ensureCa(): Promise<{ readonly pem: string }> {
    this.#ensured ??= this.#ensure().catch((error: unknown) => {
      this.#ensured = undefined;
      throw error;
    });
    return this.#ensured;
  }

  async issueMember(
    name: string,
    kind: 'server' | 'peer',
    sans: readonly string[],
    reissue: Reissue = {},
  ): Promise<Pair> {
    await this.ensureCa();
    return this.#once(this.#member({ name, kind, sans, ...reissue }));
  }

  async issueBundle(name: string, trusts?: string, reissue: Reissue = {}): Promise<Pick<Pair, 'certPem'>> {
    const { pem } = await this.ensureCa();
    const wanted = this.#bundle(name, reissue);
    // First: a bundle counts once it has its pair, and who is to trust two CAs does so before it meets the second.
    await privateFolder(wanted.folder);
    await writeWhole(join(wanted.folder, 'ca.pem'), trusts ?? pem, { mode: 0o644 });
    const certPem = await keylessCertificate(wanted, this.#config, pem);
    return certPem === undefined ? this.#once(wanted) : { certPem };
  }

  async bundlesDue(retired?: readonly string[]): Promise<readonly string[]> {
    const caPem = await caInUse(this.#dir, this.#trusted);
    const due = (await readBundles(this.#dir)).map(async ({ name }) => {
      const wanted = this.#bundle(name, { retired });
      const isFine =
        caPem &&
        ((await this.#stored(wanted, caPem)) ?? (await keylessCertificate(wanted, this.#config, caPem)));
      return isFine ? [] : [name];
    });
    return (await Promise.all(due)).flat();
  }

  async foresee(members: readonly MemberCertificate[]): Promise<readonly string[]> {
    const caPem = await caInUse(this.#dir, this.#trusted);
    const caEnd = caPem === undefined ? newCaEnd(this.#config) : endOf(caPem);
    const wanted = [this.#client(), ...members.map((member) => this.#member(member))];
    const stored = await Promise.all(wanted.map((one) => caPem && this.#stored(one, caPem)));
    // What is stored needs no key.
    const fresh = wanted.filter((_, i) => !stored[i]);
    if (fresh.length === 0) return [];
    if (caPem !== undefined) for (const one of fresh) requirePermitted(one, caPem, caPath(this.#dir));
    const issuing = requireKey(this.#dir, caPem, this.#passphrase).then(() =>
      fresh.map((one) => leafPlan(this.#config.leaf.profiles[one.kind], caEnd, one)),
    );
    const profiles = fresh.flatMap(({ kind }) => (kind === 'client' ? [] : this.#config.leaf.profiles[kind]));
    await (profiles.length > 0 ? issuing : unlessRefused(issuing));
    if (profiles.length === 0) return [];
    const late = profiles.flatMap((profile) => lateWarning(profile, caEnd));
    return [...this.#config.warnings, ...new Set(late.map((text) => `${this.#cluster}: ${text}`))];
  }

  async #ensure(): Promise<{ readonly pem: string }> {
    const pem = await this.#caPem();
    // A CA whose key is elsewhere still serves to be trusted.
    await unlessRefused(this.#once(this.#client()));
    return { pem };
  }

  #member(member: MemberCertificate): Wanted {
    return wantedMember(this.#dir, this.#config, member);
  }

  #bundle(name: string, reissue: Reissue): Wanted {
    return wantedBundle(this.#dir, name, reissue);
  }

  #client(): Wanted {
    return wantedClient(this.#dir);
  }

  #caPem(): Promise<string> {
    this.#ca ??= ensureCaFiles(this.#dir, this.#config, this.#passphrase, this.#trusted).catch(
      (error: unknown) => {
        this.#ca = undefined;
        throw error;
      },
    );
    return this.#ca;
  }

  /** Calls for the same pair one after the other: the second finds what the first stored. */
  #once(wanted: Wanted): Promise<Pair> {
    const path = join(wanted.folder, wanted.base);
    const issue = () => this.#issue(wanted);
    const issued = (this.#issuing.get(path) ?? Promise.resolve()).then(issue, issue);
    this.#issuing.set(path, issued);
    return issued;
  }

  async #issue(wanted: Wanted): Promise<Pair> {
    const { folder, base, kind } = wanted;
    requireNames(wanted);
    const caPem = await this.#caPem();
    const stored = await this.#stored(wanted, caPem);
    if (stored) return stored;
    requirePermitted(wanted, caPem, caPath(this.#dir));
    const [signer, key] = await Promise.all([
      caKey(this.#dir, caPem, this.#passphrase),
      this.#keyFor(wanted),
    ]);
    const plan = leafPlan(this.#config.leaf.profiles[kind], endOf(caPem), wanted);
    const [leafPem, csrPem] = await Promise.all([
      signCertificate(plan, key, { key: signer, certPem: caPem }),
      kind === 'server' ? signRequest(plan, key) : undefined,
    ]);
    const certPem = leafPem + intermediates(caPem);
    if (wanted.revocable) await noteSerial(folder, certPem);
    return writePair(folder, base, { certPem, key, ...(csrPem && { csrPem }) });
  }

  /** The key that is there, while it is of the kind that is wanted: also one whose certificate is yet to come. */
  async #keyFor({ folder, base, newKey: another }: Wanted): Promise<KeyObject> {
    const type = this.#config.leaf.key;
    const key = another ? undefined : await readStoredKey(folder, base);
    return key && isOfType(key, type) ? key : newKey(type);
  }

  #stored(wanted: Wanted, caPem: string): Promise<Pair | undefined> {
    return storedPair(wanted, this.#config, caPem);
  }
}

async function unlessRefused(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof QuorateError && error.exitCode === EXIT.refused)) throw error;
  });
}
