import { createCipheriv, type KeyObject, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Secret } from '../dsl/secret.ts';

/** What guessing one passphrase costs: 0.2 s and 16 MiB. Source: OWASP's password storage cheat sheet. */
const COST = { N: 1 << 14, r: 8, p: 5 };

const OID = {
  pbes2: '2a864886f70d01050d',
  scrypt: '2b06010401da47040b',
  aes256: '60864801650304012a',
};

/**
 * PKCS#8 in PEM, encrypted with AES-256 under a key that scrypt makes of the passphrase (RFC 7914, RFC 8018): as by
 * `openssl pkcs8 -topk8 -scrypt`, which reads it. Node's own export takes 2,048 rounds of PBKDF2, guessed in no time.
 */
export async function encryptedKeyPem(key: KeyObject, passphrase: Secret): Promise<string> {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const derived = await derive(passphrase.reveal(), salt, 32, COST);
  const cipher = createCipheriv('aes-256-cbc', derived, iv);
  const plain = key.export({ type: 'pkcs8', format: 'der' });
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  plain.fill(0);
  const parameters = sequence(octets(salt), integer(COST.N), integer(COST.r), integer(COST.p));
  const der = sequence(
    sequence(
      oid(OID.pbes2),
      sequence(sequence(oid(OID.scrypt), parameters), sequence(oid(OID.aes256), octets(iv))),
    ),
    octets(encrypted),
  );
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN ENCRYPTED PRIVATE KEY-----', ...lines, '-----END ENCRYPTED PRIVATE KEY-----', ''].join(
    '\n',
  );
}

export function isEncrypted(pem: string): boolean {
  return pem.includes('ENCRYPTED');
}

/** Encrypted, and with scrypt: a passphrase is dear to guess. */
export function isWellEncrypted(pem: string): boolean {
  const body = pem.replace(/-----[^-]*-----|\s/g, '');
  return isEncrypted(pem) && Buffer.from(body, 'base64').includes(Buffer.from(OID.scrypt, 'hex'));
}

const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt);

function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function octets(bytes: Buffer): Buffer {
  return element(0x04, bytes);
}

function oid(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'));
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  // Without leading zeros, but with one where the top bit would make it negative.
  let start = 0;
  while (start < 4 && bytes[start] === 0 && (bytes[start + 1] as number) < 0x80) start += 1;
  return element(0x02, bytes.subarray(start));
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
