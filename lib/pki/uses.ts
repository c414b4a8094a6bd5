import type { X509Certificate } from 'node:crypto';

/** What a certificate may be shown as, by its extended key usages. */
export type ExtendedUse = 'server auth' | 'client auth';

const USE_OIDS: Readonly<Record<ExtendedUse, string>> = {
  'server auth': '1.3.6.1.5.5.7.3.1',
  'client auth': '1.3.6.1.5.5.7.3.2',
};

/** What a certificate may not be used for, of what it is wanted for. */
export function missingUses(
  cert: X509Certificate,
  uses: readonly ExtendedUse[] = ['server auth', 'client auth'],
): readonly ExtendedUse[] {
  const found: readonly string[] = cert.keyUsage ?? [];
  return uses.filter((use) => !found.includes(USE_OIDS[use]));
}
