import { certificateProblems, describeProblem, fingerprint } from '../../../pki/index.ts';
import { type CertificateFault, certificateFaults } from '../../facts/found-certificates.ts';
import { isUp } from '../../facts/index.ts';
import type { MemberReading } from '../../facts/read-member.ts';
import type { Finding } from '../../health/judge.ts';
import { filteredSaid } from '../../health/port-matrix.ts';
import { filtered, type PortReading } from '../../health/ports.ts';
import type { CauseId } from './causes.ts';
import type { Evidence } from './evidence.ts';

/** One thing that speaks for a cause. */
export interface Clue {
  readonly cause: CauseId;
  /** Whom it is about, when that is one host. */
  readonly host?: string;
  readonly evidence: string;
}

/** MiB below which etcd cannot allocate its next WAL segment. */
const SEGMENT = 64;

/** Milliseconds; etcd itself warns from there. */
const SKEW = 1000;

/** What was seen just now on hosts, between them, and of the cluster as a whole. */
export function measuredClues(
  all: readonly Evidence[],
  findings: readonly Finding[],
  rules: ReadonlyMap<string, string>,
): readonly Clue[] {
  return [
    ...all.flatMap((one) => ofHost(one)),
    ...ofAlarms(all),
    ...ofCertificates(all),
    ...ofPorts(all, rules),
    ...ofCluster(findings, all),
  ];
}

function ofHost({ member, facts, free, data, plaintext }: Evidence): readonly Clue[] {
  const { host } = member;
  const clue = (cause: CauseId, evidence: string): Clue => ({
    cause,
    host,
    evidence: `${host}: ${evidence}`,
  });
  const { clock, listeners } = facts.host;
  const mib = free && Math.floor(free.kiB / 1024);
  return [
    ...(free && mib !== undefined && mib < SEGMENT
      ? [clue('disk-full', `${free.mount} has ${mib} MiB left, a WAL segment takes ${SEGMENT}`)]
      : []),
    ...(data && member.user !== undefined && data.owner !== member.user
      ? [
          clue(
            'permission',
            `${member.dataDir} belongs to ${data.owner}, mode ${data.mode}; etcd runs as ${member.user}`,
          ),
        ]
      : []),
    ...listeners.map(({ port, pid, program, address }) =>
      clue(
        'port-taken',
        `port ${port} is taken by ${program ?? 'another process'}${pid === undefined ? '' : ` (pid ${pid})`} on ${address}`,
      ),
    ),
    ...(clock && Math.abs(clock.offset) - clock.within > SKEW
      ? [
          clue(
            'clock',
            `its clock is ${(Math.abs(clock.offset) / 1000).toFixed(1)} s ${clock.offset > 0 ? 'ahead of' : 'behind'} this machine's`,
          ),
        ]
      : []),
    ...plaintext.map((setting) => clue('http', `${member.configDir}/etcd.conf has ${setting}`)),
    ...(isUp(facts) ? [] : [clue('stopped', `${member.service} is ${facts.service}`)]),
  ];
}

/** Every member lists the alarms of all: each counts once, for the member that raised it. */
function ofAlarms(all: readonly Evidence[]): readonly Clue[] {
  const readings = all.flatMap(({ facts }) => facts.reading ?? []);
  const listed = readings.flatMap(({ members }) => members ?? []);
  const raised = readings.flatMap(({ alarms }) => alarms ?? []);
  const distinct = new Map(raised.map((one) => [`${one.alarm} ${one.memberId}`, one]));
  return [...distinct.values()].map(({ memberId, alarm }) => {
    const peerUrls = listed.find(({ id }) => id === memberId)?.peerUrls ?? [];
    const host = all.find(({ member }) => peerUrls.includes(member.peerUrl))?.member.host;
    return {
      cause: alarm === 'CORRUPT' ? 'corrupt' : 'quota',
      ...(host !== undefined && { host }),
      evidence: `alarm ${alarm} on ${host ?? `member ${memberId}`}`,
    };
  });
}

