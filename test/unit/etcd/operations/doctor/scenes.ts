import { commandLine } from '../../../../../lib/command-line.ts';
import { type EtcdFacts, ORDINARY } from '../../../../../lib/etcd/facts/index.ts';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { memberOf } from '../../../../../lib/etcd/model/cluster.ts';
import { diagnose, sceneOf } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import type { Evidence } from '../../../../../lib/etcd/operations/doctor/evidence.ts';
import { readJournal } from '../../../../../lib/etcd/operations/doctor/journal.ts';
import { reportDiagnosis } from '../../../../../lib/etcd/operations/doctor/report.ts';
import type { Scene } from '../../../../../lib/etcd/operations/doctor/scene.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

export const NAMES = ['etcd01', 'etcd02', 'etcd03'];
const HOSTVARS = Object.fromEntries(
  NAMES.map((name, i) => [name, { ...DEFAULTS, etcd_address: `10.0.0.${i + 1}`, etcd_cluster_name: 'c' }]),
);

export const HEALTHY: MemberReading = {
  healthy: true,
  said: '',
  certificates: [],
  alarms: [],
  hash: { hash: 42, revision: 7, compacted: 1 },
};
/** Every member tells of every alarm. */
export const ALARMED: MemberReading = {
  ...HEALTHY,
  members: NAMES.map((name, i) => ({
    id: `b${i + 1}`,
    name,
    peerUrls: [`https://10.0.0.${i + 1}:2380`],
    clientUrls: ['https://10.0.0.1:2379'],
    learner: false,
  })),
  alarms: [{ memberId: 'b2', alarm: 'NOSPACE' }],
};
export const SICK: MemberReading = { ...HEALTHY, healthy: false };

export interface Change {
  readonly service?: 'active' | 'failed';
  readonly reading?: MemberReading;
  readonly journal?: string;
  readonly freeKiB?: number;
  readonly owner?: string;
  readonly offset?: number;
  /** Both certificates are there, and as they should be. */
  readonly certificates?: true;
  readonly settings?: Readonly<Record<string, string>>;
  readonly evidence?: Partial<Evidence>;
  readonly facts?: Partial<EtcdFacts>;
}

function fine(file: 'server.pem' | 'peer.pem', index: number) {
  const [from, until] = [new Date(0), new Date(Date.now() + 1e12)];
  return { file, from, until, names: [`10.0.0.${index + 1}`], lacks: [], pem: '' };
}

export const DATA = '/var/lib/etcd/default.etcd';

export function there(path: string, owner: string, mode = '0700'): Evidence['paths'][number] {
  return { path, state: 'there', mode, owner, group: owner, size: 1, isDirectory: !/\.\w+$/.test(path) };
}

/** Three members, healthy but for what is changed by index. */
export function cluster(
  changes: Readonly<Record<number, Change>> = {},
  absent: readonly string[] = [],
): Scene {
  const all = NAMES.map((name, i) => {
    const {
      service = 'active',
      reading = HEALTHY,
      journal = '',
      freeKiB = 9e6,
      owner = 'etcd',
      offset = 0,
      certificates,
      settings = {},
      evidence = {},
      facts = {},
    } = changes[i] ?? {};
    const clock = { offset, within: 5 };
    return {
      member: memberOf({ name, vars: HOSTVARS[name] ?? {}, hostvars: HOSTVARS }),
      facts: {
        ...ORDINARY,
        owner: 'cluster c',
        service,
        reading: ofItself(reading, i),
        host: { ...ORDINARY.host, clock },
        ...facts,
      },
      journal: readJournal(journal),
      unread: undefined,
      stops: [],
      ports: [],
      free: { mount: '/var', kiB: freeKiB },
      certificates: certificates ? [fine('server.pem', i), fine('peer.pem', i)] : [],
      odd: [],
      settings: new Map(Object.entries(settings)),
      paths: [there(DATA, owner)],
      mounts: [],
      logs: [{ path: `${DATA}/member/wal/0.wal`, size: 64_000_000, changed: 1 }],
      unmounted: [],
      unit: undefined,
      dropIns: [],
      lockers: [],
      process: service === 'active' ? { pid: 800 + i, state: 'S', proxies: [] } : undefined,
      holder: undefined,
      addresses: [],
      routes: [],
      ...evidence,
    };
  });
  const members = all.map(({ member }) => member);
  return sceneOf(
    members,
    all.filter(({ member }) => !absent.includes(member.host)),
  );
}

/** Each tells its own ID, where nothing else was said. */
function ofItself(reading: MemberReading, i: number): MemberReading {
  const { status } = reading;
  return status?.memberId === STATUS.memberId
    ? { ...reading, status: { ...status, memberId: `b${i + 1}` } }
    : reading;
}

export const said = (changes: Readonly<Record<number, Change>>) =>
  diagnose(cluster(changes)).map(({ cause, hosts }) => [cause, ...hosts].join(' '));

export const NO_QUORUM = 'etcdserver: request timed out';
export const REFUSED = 'dial tcp 10.0.0.2:2380: connect: connection refused';

/** All members, as each of them lists them. */
export const LIST = NAMES.map((name, i) => ({
  id: `b${i + 1}`,
  name,
  peerUrls: [`https://10.0.0.${i + 1}:2380`],
  clientUrls: [`https://10.0.0.${i + 1}:2379`],
  learner: false,
}));
export const STATUS = {
  clusterId: 'one',
  memberId: 'b1',
  leaderId: 'b1',
  version: '3.7.3',
  dbSize: 1,
  revision: 7,
  raftTerm: 2,
  raftIndex: 9,
  learner: false,
};
export const WELL: MemberReading = { ...HEALTHY, status: STATUS, members: LIST };
export const DOWN = { service: 'failed', reading: { ...SICK, members: undefined } } as const;
export const listing = (members: MemberReading['members']): MemberReading => ({ ...WELL, members });
export const FORMED = [{ id: 'b3', name: 'etcd03', peerUrls: ['https://10.0.0.3:2380'] }];
/** No log, anywhere. */
export const EMPTY = { paths: [], logs: [] };
export const OTHER = '/var/lib/etcd/other.etcd';
export const SSL = '/opt/etcd/ssl';

/** What is told of etcd03, the others being well: causes in order, evidence and steps of the first. */
export function told(third: Change, others: MemberReading = WELL, absent: readonly string[] = []) {
  const scene = cluster({ 0: { reading: others }, 1: { reading: others }, 2: third }, absent);
  const found = diagnose(scene);
  const [first] = found;
  if (first === undefined) return { causes: [] as string[], evidence: '', next: '' };
  const { hint = '' } = reportDiagnosis(first, { afterOthers: false });
  return {
    causes: found.map(({ cause, hosts }) => [cause, ...hosts].join(' ')),
    evidence: first.evidence.join('\n'),
    next: hint,
  };
}

export const MEMBERS = commandLine('members');
export const RECOVER = commandLine('recover');
export const START = 'systemctl reset-failed etcd; systemctl restart --no-block etcd';
export const SITE = commandLine('site');
export const DOCTOR = commandLine('doctor');
