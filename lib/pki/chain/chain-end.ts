import type { X509Certificate } from 'node:crypto';
import { certificatesIn, isIssuedBy, issuerUnder } from './chain.ts';

/**
 * When the CA ends that has signed `leaves` (PEM, each with what it shows after it), by a CA file: its chain holds as
 * long as the first of it. Of CAs with one name and key, as a renewed one beside the old, the last counts. Without leaves,
 * or of leaves that come from none in the file, it is the CA that comes first there, which new ones are issued with.
 * undefined where there is none that can be read.
 */
export function endOfChain(caPem: string, leaves: readonly string[] = []): Date | undefined {
  const all = certificatesIn(caPem);
  const signed = leaves.flatMap((pem) => {
    const [leaf, ...behind] = certificatesIn(pem);
    if (leaf === undefined || issuerUnder(pem, caPem) === undefined) return [];
    const cas = [...all, ...behind];
    return endAbove(leaf, cas, cas.length) ?? [];
  });
  if (signed.length > 0) return byTime(signed)[0];
  const [first] = all;
  return byTime(
    all
      .filter((one) => first !== undefined && isSame(one, first))
      .map((one) => endFrom(one, all, all.length)),
  ).at(-1);
}

function endAbove(one: X509Certificate, all: readonly X509Certificate[], left: number): Date | undefined {
  const issuers = all.filter((other) => isIssuedBy(one, other));
  return byTime(issuers.map((issuer) => endFrom(issuer, all, left))).at(-1);
}

function endFrom(one: X509Certificate, all: readonly X509Certificate[], left: number): Date {
  const own = new Date(one.validTo);
  const above = left === 0 || isIssuedBy(one, one) ? undefined : endAbove(one, all, left - 1);
  return above !== undefined && above < own ? above : own;
}

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.subject === other.subject && one.publicKey.equals(other.publicKey);
}

function byTime(dates: readonly Date[]): readonly Date[] {
  return [...dates].sort((a, b) => a.getTime() - b.getTime());
}
