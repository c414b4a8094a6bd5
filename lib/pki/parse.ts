import { X509Certificate } from 'node:crypto';

/** Parsing costs more than anything else done with a certificate; planning and verifying look at the same ones. */
const parsed = new Map<string, X509Certificate | undefined>();

/** Certificates kept: five hundred hosts' worth. */
const MOST = 1000;

/** The first certificate of a PEM text; undefined when there is none that can be read. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  const block = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/)?.[0] ?? pem;
  if (!parsed.has(block)) {
    if (parsed.size >= MOST) parsed.clear();
    parsed.set(block, parse(block));
  }
  return parsed.get(block);
}

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
