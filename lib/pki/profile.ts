import type { AlternativeName } from './names.ts';

/** One attribute of a subject: `['CN', 'etcd']`. */
export type SubjectAttribute = readonly [
  type: 'C' | 'ST' | 'L' | 'O' | 'OU' | 'CN' | 'E' | 'SERIALNUMBER',
  value: string,
];

/** Everything a certificate says apart from its keys, serial number and issuer. */
export interface CertificatePlan {
  readonly subject: readonly SubjectAttribute[];
  readonly names: readonly AlternativeName[];
  /** Names of `KEY_USAGES` and `EXTENDED_USAGES`. */
  readonly usages: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Set for a CA only. */
  readonly ca?: { readonly pathLength: number };
  readonly issuerUrls?: readonly string[];
  readonly ocspUrl?: string;
  readonly crlUrl?: string;
}

/** Key usages by the names cfssl knows them by, with their bits. */
export const KEY_USAGES: Readonly<Record<string, number>> = {
  signing: 1,
  'digital signature': 1,
  'content commitment': 2,
  'key encipherment': 4,
  'data encipherment': 8,
  'key agreement': 16,
  'cert sign': 32,
  'crl sign': 64,
  'encipher only': 128,
  'decipher only': 256,
};

/** Extended key usages by the same names, with their object identifiers. */
export const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};
