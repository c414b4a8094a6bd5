import { createHash, createPublicKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';
import { type CertificatePlan, EXTENDED_USAGES, KEY_USAGES, type SubjectAttribute } from './profile.ts';

type Library = typeof X509;

/** What signs: a CA's certificate and key, or the key alone when the certificate is to be its own issuer. */
export interface Signer {
  readonly key: KeyObject;
  readonly certPem?: string;
}

/** Makes the certificate of `plan` for `key`, signed by `signer`, in PEM. */
export async function signCertificate(
  plan: CertificatePlan,
  key: KeyObject,
  signer: Signer,
): Promise<string> {
  const x509 = await library();
  const issuer = signer.certPem === undefined ? undefined : new x509.X509Certificate(signer.certPem);
  const subject = subjectName(x509, plan.subject);
  const spki = publicDer(key);
  const cert = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject,
      issuer: issuer ? issuer.subjectName : subject,
      notBefore: plan.notBefore,
      notAfter: plan.notAfter,
      publicKey: spki,
      signingKey: await signingKey(signer.key),
      signingAlgorithm: { hash: digestFor(signer.key) },
      extensions: extensions(x509, plan, spki, issuer),
    },
    webcrypto,
  );
  return `${cert.toString('pem')}\n`;
}

/** The signing request cfssl would leave beside such a certificate, in PEM. */
export async function signRequest(plan: CertificatePlan, key: KeyObject): Promise<string> {
  const x509 = await library();
  const privateKey = await signingKey(key);
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: subjectName(x509, plan.subject),
      keys: { privateKey, publicKey: await verifyingKey(key) },
      signingAlgorithm: { ...privateKey.algorithm, hash: digestFor(key) },
      extensions: [
        ...(plan.names.length > 0 ? [alternativeNames(x509, plan)] : []),
        ...(plan.ca ? [new x509.BasicConstraintsExtension(true, plan.ca.pathLength, true)] : []),
      ],
    },
    webcrypto,
  );
  return `${request.toString('pem')}\n`;
}

/** A certificate that is on a list of revoked ones. */
export interface Revoked {
  /** In hex, as a certificate shows it. */
  readonly serialNumber: string;
  readonly revocationDate: Date;
}

/** A list of revoked certificates (RFC 5280, 5), DER. */
export async function signRevocations(
  entries: readonly Revoked[],
  signer: Required<Signer>,
): Promise<Buffer> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(signer.certPem);
  const authority = issuer.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  const list = await x509.X509CrlGenerator.create(
    {
      issuer: issuer.subjectName,
      thisUpdate: new Date(),
      nextUpdate: issuer.notAfter,
      // DER puts a zero before a number whose first bit is set.
      entries: entries.map((one) => ({
        ...one,
        serialNumber: one.serialNumber.replace(/^(?=[89a-f])/i, '00'),
      })),
      extensions: authority ? [new x509.AuthorityKeyIdentifierExtension(authority)] : [],
      signingKey: await signingKey(signer.key),
      signingAlgorithm: { ...importAlgorithm(signer.key), hash: digestFor(signer.key) },
    },
    webcrypto,
  );
  return Buffer.from(list.rawData);
}

let loaded: Promise<Library> | undefined;

/** Loaded at the first certificate to make: a run that changes nothing does without. */
export function library(): Promise<Library> {
  loaded ??= import('reflect-metadata').then(() => import('@peculiar/x509'));
  return loaded;
}

