import { createHash, createHmac } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** One usable line of a known_hosts file. */
export interface KnownHost {
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  readonly patterns: string;
  readonly keyType: string;
  /** Base64 of the key. */
  readonly key: string;
}

/** What the known_hosts files say of a key. */
export type Verdict = 'known' | 'unknown' | 'changed' | 'revoked';

/** The files that OpenSSH would read, or the one the inventory names. */
export function knownHostsFiles(own: string | undefined): readonly string[] {
  return own === undefined
    ? [join(homedir(), '.ssh/known_hosts'), join(homedir(), '.ssh/known_hosts2'), '/etc/ssh/ssh_known_hosts']
    : [own];
}

/** Reads and joins known_hosts files; those that are missing count as empty. */
export async function readKnownHosts(files: readonly string[]): Promise<readonly KnownHost[]> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap(parseKnownHosts);
}

/** Parses the format of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#')) return [];
    const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
    const [patterns, keyType, key] = words;
    if (!patterns || !keyType || !key) return [];
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return [];
    return [{ marker, patterns, keyType, key }];
  });
}

/** The lines about a host; plain, wildcard, negated and hashed names, `[host]:port` for other ports. */
export function entriesFor(known: readonly KnownHost[], address: string, port: number): readonly KnownHost[] {
  const name = port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;
  return known.filter(({ patterns }) => matches(patterns, name));
}

/** Holds a host key against the lines about its host. */
export function judgeKey(entries: readonly KnownHost[], keyType: string, key: string): Verdict {
  if (entries.some((entry) => entry.marker === 'revoked' && entry.key === key)) return 'revoked';
  // Certificates of hosts are not spoken here, so a CA's line says nothing about a plain key.
  const plain = entries.filter((entry) => entry.marker === undefined);
  if (plain.some((entry) => entry.keyType === keyType && entry.key === key)) return 'known';
  return plain.length > 0 ? 'changed' : 'unknown';
}

/** Host key algorithms, those of known key types first: so a host is asked for the key that we know. */
export function orderAlgorithms(entries: readonly KnownHost[]): readonly string[] {
  const known = new Set(entries.filter(({ marker }) => marker === undefined).map(({ keyType }) => keyType));
  const rank = (algorithm: string) => (known.has(algorithm.replace(/^rsa-sha2-\d+$/, 'ssh-rsa')) ? 0 : 1);
  return [...ALGORITHMS].sort((a, b) => rank(a) - rank(b));
}

const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** `SHA256:…` as ssh-keygen -l prints it. */
export function keyFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key in wire form names itself. */
export function keyTypeOf(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

/** Appends a key that the user chose to trust. */
export async function recordKey(file: string, address: string, port: number, key: Buffer): Promise<void> {
  const name = port === 22 ? address : `[${address}]:${port}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, `${name} ${keyTypeOf(key)} ${key.toString('base64')}\n`, { mode: 0o600 });
}

function matches(patterns: string, name: string): boolean {
  if (patterns.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = patterns.split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const all = patterns.toLowerCase().split(',');
  if (all.some((pattern) => pattern.startsWith('!') && glob(pattern.slice(1), name))) return false;
  return all.some((pattern) => !pattern.startsWith('!') && glob(pattern, name));
}

function glob(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}
