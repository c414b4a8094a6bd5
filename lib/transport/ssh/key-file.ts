import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import { PerRun } from '../../dsl/common/per-run.ts';

/** What a key file is good for. */
export interface KeyFile {
  readonly path: string;
  /** To sign with; undefined where the file is no use by itself. */
  readonly key: ParsedKey | undefined;
  /** The public half, in wire form and base64: an agent may have the key. */
  readonly half: string | undefined;
  /** Why there is no key to sign with: it is not there, needs a passphrase, is a public key, or what is wrong with it. */
  readonly lacks: 'file' | 'passphrase' | 'private' | { readonly why: string } | undefined;
  /** There is a certificate beside it. */
  readonly certificate: boolean;
}

const read = new PerRun(() => new Map<string, Promise<KeyFile>>());

/** Reads a key file: OpenSSH's own form, PEM old and new (PKCS#8). Each once a run, however many hosts it is for. */
export function keyFile(path: string): Promise<KeyFile> {
  const known = read.own.get(path);
  if (known) return known;
  const reading = readKey(path);
  read.own.set(path, reading);
  return reading;
}

async function readKey(path: string): Promise<KeyFile> {
  const [text, beside, certificate] = await Promise.all(
    [path, `${path}.pub`, `${path}-cert.pub`].map((file) => readFile(file, 'latin1').catch(textOfError)),
  );
  const half = publicHalf(beside ?? '');
  const result = { path, key: undefined, half, certificate: /^\S+-cert-/.test(certificate ?? '') };
  if (text === undefined || text === '') return { ...result, lacks: 'file' };
  const own = publicHalf(text);
  if (own !== undefined) return { ...result, half: own, lacks: 'private' };
  const key = keyIn(text);
  if (!(key instanceof Error))
    return { ...result, key, half: key.getPublicSSH().toString('base64'), lacks: undefined };
  const lacks = /passphrase|encrypted/i.test(key.message) ? 'passphrase' : { why: key.message };
  return { ...result, half: half ?? shownHalf(text), lacks };
}

function textOfError(error: NodeJS.ErrnoException): string | undefined {
  return error.code === 'ENOENT' ? undefined : `cannot be read: ${error.message}`;
}

function keyIn(text: string): ParsedKey | Error {
  if (text.startsWith('cannot be read')) return new Error(text);
  const key = [ssh2.utils.parseKey(text)].flat()[0] ?? new Error('no key');
  if (!(key instanceof Error) || !/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) return key;
  return fromPkcs8(text);
}

/** ssh2 does not read PKCS#8, which Node does. */
function fromPkcs8(text: string): ParsedKey | Error {
  if (text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----'))
    return new Error('it is encrypted, needs a passphrase');
  try {
    const key = createPrivateKey(text);
    const pem = key.asymmetricKeyType === 'ed25519' ? openSshForm(key) : oldForm(key);
    return [ssh2.utils.parseKey(pem)].flat()[0] ?? new Error('no key');
  } catch (error) {
    return error as Error;
  }
}

function oldForm(key: KeyObject): string {
  const type = key.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs1';
  return key.export({ type, format: 'pem' }) as string;
}

/** An Ed25519 key as PROTOCOL.key of OpenSSH has it. */
function openSshForm(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const open = Buffer.from(x, 'base64url');
  const secret = Buffer.concat([Buffer.from(d, 'base64url'), open]);
  const type = field('ssh-ed25519');
  const check = Buffer.alloc(8);
  const inner = Buffer.concat([check, type, field(open), field(secret), field('')]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, i) => i + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[field('none'), field('none'), field(''), count],
    field(Buffer.concat([type, field(open)])),
    field(Buffer.concat([inner, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The key in a public key file. */
function publicHalf(text: string): string | undefined {
  return /^(?:ssh-|ecdsa-|sk-)\S+\s+(AAAA[\w+/=]+)/m.exec(text)?.[1];
}

/** OpenSSH's own form shows the public half of a locked key, or of one that is kept in a device. */
function shownHalf(text: string): string | undefined {
  const [, base64 = ''] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  if (!bytes.toString('latin1', 0, 15).startsWith('openssh-key-v1\0')) return undefined;
  try {
    let at = 15;
    const next = () => {
      const end = at + 4 + bytes.readUInt32BE(at);
      const value = bytes.subarray(at + 4, end);
      at = end;
      return value;
    };
    for (let i = 0; i < 3; i += 1) next();
    at += 4;
    return next().toString('base64');
  } catch {
    return undefined;
  }
}