function extensions(
  x509: Library,
  plan: CertificatePlan,
  spki: Uint8Array,
  issuer: X509.X509Certificate | undefined,
): X509.Extension[] {
  const keyUsage = plan.usages.reduce((bits, usage) => bits | (KEY_USAGES[usage] ?? 0), 0);
  const extended = [...new Set(plan.usages.flatMap((usage) => EXTENDED_USAGES[usage] ?? []))];
  const authority = issuer?.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  return [
    ...(keyUsage > 0 ? [new x509.KeyUsagesExtension(keyUsage, true)] : []),
    ...(extended.length > 0 ? [new x509.ExtendedKeyUsageExtension(extended)] : []),
    new x509.BasicConstraintsExtension(plan.ca !== undefined, plan.ca?.pathLength, true),
    new x509.SubjectKeyIdentifierExtension(keyIdentifier(spki)),
    ...(issuer
      ? [
          new x509.AuthorityKeyIdentifierExtension(
            authority ?? keyIdentifier(new Uint8Array(issuer.publicKey.rawData)),
          ),
        ]
      : []),
    ...(plan.ocspUrl || plan.issuerUrls?.length
      ? [
          new x509.AuthorityInfoAccessExtension({
            ...(plan.ocspUrl && { ocsp: plan.ocspUrl }),
            ...(plan.issuerUrls?.length && { caIssuers: [...plan.issuerUrls] }),
          }),
        ]
      : []),
    ...(plan.names.length > 0 ? [alternativeNames(x509, plan)] : []),
    ...(plan.crlUrl ? [new x509.CRLDistributionPointsExtension([plan.crlUrl])] : []),
  ];
}

/** The order Go writes names in. */
const NAME_ORDER = ['dns', 'email', 'ip', 'url'];

function alternativeNames(x509: Library, { names, subject }: CertificatePlan): X509.Extension {
  const sorted = [...names].sort((a, b) => NAME_ORDER.indexOf(a.type) - NAME_ORDER.indexOf(b.type));
  // RFC 5280: critical when there is no subject to go by.
  return new x509.SubjectAlternativeNameExtension(sorted, subject.length === 0);
}

/** SHA-1 of the public key's bits, the first method of RFC 5280. */
function keyIdentifier(spki: Uint8Array): string {
  return createHash('sha1').update(bitString(spki)).digest('hex');
}

/** The content of the BIT STRING that ends a SubjectPublicKeyInfo. */
function bitString(der: Uint8Array): Uint8Array {
  const [start] = content(der, 0);
  const [algorithmStart, algorithmLength] = content(der, start);
  const [bits, length] = content(der, algorithmStart + algorithmLength);
  return der.subarray(bits + 1, bits + length);
}

/** Where the content of the DER element at `offset` starts, and its length. */
function content(der: Uint8Array, offset: number): [start: number, length: number] {
  const first = der[offset + 1]!;
  if (first < 0x80) return [offset + 2, first];
  const bytes = der.subarray(offset + 2, offset + 2 + (first & 0x7f));
  return [offset + 2 + bytes.length, bytes.reduce((sum, byte) => sum * 256 + byte, 0)];
}

/** The order cfssl writes a subject in, whatever the order it was given in. */
const ORDER = ['C', 'ST', 'L', 'O', 'OU', 'CN', 'SERIALNUMBER', 'E'] as const;

function subjectName(x509: Library, subject: readonly SubjectAttribute[]): X509.Name {
  const sets = ORDER.map((type) => [
    type,
    [...new Set(subject.filter(([name]) => name === type).map(([, value]) => value))],
  ]).filter(([, values]) => values!.length > 0);
  return new x509.Name(
    sets.map(([type, values]) => ({ [String(type)]: values as string[] })),
    { SERIALNUMBER: '2.5.4.5' },
  );
}

/** 20 random bytes, the top bit clear; the first is not zero, so that DER keeps them all. */
function serialNumber(): string {
  const bytes = randomBytes(20);
  bytes[0] = bytes[0]! & 0x7f || 1;
  return bytes.toString('hex');
}

function publicDer(key: KeyObject): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
}

function signingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  return webcrypto.subtle.importKey('pkcs8', der, importAlgorithm(key), false, ['sign']);
}

function verifyingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('spki', publicDer(key), importAlgorithm(key), true, ['verify']);
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function importAlgorithm(key: KeyObject): webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return { name: 'ECDSA', namedCurve: CURVES[String(key.asymmetricKeyDetails?.namedCurve)] ?? 'P-256' };
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5', hash: digestFor(key) };
    default:
      return { name: 'Ed25519' } as webcrypto.EcKeyImportParams;
  }
}

/** The digest as strong as the key that signs. */
function digestFor(key: KeyObject): 'SHA-256' | 'SHA-384' | 'SHA-512' {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (namedCurve === 'secp521r1' || modulusLength >= 4096) return 'SHA-512';
  return namedCurve === 'secp384r1' || modulusLength >= 3072 ? 'SHA-384' : 'SHA-256';
}
