import { X509Certificate } from 'node:crypto';
import { missingUses } from '../uses.ts';

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

/** `shownBehind` for what the first one of a CA file issues. */
export function intermediates(caPem: string): string {
  const [issuer, ...above] = certificatesIn(caPem);
  return issuer === undefined ? '' : withoutRoot(pathUp(issuer, above));
}

/**
 * What is to be shown after a certificate, PEM: who of `cas` has issued it, and those above but for the root, which the
 * other side must have by itself. Empty where a root has issued it, or none of them.
 */
export function shownBehind(leaf: X509Certificate, cas: readonly X509Certificate[]): string {
  const issuer = cas.find((one) => isIssuedBy(leaf, one));
  return issuer === undefined ? '' : withoutRoot(pathUp(issuer, cas));
}

function withoutRoot(path: readonly X509Certificate[]): string {
  return path
    .filter((one) => !isIssuedBy(one, one))
    .map((one) => one.toString())
    .join('');
}

/**
 * Who has issued the first certificate of a PEM text, where all that trust a CA file accept it: one of the file, or one
 * that the text has after the first, below one of the file. So an intermediate may change while its root stays.
 * undefined where nobody of those has.
 */
export function issuerUnder(pem: string, caPem: string): X509Certificate | undefined {
  const [first, ...behind] = certificatesIn(pem);
  const trusted = certificatesIn(caPem);
  const cas = [...trusted, ...behind];
  const issuer = first && cas.find((one) => isIssuedBy(first, one));
  if (issuer === undefined) return undefined;
  const anchors = new Set(trusted.map(({ fingerprint256 }) => fingerprint256));
  return pathUp(issuer, cas).some(({ fingerprint256 }) => anchors.has(fingerprint256)) ? issuer : undefined;
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
