import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { PerRun } from '../dsl/common/per-run.ts';
import { Secret } from '../dsl/secret.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { isEncrypted } from './encrypt.ts';

export type KeyType =
  | { readonly algo: 'ecdsa'; readonly size: 256 | 384 | 521 }
  | { readonly algo: 'rsa'; readonly size: number }
  | { readonly algo: 'ed25519' };

export type Curve = 'P-256' | 'P-384' | 'P-521';

const generate = promisify(generateKeyPair);

/** A new private key, made off the main thread. */
export async function newKey(type: KeyType): Promise<KeyObject> {
  switch (type.algo) {
    case 'ecdsa':
      return (await generate('ec', { namedCurve: `P-${type.size}` })).privateKey;
    case 'rsa':
      return (await generate('rsa', { modulusLength: type.size })).privateKey;
    case 'ed25519':
      return (await generate('ed25519')).privateKey;
  }
}

/** `ecdsa-256`, `rsa-2048`, `ed25519` and their like. */
export function parseKeyType(text: string): KeyType {
  const [algo, size] = text.split('-');
  const type = keyType(algo ?? '', size === undefined ? undefined : Number(size));
  if (!type) throw new QuorateError(`"${text}" is not a type of key`, { exitCode: EXIT.usage });
  return type;
}

/** The key type of an algorithm and a size (or its default one); undefined when there is no such type. */
export function keyType(algo: string, size?: number): KeyType | undefined {
  switch (algo) {
    case 'ecdsa':
      return size === undefined || size === 256 || size === 384 || size === 521
        ? { algo, size: size ?? 256 }
        : undefined;
    case 'rsa': {
      const bits = size ?? 2048;
      return Number.isInteger(bits) && bits >= 2048 && bits <= 8192 ? { algo, size: bits } : undefined;
    }
    case 'ed25519':
      return { algo };
    default:
      return undefined;
  }
}

/** The key is one of this type. */
export function isOfType(key: KeyObject, type: KeyType): boolean {
  return keyTypeOf(key) === keyTypeName(type);
}

const CURVE_NAMES = { 256: 'prime256v1', 384: 'secp384r1', 521: 'secp521r1' } as const;

/** A type in the words of `parseKeyType`, with its size: `rsa-2048`. */
export function keyTypeName(type: KeyType): string {
  return 'size' in type ? `${type.algo}-${type.size}` : type.algo;
}

/** The same of a key that is there; undefined for one that we make none of. */
export function keyTypeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === 'rsa') return `rsa-${asymmetricKeyDetails?.modulusLength}`;
  const [size] =
    Object.entries(CURVE_NAMES).find(([, name]) => name === asymmetricKeyDetails?.namedCurve) ?? [];
  if (asymmetricKeyType === 'ec') return size && `ecdsa-${size}`;
  return asymmetricKeyType === 'ed25519' ? 'ed25519' : undefined;
}

/** PEM as etcd and openssl like it best: SEC 1 for EC, PKCS#1 for RSA, PKCS#8 for the rest. */
export function keyPem(key: KeyObject): Secret {
  const type = key.asymmetricKeyType === 'ec' ? 'sec1' : key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'pkcs8';
  return new Secret(key.export({ type, format: 'pem' }).toString());
}

/** Keys that were read: to open an encrypted one takes 0.2 s, and it signs every certificate. Of this run: the next one asks again. */
const opened = new PerRun(
  () => new Map<string, { readonly passphrase: string | undefined; readonly key: KeyObject }>(),
);

/** A private key's PEM; a wrong or missing passphrase and a file that is none are told apart. */
export function readKey(pem: string, file: string, passphrase: Secret | undefined): KeyObject {
  const encrypted = isEncrypted(pem);
  if (encrypted && !passphrase) {
    throw new QuorateError(`${file} is encrypted, and there is no passphrase`, {
      exitCode: EXIT.untrusted,
      hint: 'set QUORATE_CA_PASSPHRASE',
    });
  }
  const known = opened.own.get(pem);
  if (known?.passphrase === passphrase?.reveal() && known) return known.key;
  try {
    const key = createPrivateKey(encrypted ? { key: pem, passphrase: passphrase!.reveal() } : pem);
    opened.own.set(pem, { passphrase: passphrase?.reveal(), key });
    return key;
  } catch {
    throw new QuorateError(
      encrypted ? `the passphrase does not open ${file}` : `${file} is not a private key that can be read`,
      {
        exitCode: encrypted ? EXIT.untrusted : EXIT.failed,
        ...(encrypted && { hint: 'check QUORATE_CA_PASSPHRASE' }),
      },
    );
  }
}
