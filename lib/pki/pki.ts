import { createPrivateKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Secret } from '../dsl/secret.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { privateFolder, writeWhole } from '../files.ts';
import { caInUse, caKey, ensureCaFiles, newCaEnd, requireKey } from './authority.ts';
import { bundleDir, noteSerial, readBundles } from './bundles.ts';
import { fingerprint } from './ca.ts';
import { readConfig } from './cfssl.ts';
import { intermediates } from './chain.ts';
import {
  type LeafKind,
  type LeafProfile,
  type PkiConfig,
  type PkiOptions,
  requiredUsages,
} from './config.ts';
import { signCertificate, signRequest } from './engine.ts';
import { isOfType, newKey } from './keys.ts';
import { lifeFromNow } from './life.ts';
import { alternativeNames } from './names.ts';
import { type Pair, readPair, writePair } from './pairs.ts';
import { parseCertificate } from './parse.ts';
import { caPassphrase } from './passphrase.ts';
import { certificateProblems } from './problems.ts';
import type { CertificatePlan, SubjectAttribute } from './profile.ts';

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
   * `trusts` says what that is where it is not the CA alone.
   */
  issueBundle(name: string, trusts?: string, reissue?: Reissue): Promise<Pair>;
  /** Names of the bundles that are to be made anew: their end is near, they are another CA's, or `retired`. */
  bundlesDue(retired?: readonly string[]): Promise<readonly string[]>;
  /** The pair the playbooks and etcdctl use. */
  issueClient(): Promise<Pair>;
  /** Fails where issuing these would, and makes nothing; returns what there is to warn of. */
  foresee(members: readonly MemberCertificate[]): Promise<readonly string[]>;
}

/** One of a member's two certificates, with the names that are to be in it. */
export interface MemberCertificate extends Reissue {
  readonly name: string;
  readonly kind: 'server' | 'peer';
  readonly sans: readonly string[];
}

/** What is to be made anew although nothing is wrong with it. */
export interface Reissue {
  /** Fingerprints of certificates that are to go. */
  readonly retired?: readonly string[] | undefined;
  /** With another key. By default it stays: a certificate alone takes its place in one move, a pair in two. */
  readonly newKey?: boolean | undefined;
}

interface Wanted extends Reissue {
  readonly folder: string;
  /** Of its files, without ending. */
  readonly base: string;
  readonly kind: LeafKind;
  /** Its serial number is noted: see `noteSerial`. */
  readonly revocable?: true;
  readonly subject: readonly SubjectAttribute[];
  readonly sans: readonly string[];
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

  async issueBundle(name: string, trusts?: string, reissue: Reissue = {}): Promise<Pair> {
    const { pem } = await this.ensureCa();
    const wanted = this.#bundle(name, reissue);
    // First: a bundle counts once it has its pair, and who is to trust two CAs does so before it meets the second.
    await privateFolder(wanted.folder);
    await writeWhole(join(wanted.folder, 'ca.pem'), trusts ?? pem, { mode: 0o644 });
    return this.#once(wanted);
  }

  async bundlesDue(retired?: readonly string[]): Promise<readonly string[]> {
    const caPem = await caInUse(this.#dir, this.#trusted);
    const due = (await readBundles(this.#dir)).map(async ({ name }) => {
      const stored = caPem && (await this.#stored(this.#bundle(name, { retired }), caPem));
      return stored ? [] : [name];
    });
    return (await Promise.all(due)).flat();
  }

  issueClient(): Promise<Pair> {
    return this.#once(this.#client());
  }

  async foresee(members: readonly MemberCertificate[]): Promise<readonly string[]> {
    const caPem = await caInUse(this.#dir, this.#trusted);
    const caEnd = caPem === undefined ? newCaEnd(this.#config) : endOf(caPem);
    const wanted = [this.#client(), ...members.map((member) => this.#member(member))];
    const stored = await Promise.all(wanted.map((one) => caPem && this.#stored(one, caPem)));
    // What is stored needs no key.
    const fresh = wanted.filter((_, i) => !stored[i]);
    if (fresh.length === 0) return [];
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

  #member({ name, kind, sans, ...reissue }: MemberCertificate): Wanted {
    const subject = this.#config.leaf.subject ?? [['CN', name.slice(0, 64)]];
    return { folder: join(this.#dir, name), base: kind, kind, subject, sans, ...reissue };
  }

  #bundle(name: string, reissue: Reissue): Wanted {
    const folder = bundleDir(this.#dir, name);
    return {
      folder,
      base: name,
      kind: 'client',
      revocable: true,
      subject: [['CN', name]],
      sans: [],
      ...reissue,
    };
  }

  #client(): Wanted {
    return { folder: this.#dir, base: 'client', kind: 'client', subject: [['CN', 'quorate']], sans: [] };
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

  /** The key that the pair has, while it is of the kind that is wanted; else a new one. */
  async #keyFor({ folder, base, newKey: another }: Wanted): Promise<KeyObject> {
    const type = this.#config.leaf.key;
    const stored = another ? undefined : await readPair(folder, base);
    const key = stored && createPrivateKey(stored.keyPem.reveal());
    return key && isOfType(key, type) ? key : newKey(type);
  }

  /** The pair in the folder while it is as wanted. */
  async #stored({ folder, base, kind, sans, retired }: Wanted, caPem: string): Promise<Pair | undefined> {
    const { renewBefore } = this.#config.leaf.profiles[kind];
    const stored = await readPair(folder, base);
    if (stored === undefined || retired?.includes(fingerprint(stored.certPem))) return undefined;
    const required = { caPem, uses: requiredUsages(kind), renewBefore, sans };
    return certificateProblems({ ...required, pem: stored.certPem }).length === 0 ? stored : undefined;
  }
}

async function unlessRefused(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof QuorateError && error.exitCode === EXIT.refused)) throw error;
  });
}

function endOf(certPem: string): Date {
  return new Date(parseCertificate(certPem)!.validTo);
}

/** Nobody could verify a member by a certificate without names. */
function requireNames({ kind, sans }: Wanted): void {
  if (kind === 'client' || sans.length > 0) return;
  throw new QuorateError(`a ${kind} certificate needs at least one name or address`, {
    exitCode: EXIT.usage,
    hint: 'clients compare the address they dial with the names in the certificate',
  });
}

/** A leaf's plan; it ends with its CA at the latest. */
function leafPlan(profile: LeafProfile, caEnd: Date, { subject, sans }: Wanted): CertificatePlan {
  const { usages, issuerUrls, ocspUrl, crlUrl } = profile;
  const { notBefore, notAfter } = lifeFromNow(profile, 'a certificate');
  return {
    subject,
    names: alternativeNames(sans),
    usages,
    notBefore,
    notAfter: notAfter > caEnd ? caEnd : notAfter,
    ...(issuerUrls && { issuerUrls }),
    ...(ocspUrl && { ocspUrl }),
    ...(crlUrl && { crlUrl }),
  };
}

/** A CA is always a little older than its leaves, so only a good part of a life is worth a word. */
function lateWarning(profile: LeafProfile, caEnd: Date): readonly string[] {
  const { notBefore, notAfter } = lifeFromNow(profile, 'a certificate');
  const late = notAfter.getTime() - caEnd.getTime();
  if (late <= (notAfter.getTime() - notBefore.getTime()) / 10) return [];
  return [`certificates would last until ${day(notAfter)} but their CA ends ${day(caEnd)}: they end with it`];
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
