import { certificateProblems, describeProblem, fingerprint } from '../../pki/index.ts';
import { type CertificateFault, certificateFaults } from '../certificates.ts';
import { type Finding, judgeCluster } from '../judge.ts';
import { hostPort } from '../model.ts';
import { filteredSaid } from '../port-matrix.ts';
import { filtered } from '../ports.ts';
import type { MemberReading } from '../read.ts';
import { type CauseId, weightOf } from './causes.ts';
import type { Evidence } from './evidence.ts';
import { causeOfLine, excerpt } from './signatures.ts';

/** One cause with what speaks for it. */
export interface Diagnosis {
  readonly cause: CauseId;
  /** Hosts it is about, in the order of the inventory; empty when it is about none in particular. */
  readonly hosts: readonly string[];
  readonly evidence: readonly string[];
}

/** What a journal or etcdctl says; `isAbout`: the line names the host, which is else the one that wrote it. */
type Written = Clue & { readonly from: string; readonly host: string; readonly isAbout: boolean };

type Clue = { readonly cause: CauseId; readonly host?: string; readonly evidence: string };

/** MiB below which etcd cannot allocate its next WAL segment. */
const SEGMENT = 64;

/** Milliseconds; etcd itself warns from there. */
const SKEW = 1000;

/**
 * What is wrong, most likely cause first. What is measured counts always; what journals say only about members
 * that are sick, or when nothing else explains it: every start leaves lines that were true for a second.
 * `rules` holds what the hosts' firewalls say of ports, by host.
 */
export function diagnose(
  all: readonly Evidence[],
  rules: ReadonlyMap<string, string> = new Map(),
): readonly Diagnosis[] {
  const findings = judgeCluster(all.map(({ member, facts }) => ({ member, reading: facts.reading })));
  const measured = [
    ...all.flatMap((one) => ofHost(one)),
    ...ofCertificates(all),
    ...ofPorts(all, rules),
    ...ofCluster(findings, all),
  ];
  const sick = new Set(all.filter(({ facts }) => !facts.reading?.healthy).map(({ member }) => member.host));
  const written = all
    .flatMap((one) => [...ofAnswer(one), ...ofJournal(one, all)])
    .filter((clue) => !isPast(clue, measured, all));
  const telling = written.filter(({ from, host }) => sick.has(from) || sick.has(host));
  const rest = measured.length === 0 && telling.length === 0 && findings.length > 0 ? written : telling;
  return grouped([...measured, ...rest], all);
}

function ofHost({ member, facts, free, data, plaintext }: Evidence): readonly Clue[] {
  const { host } = member;
  const clue = (cause: CauseId, evidence: string): Clue => ({
    cause,
    host,
    evidence: `${host}: ${evidence}`,
  });
  const { clock, listeners } = facts.host;
  const runs = facts.service === 'active' || facts.service === 'activating';
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
    ...(runs ? [] : [clue('stopped', `${member.service} is ${facts.service}`)]),
    ...(facts.reading?.alarms ?? []).map(({ alarm }) =>
      clue(alarm === 'CORRUPT' ? 'corrupt' : 'quota', `alarm ${alarm}`),
    ),
  ];
}

