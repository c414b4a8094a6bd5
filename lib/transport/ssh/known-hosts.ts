import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { matchesList } from './config/patterns.ts';
import { KEY_ALGORITHMS } from './ssh-algorithms.ts';

/** One usable line of a known_hosts file. */
export interface KnownHost {
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  readonly patterns: string;
  readonly keyType: string;
  /** Base64 of the key. */
  readonly key: string;
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
}

/**
 * Reads and joins known_hosts files; those that are missing count as empty. One that cannot be read counts as empty
 * where `passOver` says so, and is an error else.
 */
export async function readKnownHosts(
  files: readonly string[],
  passOver: (error: NodeJS.ErrnoException, file: string) => boolean = () => false,
): Promise<readonly KnownHost[]> {
  const texts = files.map((file) =>
    readFile(file, 'utf8').catch((error) => {
      if (error.code === 'ENOENT' || passOver(error, file)) return '';
      throw error;
    }),
  );
  return (await Promise.all(texts)).flatMap((text, i) => parseKnownHosts(text, files[i] as string));
}

/** Parses the format of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((source, i) => {
    const words = source.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) return [];
    const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
    const [patterns, keyType, key] = words;
    if (!patterns || !keyType || !key) return [];
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return [];
    return [{ marker, patterns, keyType, key, file, line: i + 1 }];
  });
}

/** What the known_hosts files say of a key. */
export type Verdict = 'known' | 'unknown' | 'changed' | 'revoked';

/** The lines that matter for one host. */
export class HostLines {
  readonly #own: readonly KnownHost[];
  readonly #portless: readonly KnownHost[];

  /** `name` as known_hosts has it; `portless`, if any, is the bare name that may vouch for a port of its own. */
  constructor(known: readonly KnownHost[], name: string, portless?: string) {
    this.#own = known.filter(({ patterns }) => matches(patterns, name.toLowerCase()));
    this.#portless =
      portless === undefined ? [] : known.filter(({ patterns }) => matches(patterns, portless.toLowerCase()));
  }

  /** Host keys that are known, of whatever type. */
  get keys(): readonly KnownHost[] {
    return this.#own.filter(isKey);
  }

  /** A certificate of the host might be vouched for, though its plain key is not. */
  get hasAuthority(): boolean {
    return [...this.#own, ...this.#portless].some(({ marker }) => marker === 'cert-authority');
  }

  /** Holds the key that a host shows against them. */
  judge(key: Buffer): Verdict {
    const type = keyTypeOf(key);
    const base64 = key.toString('base64');
    const same = (entry: KnownHost) => entry.key === base64;
    const all = [...this.#own, ...this.#portless];
    if (all.some((entry) => entry.marker === 'revoked' && same(entry))) return 'revoked';
    // Certificates of hosts are not spoken here, so an authority's line says nothing about a plain key.
    if (all.some((entry) => isKey(entry) && entry.keyType === type && same(entry))) return 'known';
    return this.keys.length > 0 ? 'changed' : 'unknown';
  }

  /** Host key algorithms, those of known key types first: so a host is asked for a key that we know. */
  orderAlgorithms(): readonly string[] {
    const known = new Set([...this.#own, ...this.#portless].filter(isKey).map(({ keyType }) => keyType));
    const rank = (algorithm: string) => (known.has(algorithm.replace(/^rsa-sha2-\d+$/, 'ssh-rsa')) ? 0 : 1);
    return [...KEY_ALGORITHMS].sort((a, b) => rank(a) - rank(b));
  }
}

/** A host as known_hosts names it. */
export function knownName(address: string, port: number): string {
  return port === 22 ? address : `[${address}]:${port}`;
}

/** `SHA256:…` as ssh-keygen -l prints it. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key in wire form names itself. */
export function keyTypeOf(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

/** Bits of an RSA key in wire form. */
export function rsaBits(key: Buffer): number {
  let at = 0;
  // The type, the exponent, the modulus.
  for (let i = 0; i < 2; i += 1) at += 4 + key.readUInt32BE(at);
  const modulus = key.subarray(at + 4, at + 4 + key.readUInt32BE(at));
  const first = modulus.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (modulus.length - first) * 8 - Math.clz32(modulus[first] as number) + 24;
}

function isKey(entry: KnownHost): boolean {
  return entry.marker === undefined;
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = patterns.split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  return matchesList(name, patterns.toLowerCase());
}