/** By the CA that most hosts have. */
function ofCertificates(all: readonly Evidence[]): readonly Clue[] {
  const caPem = commonCa(all.map(({ facts }) => facts));
  return all.flatMap(({ member, facts, certificates }): readonly Clue[] => {
    const { host } = member;
    const odd = facts.caPem !== undefined && caPem !== undefined && facts.caPem !== caPem;
    return [
      ...(odd
        ? [
            {
              cause: 'wrong-ca' as const,
              host,
              evidence: `${host}: ca.pem has SHA-256 ${fingerprint(facts.caPem ?? '')}, most have ${fingerprint(caPem)}`,
            },
          ]
        : []),
      ...certificateFaults(member, certificates).map(({ kind, message }) => ({
        cause: OF_CERTIFICATE[kind],
        host,
        evidence: message,
      })),
      ...certificates.flatMap(({ file, pem }) =>
        certificateProblems({ pem, caPem, sans: undefined, renewBefore: 0 })
          .filter(({ kind }) => kind === 'wrong-ca')
          .map((problem) => ({
            cause: 'wrong-ca' as const,
            host,
            evidence: `${host}: ${member.certDir}/${file}: ${describeProblem(problem)}`,
          })),
      ),
    ];
  });
}

/** The CA that most hosts have, for comparison only. */
function commonCa(hosts: readonly Pick<Evidence['facts'], 'caPem'>[]): string | undefined {
  const pems = hosts.flatMap(({ caPem }) => caPem ?? []);
  const votes = (pem: string) => pems.filter((other) => other === pem).length;
  return [...pems].sort((a, b) => votes(b) - votes(a))[0];
}

const OF_CERTIFICATE: Readonly<Record<CertificateFault['kind'], CauseId>> = {
  expired: 'expired',
  names: 'san',
  usage: 'key-usage',
};

/** Between hosts that were reached. */
export function filteredPorts(all: readonly Evidence[]): readonly PortReading[] {
  return filtered(
    all.flatMap(({ ports }) => ports),
    (name) => all.some(({ member }) => member.host === name),
  );
}

function ofPorts(all: readonly Evidence[], rules: ReadonlyMap<string, string>): readonly Clue[] {
  return filteredPorts(all).map((reading) => ({
    cause: 'filtered',
    host: reading.to,
    evidence: filteredSaid(reading, rules),
  }));
}

function ofCluster(findings: readonly Finding[], all: readonly Evidence[]): readonly Clue[] {
  const causes: Partial<Record<Finding['check'], CauseId>> = {
    foreign: 'foreign-program',
    'cluster-id': 'cluster-id',
    hash: 'corrupt',
    'member-list': 'peer-url',
    learner: 'learner',
    leader: 'no-quorum',
  };
  return findings.flatMap(({ check, host, message }) => {
    const cause = causes[check];
    // A member that the inventory does not have is told of by the one that it has instead.
    if (cause === undefined || (check === 'member-list' && host === undefined)) return [];
    const odd = host === undefined ? oddHosts(all, ODD_BY[check]) : [host];
    return (odd.length > 0 ? odd : [undefined]).map((one) => ({
      cause,
      ...(one !== undefined && { host: one }),
      evidence: message,
    }));
  });
}

/** What members must agree on. */
const ODD_BY: Partial<Record<Finding['check'], (reading: MemberReading) => string | undefined>> = {
  'cluster-id': ({ status }) => status?.clusterId,
  hash: ({ hash }) => hash && String(hash.hash),
};

/** Those that do not say what a majority says; none where there is no majority. */
function oddHosts(
  all: readonly Evidence[],
  by: ((reading: MemberReading) => string | undefined) | undefined,
): readonly string[] {
  if (by === undefined) return [];
  const said = all.flatMap(({ member, facts: { reading } }) => {
    const value = reading && by(reading);
    return value === undefined ? [] : [{ host: member.host, value }];
  });
  const votes = (value: string) => said.filter((one) => one.value === value).length;
  const ruling = said.find(({ value }) => votes(value) > all.length / 2)?.value;
  return ruling === undefined ? [] : said.filter(({ value }) => value !== ruling).map(({ host }) => host);
}
