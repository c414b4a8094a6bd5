import { isIP } from 'node:net';
import { canonicalAddress } from '../../addresses.ts';
import { endOfChain, keyTypeOf, missingUses, parseCertificate } from '../../pki/index.ts';
import type { Member } from '../model/cluster.ts';

/** One of a member's two certificates as it lies on the host. */
export interface MemberCertificate {
  /** `server.pem` is shown to clients, `peer.pem` to members. */
  readonly file: 'server.pem' | 'peer.pem';
  readonly from: Date;
  readonly until: Date;
  /** Common name of its subject: to etcd's own authentication the user who shows it. */
  readonly commonName?: string;
  /** Its subject alternative names, without their kinds. */
  readonly names: readonly string[];
  /** What members use it for and it is not made for: they show both of theirs as servers and as clients. */
  readonly lacks: readonly string[];
  /** Kind of its key, as `ecdsa-256`; undefined for kinds that have no name here. */
  readonly keyType?: string | undefined;
  /** As it lies there. */
  readonly pem?: string;
}

/** What is wrong with one of them, as others see it. */
export interface CertificateFault {
  readonly kind: 'expired' | 'names' | 'usage';
  readonly message: string;
}

/** What a PEM text of a member says; undefined when it is not a certificate. */
export function memberCertificate(
  file: MemberCertificate['file'],
  pem: string,
): MemberCertificate | undefined {
  const certificate = parseCertificate(pem);
  if (!certificate) return undefined;
  const { validFrom, validTo, subject = '', subjectAltName = '' } = certificate;
  const [, commonName] = /^CN=(.+)$/m.exec(subject) ?? [];
  const names = subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address|URI|email):/, ''));
  return {
    file,
    from: new Date(validFrom),
    until: new Date(validTo),
    ...(commonName !== undefined && { commonName }),
    names: names.filter(Boolean),
    // Without the extension it is for everything.
    lacks: certificate.keyUsage ? missingUses(certificate) : [],
    keyType: keyTypeOf(certificate.publicKey),
    pem,
  };
}

/** When the CA ends that has signed the certificates of a member, by its CA file; undefined where none can be read. */
export function endOfCa(
  pem: string | undefined,
  certificates: readonly MemberCertificate[],
): Date | undefined {
  return pem === undefined
    ? undefined
    : endOfChain(
        pem,
        certificates.flatMap((one) => one.pem ?? []),
      );
}

/** When the first of them ends. */
export function endOf(certificates: readonly MemberCertificate[]): Date | undefined {
  return [...certificates].sort((a, b) => a.until.getTime() - b.until.getTime())[0]?.until;
}

/** Why others must reject a member's certificates: over, not yet valid, not for its address, not for this use. */
export function certificateFaults(
  member: Member,
  certificates: readonly MemberCertificate[],
  now = new Date(),
  caEnd?: Date,
): readonly CertificateFault[] {
  // No run renews what ended with its CA.
  const renewal =
    caEnd !== undefined && caEnd < now ? ', and so did its CA: only a new one helps' : ': a run renews it';
  return certificates.flatMap(({ file, from, until, names, lacks }) => {
    const fault = (kind: CertificateFault['kind'], what: string): CertificateFault => ({
      kind,
      message: `${member.host}: ${member.certDir}/${file} ${what}`,
    });
    const address = file === 'peer.pem' ? member.peerAddress : member.address;
    return [
      ...(until < now ? [fault('expired', `ended ${day(until)}${renewal}`)] : []),
      ...(from > now
        ? [fault('expired', `is valid from ${from.toISOString()} only: is the clock right?`)]
        : []),
      ...(names.some((name) => covers(name, address))
        ? []
        : [
            fault('names', `is for ${names.join(', ') || 'no name'}, it needs ${address}: a run reissues it`),
          ]),
      ...(lacks.length > 0 ? [fault('usage', `is not for ${lacks.join(' and ')}: a run reissues it`)] : []),
    ];
  });
}

function covers(name: string, address: string): boolean {
  const [wanted = '', given = ''] = [address, name].map((one) => canonicalAddress(one).toLowerCase());
  if (wanted === given) return true;
  return (
    isIP(address) === 0 && given.startsWith('*.') && wanted.split('.').slice(1).join('.') === given.slice(2)
  );
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
