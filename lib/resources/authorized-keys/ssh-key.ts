import { createHash } from 'node:crypto';
import { EXIT, QuorateError } from '../../errors.ts';

/** A line of `authorized_keys` (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
export interface PublicKey {
  /** As it was written, without white space around it. */
  readonly line: string;
  /** As they were written; empty without any. */
  readonly options: string;
  readonly blob: string;
  /** Tells it apart for people: the end of the key, and its comment. */
  readonly name: string;
}

const TYPE =
  /^(?:ssh-(?:rsa|dss|ed25519|ed448)|rsa-sha2-\d+|ecdsa-sha2-nistp\d+|(?:webauthn-)?sk-[\w-]+)(?:-cert-v\d+)?(?:@openssh\.com)?$/;

/** Keys, one a line; blank lines and comments are passed over. Throws exit code 1 for what is none. */
export function parseKeys(keys: string | readonly string[]): readonly PublicKey[] {
  const lines = [keys].flat().flatMap((text) => text.split(/\r?\n/).map((line) => line.trim()));
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      if (line.includes('PRIVATE KEY')) throw wrong('a private key is not a key that lets somebody in');
      const found = publicKeyIn(line);
      if (found === undefined || !isWhole(line, found))
        throw wrong(`"${line.slice(0, 60)}" is not a public key`);
      return found;
    });
}

/** The key of a line; undefined for a comment, or anything else. */
export function publicKeyIn(text: string): PublicKey | undefined {
  const line = text.trim();
  if (line === '' || line.startsWith('#')) return undefined;
  const first = /^(?:"(?:\\"|[^"])*"|[^\s"])+/.exec(line)?.[0] ?? '';
  const options = TYPE.test(first) ? '' : first;
  const [type = '', blob = '', ...comment] = line.slice(options.length).trim().split(/\s+/);
  if (!TYPE.test(type) || blob === '') return undefined;
  return { line, options, blob, name: [`…${blob.slice(-12)}`, ...comment].join(' ') };
}

/** As `ssh-keygen -l` prints it: `SHA256:…`. */
export function fingerprintOf({ blob }: PublicKey): string {
  const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

/** What it begins with names its type once more; one that was cut off while it was copied is shorter than it says. */
function isWhole(line: string, { blob }: PublicKey): boolean {
  const bytes = Buffer.from(blob, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== blob.replace(/=+$/, '') || bytes.length < 8)
    return false;
  const type = bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1');
  let end = 0;
  while (end + 4 <= bytes.length) end += 4 + bytes.readUInt32BE(end);
  return end === bytes.length && line.includes(`${type} `);
}

function wrong(message: string): QuorateError {
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    hint: "give the line of its .pub file: 'ssh-ed25519 AAAA… who@where'",
  });
}