/** By the CA that most hosts have. */
function ofCertificates(all: readonly Evidence[]): readonly Clue[] {
  const cas = all.flatMap(({ facts }) => facts.caPem ?? []);
  const votes = (pem: string) => cas.filter((other) => other === pem).length;
  const caPem = [...cas].sort((a, b) => votes(b) - votes(a))[0];
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

const OF_CERTIFICATE: Readonly<Record<CertificateFault['kind'], CauseId>> = {
  expired: 'expired',
  names: 'san',
  usage: 'key-usage',
};

function ofPorts(all: readonly Evidence[], rules: ReadonlyMap<string, string>): readonly Clue[] {
  return filtered(all.flatMap(({ ports }) => ports)).map((reading) => ({
    cause: 'filtered',
    host: reading.to,
    evidence: filteredSaid(reading, rules),
  }));
}

function ofCluster(findings: readonly Finding[], all: readonly Evidence[]): readonly Clue[] {
  const causes: Partial<Record<Finding['check'], CauseId>> = {
    'cluster-id': 'cluster-id',
    hash: 'corrupt',
    learner: 'learner',
    leader: 'no-quorum',
  };
  return findings.flatMap(({ check, host, message }) => {
    const cause = causes[check];
    if (cause === undefined) return [];
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

/** What a member's own etcdctl was told instead of an answer. */
function ofAnswer({ member: { host }, facts: { reading } }: Evidence): readonly Written[] {
  const lines = (reading?.said ?? '').split('\n');
  return lines.flatMap((line) => {
    const cause = causeOfLine(line);
    if (cause === undefined) return [];
    return { cause, from: host, host, isAbout: true, evidence: `${host}, etcdctl: ${excerpt(line.trim())}` };
  });
}

/** A journal tells of a time; what was measured just now, and is well, is over. */
function isPast(
  { cause, host, isAbout }: Written,
  measured: readonly Clue[],
  all: readonly Evidence[],
): boolean {
  const one = all.find(({ member }) => member.host === host);
  if (one === undefined || measured.some((clue) => clue.cause === cause)) return false;
  switch (cause) {
    case 'san':
      // A name that is no member's is a client's matter, and not measured.
      return isAbout && one.certificates.length === 2;
    case 'expired':
    case 'wrong-ca':
    case 'key-usage':
      return all.every(({ certificates }) => certificates.length === 2);
    case 'clock':
      return all.every(({ facts }) => facts.host.clock !== undefined);
    case 'filtered':
    case 'refused': {
      const seen = all.flatMap(({ ports }) => ports).filter(({ to }) => to === host);
      return seen.length > 0 && !seen.some(({ state }) => state === cause);
    }
    case 'no-quorum':
      return all.filter(({ facts }) => facts.reading?.healthy).length > all.length / 2;
    default:
      return false;
  }
}

/** `from` is whose journal it is, `host` whom the line is about. */
function ofJournal({ member, journal }: Evidence, all: readonly Evidence[]): readonly Written[] {
  return journal.map(({ cause, count, line }) => {
    const subject = subjectOf(cause, line, all);
    return {
      cause,
      from: member.host,
      host: subject ?? member.host,
      isAbout: subject !== undefined,
      evidence: `${member.host}, journal${count > 1 ? `, ${count} times` : ''}: ${excerpt(line)}`,
    };
  });
}

/** The member that a line is about: whose address it names as the other end, or as the name that is missing. */
function subjectOf(cause: CauseId, line: string, all: readonly Evidence[]): string | undefined {
  const about: readonly CauseId[] = ['filtered', 'refused', 'san', 'rejected', 'clock'];
  if (!about.includes(cause)) return undefined;
  const missing = cause === 'san' ? /, not ([^\s",]+)/.exec(line)?.[1] : undefined;
  const found = all.filter(({ member: { address, clientPort, peerPort } }) =>
    missing === undefined
      ? [clientPort, peerPort].some((port) => names(line, hostPort(address, port)))
      : missing === address,
  );
  return found.length === 1 ? found[0]?.member.host : undefined;
}

/** `10.0.0.1:2380` is not named by `110.0.0.1:23801`. */
function names(line: string, endpoint: string): boolean {
  const at = line.indexOf(endpoint);
  return at >= 0 && !/[\w.]/.test(line[at - 1] ?? '') && !/\d/.test(line[at + endpoint.length] ?? '');
}

function grouped(clues: readonly Clue[], all: readonly Evidence[]): readonly Diagnosis[] {
  const order = all.map(({ member }) => member.host);
  const byCause = new Map<CauseId, Clue[]>();
  for (const clue of clues) byCause.set(clue.cause, [...(byCause.get(clue.cause) ?? []), clue]);
  return [...byCause]
    .sort(([a], [b]) => weightOf(a) - weightOf(b))
    .map(([cause, some]) => ({
      cause,
      hosts: order.filter((host) => some.some((clue) => clue.host === host)),
      evidence: [...new Set(some.map(({ evidence }) => evidence))],
    }));
}
