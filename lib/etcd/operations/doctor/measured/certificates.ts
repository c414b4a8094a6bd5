import { quote } from '../../../../dsl/shell/sh.ts';
import { fromHere } from '../../../../paths.ts';
import {
  certificateProblems,
  describeProblem,
  fingerprints,
  parseCertificate,
} from '../../../../pki/index.ts';
import { type CertificateFault, certificateFaults, endOfCa } from '../../../facts/found-certificates.ts';
import { trustedRecord } from '../../../facts/kept.ts';
import { CA_SOON, daysUntil } from '../../../health/table.ts';
import { openRotation } from '../../../survey/intents.ts';
import type { CauseId } from '../causes/index.ts';
import type { Evidence } from '../evidence.ts';
import { on, path, type Remedy, site, start } from '../remedies.ts';
import { aboutMember, type Clue, type Scene } from '../scene.ts';

/** The CA that most hosts have, for comparison only. */
function commonCa(all: readonly Evidence[]): string | undefined {
  const pems = all.flatMap(({ facts }) => facts.caPem ?? []);
  const votes = (pem: string) => pems.filter((other) => other === pem).length;
  return [...pems].sort((a, b) => votes(b) - votes(a))[0];
}

/** By the CA that most hosts have. */
export function ofCertificates(scene: Scene): readonly Clue[] {
  const { all } = scene;
  const caPem = commonCa(all);
  return [...ofCa(all), ...all.flatMap((one) => ofLeaves(one, caPem, scene))];
}

/** The CA has not ended, and will before long. */
export function endsSoon(all: readonly Evidence[]): boolean {
  const end = endOfCommonCa(all);
  if (end === undefined) return false;
  const days = daysUntil(end);
  return days >= 0 && days < CA_SOON;
}

/** Of the one that has signed what members show. */
function endOfCommonCa(all: readonly Evidence[]): Date | undefined {
  return endOfCa(
    commonCa(all),
    all.flatMap(({ certificates }) => certificates),
  );
}

function ofCa(all: readonly Evidence[]): readonly Clue[] {
  const end = endOfCommonCa(all);
  if (end === undefined || end > new Date()) return [];
  return [{ cause: 'ca-expired', evidence: `ca.pem ended ${day(end)}` }];
}

/**
 * The same key and name with another end: every certificate that it signed stays good. Hosts get it from control
 * where they have, and remember, none: another one is refused.
 */
export function renewCa(pkiDir: string, all: readonly Evidence[], hasEnded: boolean): Remedy {
  const restarts = all.flatMap(({ member }) =>
    member.manager === 'systemd' ? [on(member, `systemctl restart --no-block ${member.service}`)] : [],
  );
  return [
    renewal(quote(fromHere(pkiDir)), commonCa(all)),
    ...all.map(({ member }) => {
      const ca = path(member, `${member.certDir}/ca.pem`);
      const record = path(member, trustedRecord(member));
      return on(member, `mv ${ca} ${ca}.before`, `mv ${record} ${record}.before`);
    }),
    site({ isReady: true }, 'certs'),
    // Without trust, or a member to spare, there is no quorum that turns could wait for.
    ...(hasEnded || all.length < 3 ? restarts : []),
    site({ isReady: true }),
  ];
}

/** On control. Who issued an intermediate has the key for it; what else is trusted stays in the file. */
function renewal(folder: string, pem = ''): string {
  const first = parseCertificate(pem);
  if (first !== undefined && first.issuer !== first.subject) {
    const above = first.issuer.replaceAll('\n', ', ');
    return `have ${folder}/ca.pem issued anew by ${quote(above)}, with the same key and name; the CAs above it stay behind it there`;
  }
  const others = pem.split('-----BEGIN CERTIFICATE-----').length > 2;
  return [
    `here: cd ${folder}`,
    'cp ca.pem ca.pem.before',
    'openssl x509 -in ca.pem.before -signkey ca-key.pem -days 3650 -out ca.pem',
    ...(others ? ["awk '/BEGIN CERT/ {n++} n > 1' ca.pem.before >>ca.pem"] : []),
  ].join('; ');
}

function ofLeaves(
  { member, facts, certificates }: Evidence,
  caPem: string | undefined,
  scene: Scene,
): readonly Clue[] {
  // It reads its CA at a start only, however well it is.
  const loads = { ...aboutMember(member, scene), works: false };
  const ca = path(member, `${member.certDir}/ca.pem`);
  const { host } = member;
  const odd = facts.caPem !== undefined && caPem !== undefined && !isOneTrust(facts.caPem, caPem, scene);
  return [
    ...(odd
      ? [
          {
            cause: 'wrong-ca' as const,
            host,
            evidence: `${host}: ca.pem has SHA-256 ${printsOf(facts.caPem ?? '')}, most have ${printsOf(caPem)}`,
            // Another CA is refused.
            remedy: [on(member, `mv ${ca} ${ca}.odd`), site({ isReady: true }, 'certs'), start(loads)],
          },
        ]
      : []),
    ...certificateFaults(member, certificates).map(({ kind, message }) => ({
      cause: OF_FAULT[kind],
      host,
      evidence: message,
    })),
    ...certificates.flatMap(({ file, pem = '' }) =>
      certificateProblems({ pem, caPem, sans: undefined, renewBefore: 0 })
        .filter(({ kind }) => kind === 'wrong-ca')
        .map((problem) => ({
          cause: 'wrong-ca' as const,
          host,
          evidence: `${host}: ${member.certDir}/${file}: ${describeProblem(problem)}`,
        })),
    ),
  ];
}

/** Half-way through a rotation some trust one CA, some both: whoever shares one with most is no stranger. */
function isOneTrust(own: string, most: string, { all }: Scene): boolean {
  if (own === most) return true;
  const hosts = all.map(({ facts }) => ({ target: { facts } }));
  return (
    openRotation(hosts) !== undefined && fingerprints(own).some((one) => fingerprints(most).includes(one))
  );
}

function printsOf(pem: string): string {
  return fingerprints(pem).join(' and ');
}

const OF_FAULT: Readonly<Record<CertificateFault['kind'], CauseId>> = {
  expired: 'expired',
  names: 'san',
  usage: 'key-usage',
};

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
