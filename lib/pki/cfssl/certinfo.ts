import { X509Certificate } from 'node:crypto';
import type * as X509 from '@peculiar/x509';
import { canonicalAddress } from '../../addresses.ts';
import { library } from '../engine.ts';

/** Go's names for how a certificate was signed, as cfssl prints them. */
const SIGNATURES: Readonly<Record<string, string>> = {
  'RSASSA-PKCS1-v1_5 SHA-1': 'SHA1WithRSA',
  'RSASSA-PKCS1-v1_5 SHA-256': 'SHA256WithRSA',
  'RSASSA-PKCS1-v1_5 SHA-384': 'SHA384WithRSA',
  'RSASSA-PKCS1-v1_5 SHA-512': 'SHA512WithRSA',
  'ECDSA SHA-1': 'ECDSAWithSHA1',
  'ECDSA SHA-256': 'ECDSAWithSHA256',
  'ECDSA SHA-384': 'ECDSAWithSHA384',
  'ECDSA SHA-512': 'ECDSAWithSHA512',
};

/** Attributes of a name that cfssl prints by themselves, in its order. */
const ATTRIBUTES = [
  ['common_name', 'CN'],
  ['serial_number', '2.5.4.5'],
  ['country', 'C'],
  ['organization', 'O'],
  ['organizational_unit', 'OU'],
  ['locality', 'L'],
  ['province', 'ST'],
  ['street_address', '2.5.4.9'],
  ['postal_code', '2.5.4.17'],
] as const;

/** What `cfssl certinfo -cert FILE` prints of a certificate; throws where the text has none that can be read. */
export async function certificateInfo(pem: string): Promise<string> {
  const x509 = await library();
  const node = new X509Certificate(pem);
  const cert = new x509.X509Certificate(node.raw);
  const sans = (cert.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? []).flatMap(
    ({ type, value }) => (type === 'dns' || type === 'ip' ? [[type, value] as const] : []),
  );
  const named = (type: string) => sans.flatMap(([one, value]) => (one === type ? [value] : []));
  const names = [...named('dns'), ...named('ip').map(canonicalAddress)];
  const { name, hash } = cert.signatureAlgorithm as { name: string; hash?: { name: string } };
  const info = {
    subject: nameInfo(cert.subjectName),
    issuer: nameInfo(cert.issuerName),
    serial_number: BigInt(`0x${node.serialNumber}`).toString(),
    ...(names.length > 0 && { sans: names }),
    not_before: time(cert.notBefore),
    not_after: time(cert.notAfter),
    sigalg: SIGNATURES[`${name} ${hash?.name}`] ?? 'Unknown Signature',
    authority_key_id: octets(cert.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId),
    subject_key_id: octets(cert.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId),
    pem: node.toString(),
  };
  return `${goEscaped(JSON.stringify(info, null, 2))}\n`;
}

function nameInfo(name: X509.Name) {
  const all = name.toJSON().flatMap((set) => Object.entries(set));
  const values = (type: string) => all.flatMap(([one, found]) => (one === type ? found : []));
  return {
    ...Object.fromEntries(
      ATTRIBUTES.flatMap(([label, type]) => {
        const found = values(type);
        // Go takes the last common name and serial number, and all of the others.
        const text = type === 'CN' || type === '2.5.4.5' ? found.at(-1) : found.join(',');
        return text ? [[label, text]] : [];
      }),
    ),
    ...(all.length > 0 && { names: all.flatMap(([, found]) => found) }),
  };
}

/** As cfssl writes it: without leading zeros. */
function octets(hex = ''): string {
  return (hex.match(/../g) ?? []).map((one) => Number.parseInt(one, 16).toString(16).toUpperCase()).join(':');
}

function time(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Go writes these so that JSON can stand in a page. */
function goEscaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
