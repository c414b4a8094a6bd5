import { X509Certificate } from 'node:crypto';
import { missingUses } from '../problems.ts';

/** Everything may be done under it. */
const ANY_USE = '2.5.29.37.0';

/** The certificates of a PEM text that can be read, in order. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** Why nothing useful can be issued under the first certificate of a CA file that came from elsewhere. */
export interface ChainProblem {
  readonly message: string;
  readonly hint: string;
}

/**
 * An intermediate that is kept to one use makes certificates that members refuse, since they show theirs as servers and
 * as clients; one without the CAs above it makes certificates that many clients refuse (OpenSSL wants a root).
 */
export function chainProblem(pem: string): ChainProblem | undefined {
  const [issuer, ...above] = certificatesIn(pem);
  if (issuer === undefined) return undefined;
  const kept: readonly string[] | undefined = issuer.keyUsage;
  const lacking = kept === undefined || kept.includes(ANY_USE) ? [] : missingUses(issuer);
  if (lacking.length > 0) {
    return {
      message: `may not issue for ${lacking.join(' and ')}, and members show their certificates as servers and as clients`,
      hint: 'have the CA issued anew without extended key usages, or with both',
    };
  }
  const highest = pathUp(issuer, above).at(-1) ?? issuer;
  if (isIssuedBy(highest, highest)) return undefined;
  return {
    message: `ends with ${nameOf(highest)}, whose own CA (${highest.issuer.replaceAll('\n', ', ')}) is not in it`,
    hint: 'append the CAs above it, the root last',
  };
}

/**
 * What is to be shown behind a certificate that the first one of a CA file has issued, PEM: that one and those above it
 * but for the root, which the other side must have by itself. Empty where a root has issued it.
 */
export function intermediates(caPem: string): string {
  const [issuer, ...above] = certificatesIn(caPem);
  if (issuer === undefined) return '';
  return pathUp(issuer, above)
    .filter((one) => !isIssuedBy(one, one))
    .map((one) => one.toString())
    .join('');
}

/** From an issuer to the highest that is known, itself included. */
export function pathUp(
  issuer: X509Certificate,
  above: readonly X509Certificate[],
): readonly X509Certificate[] {
  const path = [issuer];
  for (let at = issuer; path.length <= above.length && !isIssuedBy(at, at); ) {
    const next = above.find((one) => isIssuedBy(at, one));
    if (next === undefined) break;
    path.push(next);
    at = next;
  }
  return path;
}

/** Where in a CA file the certificate of a key is; undefined when it is nowhere. */
export function placeOfKey(pem: string, fits: (certificate: X509Certificate) => boolean): number | undefined {
  const place = certificatesIn(pem).findIndex(fits);
  return place < 0 ? undefined : place;
}

/** One is signed by the key of the other, which may sign certificates. */
export function isIssuedBy(one: X509Certificate, other: X509Certificate): boolean {
  try {
    return one.checkIssued(other) && one.verify(other.publicKey);
  } catch {
    return false;
  }
}

/** Whose it is, on one line. */
export function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}
