import { isIP } from 'node:net';
import { canonicalAddress } from '../addresses.ts';
import { parseCertificate } from '../pki/index.ts';
import type { Finding } from './judge.ts';
import type { Member } from './model.ts';

/** One of a member's two certificates as it lies on the host. */
export interface MemberCertificate {
  /** `server.pem` is shown to clients, `peer.pem` to members. */
  readonly file: 'server.pem' | 'peer.pem';
  readonly from: Date;
  readonly until: Date;
  /** Its subject alternative names, without their kinds. */
  readonly names: readonly string[];
}

/** What a PEM text of a member says; undefined when it is no certificate. */
export function memberCertificate(
  file: MemberCertificate['file'],
  pem: string,
): MemberCertificate | undefined {
  const certificate = parseCertificate(pem);
  if (!certificate) return undefined;
  const { validFrom, validTo, subjectAltName = '' } = certificate;
  const names = subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address|URI|email):/, ''));
  return { file, from: new Date(validFrom), until: new Date(validTo), names: names.filter(Boolean) };
}

/** When the first of them ends. */
export function endOf(certificates: readonly MemberCertificate[]): Date | undefined {
  return [...certificates].sort((a, b) => a.until.getTime() - b.until.getTime())[0]?.until;
}

/** A certificate that others must reject: over, not yet valid, or without the address they connect to. */
export function judgeCertificates(
  member: Member,
  certificates: readonly MemberCertificate[],
  now = new Date(),
): readonly Finding[] {
  return certificates.flatMap(({ file, from, until, names }) => {
    const finding = (what: string): Finding => ({
      check: 'certificate',
      host: member.host,
      message: `${member.host}: ${member.certDir}/${file} ${what}`,
    });
    const { address } = member;
    return [
      ...(until < now ? [finding(`ended ${day(until)}: a run renews it`)] : []),
      ...(from > now ? [finding(`is valid from ${from.toISOString()} only: is the clock right?`)] : []),
      ...(names.some((name) => covers(name, address))
        ? []
        : [finding(`is for ${names.join(', ') || 'no name'}, it needs ${address}: a run reissues it`)]),
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
