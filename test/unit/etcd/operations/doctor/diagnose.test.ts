import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../../lib/command-line.ts';
import { type EtcdFacts, ORDINARY } from '../../../../../lib/etcd/facts/index.ts';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { memberOf } from '../../../../../lib/etcd/model/cluster.ts';
import { diagnose, sceneOf } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import type { Evidence } from '../../../../../lib/etcd/operations/doctor/evidence.ts';
import { readJournal } from '../../../../../lib/etcd/operations/doctor/journal.ts';
import { reportDiagnosis } from '../../../../../lib/etcd/operations/doctor/report.ts';
import { aboutMember, type Scene } from '../../../../../lib/etcd/operations/doctor/scene.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

const NAMES = ['etcd01', 'etcd02', 'etcd03'];
const HOSTVARS = Object.fromEntries(
  NAMES.map((name, i) => [name, { ...DEFAULTS, etcd_address: `10.0.0.${i + 1}`, etcd_cluster_name: 'c' }]),
);

const HEALTHY: MemberReading = {
  healthy: true,
  said: '',
  certificates: [],
  alarms: [],
  hash: { hash: 42, revision: 7, compacted: 1 },
};
/** Every member tells of every alarm. */
const ALARMED: MemberReading = {
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
const SICK: MemberReading = { ...HEALTHY, healthy: false };

interface Change {
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

const DATA = '/var/lib/etcd/default.etcd';

function there(path: string, owner: string, mode = '0700'): Evidence['paths'][number] {
  return { path, state: 'there', mode, owner, group: owner, size: 1, isDirectory: !/\.\w+$/.test(path) };
}

/** Three members, healthy but for what is changed by index. */
function cluster(changes: Readonly<Record<number, Change>> = {}, absent: readonly string[] = []): Scene {
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
        reading,
        host: { ...ORDINARY.host, clock },
        ...facts,
      },
      journal: readJournal(journal),
      unread: undefined,
      ports: [],
      free: { mount: '/var', kiB: freeKiB },
      certificates: certificates ? [fine('server.pem', i), fine('peer.pem', i)] : [],
      odd: [],
      settings: new Map(Object.entries(settings)),
      paths: [there(DATA, owner)],
      mounts: [],
      logs: [{ path: `${DATA}/member/wal/0.wal`, size: 64_000_000, changed: 1 }],
      dropIns: [],
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

const said = (changes: Readonly<Record<number, Change>>) =>
  diagnose(cluster(changes)).map(({ cause, hosts }) => [cause, ...hosts].join(' '));

const NO_QUORUM = 'etcdserver: request timed out';
const REFUSED = 'dial tcp 10.0.0.2:2380: connect: connection refused';

describe('the causes', () => {
  it.each<[string, Readonly<Record<number, Change>>, string[]]>([
    ['of nothing', {}, []],
    ['are not what healthy members once wrote', { 0: { journal: `${NO_QUORUM}\n${REFUSED}` } }, []],
    [
      'come before what follows from them',
      {
        0: { journal: `${REFUSED}\n${NO_QUORUM}`, reading: SICK },
        1: { service: 'failed', reading: SICK, journal: 'write x: no space left on device', freeKiB: 100 },
      },
      ['disk-full etcd02', 'refused etcd02', 'no-quorum etcd01'],
    ],
    [
      'are put to the member that a line is about',
      { 0: { journal: 'x509: certificate is valid for 10.0.0.1, not 10.0.0.3' }, 2: { reading: SICK } },
      ['san etcd03'],
    ],
    [
      'are not what a journal says of a certificate that is as it should be by now',
      {
        0: { journal: 'x509: certificate is valid for 10.0.0.1, not 10.0.0.3' },
        2: { reading: SICK, service: 'failed', certificates: true },
      },
      ['stopped etcd03'],
    ],
    [
      'are what it says of a name that no member has',
      {
        2: {
          reading: SICK,
          journal: 'x509: certificate is valid for 10.0.0.3, not lb.example',
          certificates: true,
        },
      },
      ['san etcd03'],
    ],
    [
      'are what a member’s own etcdctl was told',
      { 1: { reading: { ...SICK, said: 'Error: tls: first record does not look like a TLS handshake' } } },
      ['http etcd02'],
    ],
    [
      'are what is measured, not what a healthy member once wrote',
      {
        0: {
          journal: 'rafthttp: x509: certificate has expired',
          reading: { ...HEALTHY, status: { leaderId: '' } as never },
        },
      },
      ['no-quorum'],
    ],
    [
      'may be several, one a line',
      { 0: { offset: 4000 }, 1: { owner: 'root' } },
      ['permission etcd02', 'clock etcd01'],
    ],
    [
      'are no lack of quorum where a majority is well by now',
      { 2: { service: 'failed', reading: SICK, journal: NO_QUORUM } },
      ['stopped etcd03'],
    ],
    [
      'are settings that speak http',
      { 1: { settings: { ETCD_LISTEN_CLIENT_URLS: 'http://10.0.0.2:2379' } } },
      ['http etcd02'],
    ],
    [
      'of several hosts are one',
      { 0: { owner: 'root' }, 2: { owner: 'root' } },
      ['permission etcd01 etcd03'],
    ],
    [
      'are alarms, of the member that raised them, whoever tells of them',
      { 0: { reading: ALARMED }, 1: { reading: ALARMED }, 2: { reading: ALARMED } },
      ['quota etcd02'],
    ],
    [
      'are alarms of members that nobody knows',
      { 0: { reading: { ...ALARMED, alarms: [{ memberId: 'f9', alarm: 'NOSPACE' }] } } },
      ['quota'],
    ],
    [
      'of clusters that differ are put to whom the majority does not agree with',
      {
        0: { reading: { ...HEALTHY, status: { leaderId: 'a', clusterId: 'one' } as never } },
        1: { reading: { ...HEALTHY, status: { leaderId: 'a', clusterId: 'two' } as never } },
        2: { reading: { ...HEALTHY, status: { leaderId: 'a', clusterId: 'one' } as never } },
      },
      ['cluster-id etcd02'],
    ],
    [
      'of clusters that differ are put to nobody where there is no majority',
      {
        0: { reading: { ...HEALTHY, status: { leaderId: 'a', clusterId: 'one' } as never } },
        1: { reading: { ...HEALTHY, status: { leaderId: 'a', clusterId: 'two' } as never } },
      },
      ['cluster-id'],
    ],
    [
      'are put to the member that a long line is about',
      {
        0: {
          journal: `{"msg":"${'x'.repeat(900)}","error":"x509: certificate is valid for 10.0.0.1, not 10.0.0.3"}`,
        },
        2: { reading: SICK },
      },
      ['san etcd03'],
    ],
  ])('%s', (_name, changes, expected) => {
    expect(said(changes)).toEqual(expected);
  });

  it('are told with evidence and the next command, what follows as such', () => {
    const scene = cluster({
      0: { journal: REFUSED, reading: SICK },
      1: { service: 'failed', reading: SICK, freeKiB: 100 },
    });
    const [disk, refused] = diagnose(scene);
    const [, member] = scene.members;
    if (!disk || !refused || !member) throw new Error('too few');
    const about = aboutMember(member, scene);
    expect(reportDiagnosis(disk, { afterOthers: false, about })).toMatchObject({
      message:
        'etcd02: the disk that holds the data is full\netcd02: /var has 0 MiB left, a WAL segment takes 64',
      hint: expect.stringMatching(/^next: on etcd02: df -h \/var\/lib\/etcd\/default\.etcd; make room/),
      exitCode: 7,
      host: 'etcd02',
    });
    expect(reportDiagnosis(refused, { afterOthers: true }).message).toContain('(follows from the above)');
  });
});

/** All members, as each of them lists them. */
const LIST = NAMES.map((name, i) => ({
  id: `b${i + 1}`,
  name,
  peerUrls: [`https://10.0.0.${i + 1}:2380`],
  clientUrls: [`https://10.0.0.${i + 1}:2379`],
  learner: false,
}));
const STATUS = {
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
const WELL: MemberReading = { ...HEALTHY, status: STATUS, members: LIST };
const DOWN = { service: 'failed', reading: { ...SICK, members: undefined } } as const;
const listing = (members: MemberReading['members']): MemberReading => ({ ...WELL, members });
const FORMED = [{ id: 'b3', name: 'etcd03', peerUrls: ['https://10.0.0.3:2380'] }];
/** No log, anywhere. */
const EMPTY = { paths: [], logs: [] };
const OTHER = '/var/lib/etcd/other.etcd';
const SSL = '/opt/etcd/ssl';

/** What is told of etcd03, the others being well: causes in order, evidence and steps of the first. */
function told(third: Change, others: MemberReading = WELL, absent: readonly string[] = []) {
  const scene = cluster({ 0: { reading: others }, 1: { reading: others }, 2: third }, absent);
  const found = diagnose(scene);
  const [first] = found;
  if (first === undefined) return { causes: [] as string[], evidence: '', next: '' };
  const member = scene.members.find(({ host }) => host === first.hosts[0]) ?? scene.members[0];
  const about = member && aboutMember(member, scene);
  const { hint = '' } = reportDiagnosis(first, { afterOthers: false, about });
  return {
    causes: found.map(({ cause, hosts }) => [cause, ...hosts].join(' ')),
    evidence: first.evidence.join('\n'),
    next: hint,
  };
}

/** On the first that answers. */
const ctl = (command: string) =>
  `on etcd01: /opt/etcd/bin/etcdctl --cacert=/opt/etcd/ssl/ca.pem --cert=/opt/etcd/ssl/server.pem --key=/opt/etcd/ssl/server-key.pem --endpoints=https://10.0.0.1:2379 ${command}`;
const ADD = ctl('member add etcd03 --peer-urls=https://10.0.0.3:2380');
const KEEP = `mv ${DATA} ${DATA}.kept-$(date +%s)`;
const START = 'systemctl reset-failed etcd; systemctl restart --no-block etcd';
const SITE = commandLine('site');
const DOCTOR = commandLine('doctor');

describe('a member that is sick among others that are well', () => {
  it.each<[string, Change, string, RegExp, string]>([
    [
      'was replaced by a bare host',
      { ...DOWN, facts: { service: 'absent', owner: undefined }, evidence: EMPTY },
      'lost-data etcd03',
      /^etcd03: member b3 has joined the cluster, and there is no log in \S+default\.etcd$/,
      `next: ${ctl('member remove b3')}\nthen: ${ADD}\nthen: ${SITE}`,
    ],
    [
      'has its data in another folder',
      {
        ...DOWN,
        evidence: {
          paths: [there(DATA, 'etcd')],
          logs: [{ path: `${OTHER}/member/wal/0.wal`, size: 64, changed: 1 }],
        },
      },
      'misplaced-data etcd03',
      /^etcd03: \S+default\.etcd has no data, and \/var\/lib\/etcd\/other\.etcd has$/,
      `next: set etcd_data_dir: ${OTHER} for etcd03, and: ${SITE}\nthen: or bring it back: on etcd03: systemctl stop etcd; if [ -e ${DATA} ]; then mv ${DATA} ${DATA}.kept-$(date +%s); fi; mv ${OTHER} ${DATA}; ${START}`,
    ],
    [
      'looks for its data where etcd.conf is wrong, and has begun anew there',
      {
        ...DOWN,
        journal: '{"level":"panic","msg":"tocommit(37) is out of range [lastIndex(0)]"}',
        settings: { ETCD_DATA_DIR: OTHER },
        evidence: {
          logs: [
            { path: `${OTHER}/member/wal/0.wal`, size: 64, changed: 2 },
            { path: `${DATA}/member/wal/0.wal`, size: 64, changed: 1 },
          ],
        },
      },
      'misplaced-data etcd03',
      /^etcd03: \/var\/lib\/etcd\/other\.etcd was begun anew, and \S+default\.etcd has$/,
      `next: ${SITE} -r config -r systemd`,
    ],
    [
      'keeps beside what was moved out of the way',
      {
        ...DOWN,
        evidence: { paths: [], logs: [{ path: `${DATA}.kept-17/member/wal/0.wal`, size: 64, changed: 1 }] },
      },
      'lost-data etcd03',
      /no log/,
      `next: on etcd03: systemctl stop etcd\nthen: ${ctl('member remove b3')}\nthen: ${ADD}\nthen: ${SITE}`,
    ],
    [
      'has an empty segment in its log',
      { ...DOWN, evidence: { logs: [{ path: `${DATA}/member/wal/0.wal`, size: 0, changed: 1 }] } },
      'corrupt-wal etcd03',
      /^etcd03: \S+\/0\.wal is empty$/,
      `next: on etcd03: systemctl stop etcd; ${KEEP}\nthen: ${ctl('member remove b3')}\nthen: ${ADD}\nthen: ${SITE}`,
    ],
    [
      'has data on a disk of its own',
      {
        ...DOWN,
        journal:
          '{"level":"fatal","msg":"discovery failed","error":"proto:\u00a0cannot parse invalid wire-format data"}',
        evidence: { free: { mount: DATA, kiB: 9e6 } },
      },
      'corrupt-wal etcd03',
      /^etcd03, journal: discovery failed: proto: cannot parse invalid wire-format data$/,
      `next: on etcd03: systemctl stop etcd; mv ${DATA}/member ${DATA}/kept-$(date +%s)\nthen: ${ctl('member remove b3')}\nthen: ${ADD}\nthen: ${SITE}`,
    ],
    [
      'has the key of another pair',
      {
        ...DOWN,
        journal:
          '{"level":"fatal","msg":"discovery failed","error":"tls: private key does not match public key"}',
        evidence: { odd: [`${SSL}/server-key.pem`] },
      },
      'key-pair etcd03',
      /^etcd03: \/opt\/etcd\/ssl\/server-key\.pem is not the one that was installed with \/opt\/etcd\/ssl\/server\.pem\n/,
      `next: ${SITE} -r certs -r systemd`,
    ],
    [
      'may not read a key',
      {
        ...DOWN,
        journal:
          '{"level":"fatal","msg":"discovery failed","error":"open /opt/etcd/ssl/peer-key.pem: permission denied"}',
        evidence: { paths: [there(`${SSL}/peer-key.pem`, 'root', '0600')] },
      },
      'unreadable etcd03',
      /^etcd03: \/opt\/etcd\/ssl\/peer-key\.pem belongs to root, mode 0600; etcd runs as etcd\n/,
      `next: ${SITE} -r certs -r systemd`,
    ],
    [
      'may not use a file that is neither data nor certificate',
      {
        ...DOWN,
        journal: '{"level":"fatal","msg":"failed","error":"open /var/log/etcd.log: permission denied"}',
        evidence: { paths: [there(DATA, 'etcd'), there('/var/log/etcd.log', 'root', '0640')] },
      },
      'unreadable etcd03',
      /\/var\/log\/etcd\.log: permission denied \(\/var\/log\/etcd\.log belongs to root, mode 0640\)$/,
      `next: on etcd03: chown -R etcd:etcd /var/log/etcd.log; ${START}`,
    ],
    [
      'has a program that is missing',
      {
        ...DOWN,
        journal: 'etcd.service: Main process exited, code=exited, status=203/EXEC',
        evidence: {
          paths: [there(DATA, 'etcd'), { ...there('/opt/etcd/bin/etcd', ''), state: 'missing', mode: '' }],
        },
      },
      'missing etcd03',
      /^etcd03: \/opt\/etcd\/bin\/etcd is missing$/,
      `next: ${SITE} -r binaries -r systemd`,
    ],
    [
      'has its programs on a disk that runs none',
      {
        ...DOWN,
        evidence: { mounts: [{ path: '/opt/etcd/bin', mount: '/opt', options: ['rw', 'noexec'] }] },
      },
      'program etcd03',
      /^etcd03: \/opt is mounted noexec, and \/opt\/etcd\/bin lies there$/,
      `next: on etcd03: mount -o remount,exec /opt; ${START}`,
    ],
    [
      'has its data on a disk that is read-only',
      {
        ...DOWN,
        journal:
          '{"level":"panic","msg":"failed to open database","error":"open /var/lib/etcd/default.etcd/member/snap/db: read-only file system"}',
        evidence: { mounts: [{ path: DATA, mount: '/var/lib/etcd', options: ['ro', 'relatime'] }] },
      },
      'read-only etcd03',
      /^etcd03: \/var\/lib\/etcd is mounted ro, and \/var\/lib\/etcd\/default\.etcd lies there\n/,
      `next: on etcd03: mount -o remount,rw /var/lib/etcd; ${START}`,
    ],
    [
      'is not in the list of members',
      { ...DOWN, reading: SICK, evidence: EMPTY },
      'not-a-member etcd03',
      /^etcd03: https:\/\/10\.0\.0\.3:2380 is not in the list of members$/,
      `next: on etcd03: systemctl stop etcd\nthen: ${ADD}\nthen: ${SITE}`,
    ],
    [
      'was removed, and has old data',
      { ...DOWN, reading: SICK, facts: { formed: FORMED } },
      'removed etcd03',
      /is not in the list of members$/,
      `next: on etcd03: systemctl stop etcd; ${KEEP}\nthen: ${ADD}\nthen: ${SITE}`,
    ],
    [
      'has another address than the cluster knows',
      { ...DOWN, reading: SICK, facts: { formed: FORMED } },
      'peer-url etcd03',
      /^etcd03: the cluster knows member etcd03 \(b3\) at https:\/\/10\.0\.0\.9:2380, the inventory says https:\/\/10\.0\.0\.3:2380$/,
      `next: ${ctl('member update b3 --peer-urls=https://10.0.0.3:2380')}\nthen: ${SITE}`,
    ],
    [
      'was added and never started',
      { ...DOWN, reading: SICK, evidence: EMPTY },
      'unstarted etcd03',
      /is in the list of members$/,
      `next: ${SITE}`,
    ],
    [
      'sends from another address',
      {
        ...DOWN,
        evidence: {
          addresses: ['10.0.0.3', '10.0.0.66'],
          routes: [{ to: '10.0.0.1', target: '10.0.0.1', source: '10.0.0.66', way: 'dev eth0' }],
          ports: [{ from: 'etcd03', to: 'etcd01', port: 2380, state: 'filtered', said: '' }],
        },
      },
      'source-address etcd03',
      /^etcd03: packets to 10\.0\.0\.1 leave from 10\.0\.0\.66, and others know it as 10\.0\.0\.3$/,
      `next: on etcd03: ip route replace 10.0.0.1 dev eth0 src 10.0.0.3\nthen: make it last, in the network settings of etcd03\nthen: ${DOCTOR}`,
    ],
    [
      'sends from another address, and has a quorum on other ways',
      {
        reading: WELL,
        evidence: {
          addresses: ['10.0.0.3', '10.0.0.66'],
          routes: [{ to: '10.0.0.1', target: '10.0.0.1', source: '10.0.0.66', way: 'dev eth0' }],
          ports: [{ from: 'etcd03', to: 'etcd01', port: 2380, state: 'filtered', said: '' }],
        },
      },
      'source-address etcd03',
      /leave from 10\.0\.0\.66/,
      `next: on etcd03: ip route replace 10.0.0.1 dev eth0 src 10.0.0.3\nthen: make it last, in the network settings of etcd03\nthen: ${DOCTOR}`,
    ],
    [
      'does not have its address any more',
      { ...DOWN, evidence: { addresses: ['127.0.0.1', '10.0.0.44', 'fe80::1'] } },
      'address etcd03',
      /^etcd03: 10\.0\.0\.3 is not an address of the host, which has 10\.0\.0\.44$/,
      `next: give etcd03 the address 10.0.0.3 back, or set etcd_address to 10.0.0.44\nthen: ${DOCTOR}`,
    ],
    [
      'was stopped by a signal',
      { service: 'active', reading: SICK, evidence: { process: { pid: 812, state: 'T', proxies: [] } } },
      'hung etcd03',
      /^etcd03: process 812 was stopped by a signal$/,
      'next: on etcd03: kill -CONT 812',
    ],
    [
      'gives no answer',
      { service: 'active', reading: { ...SICK, said: 'Error: context deadline exceeded' } },
      'hung etcd03',
      /^etcd03: process 802 gives no answer$/,
      `next: on etcd03: ${START}`,
    ],
    [
      'has a proxy in its environment',
      {
        service: 'active',
        reading: SICK,
        evidence: { process: { pid: 812, state: 'S', proxies: ['HTTPS_PROXY'] } },
      },
      'proxy etcd03',
      /^etcd03: process 812 has HTTPS_PROXY$/,
      `next: on etcd03: take it out of the environment: grep -ri proxy /etc/environment /etc/systemd/system.conf*\nthen: on etcd03: systemctl stop etcd\nthen: ${SITE} -r systemd`,
    ],
    [
      'has a drop-in that gives a setting twice',
      {
        ...DOWN,
        journal:
          '{"level":"fatal","msg":"conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag))","environment-variable":"ETCD_NAME"}',
        evidence: { dropIns: ['/etc/systemd/system/etcd.service.d/x.conf'] },
      },
      'shadowed etcd03',
      /environment-variable ETCD_NAME\); \/etc\/systemd\/system\/etcd\.service\.d\/x\.conf changes the unit$/,
      `next: on etcd03: mv /etc/systemd/system/etcd.service.d/x.conf /etc/systemd/system/etcd.service.d/x.conf.off; systemctl daemon-reload; ${START}`,
    ],
    [
      'died of something that nobody knows',
      { ...DOWN, journal: '{"level":"fatal","msg":"nobody knows","error":"this"}' },
      'fatal etcd03',
      /^etcd03, journal: nobody knows: this$/,
      'next: on etcd03: journalctl -u etcd -n 50; the line above is where it ended',
    ],
    [
      'died of a setting',
      {
        ...DOWN,
        journal:
          '{"level":"warn","msg":"failed to verify flags","error":"invalid value \\"abc\\" for ETCD_SNAPSHOT_COUNT: parse error"}',
      },
      'setting etcd03',
      /^etcd03, journal: failed to verify flags: invalid value "abc" for ETCD_SNAPSHOT_COUNT: parse error$/,
      `next: put it right in etcd_settings, if it stands there\nthen: ${SITE} -r config -r systemd`,
    ],
  ])('%s', (name, change, first, evidence, next) => {
    const others: Readonly<Record<string, MemberReading>> = {
      'is not in the list of members': listing(LIST.slice(0, 2)),
      'was removed, and has old data': listing(LIST.slice(0, 2)),
      'has another address than the cluster knows': listing(
        LIST.map((one) => (one.id === 'b3' ? { ...one, peerUrls: ['https://10.0.0.9:2380'] } : one)),
      ),
      'was added and never started': listing(
        LIST.map((one) => (one.id === 'b3' ? { ...one, name: '', clientUrls: [] } : one)),
      ),
    };
    const found = told(change, others[name]);
    expect(found.causes[0]).toBe(first);
    expect(found.evidence).toMatch(evidence);
    expect(found.next).toBe(next);
    expect(found.causes.filter((cause) => cause.startsWith('stopped') || cause === 'no-quorum')).toEqual([]);
  });

  it('runs on foreign data: there is quorum all the same', () => {
    const reading = { ...WELL, status: { ...STATUS, clusterId: 'two', leaderId: 'f9' }, members: [] };
    const found = told({ reading });
    expect(found.causes).toEqual(['cluster-id etcd03']);
    expect(found.next).toContain(`${ctl('member remove b3')}\nthen: ${ADD}`);
  });

  it('runs on a host that does not answer: that is the cause', () => {
    const found = told({}, WELL, ['etcd03']);
    expect(found.causes).toEqual(['host-down etcd03']);
    expect(found.next).not.toContain('journalctl');
  });

  it('runs on a host that only SSH does not reach', () => {
    const open = { from: 'etcd01', to: 'etcd03', port: 2380, state: 'open', said: '' } as const;
    const scene = cluster({ 0: { reading: WELL, evidence: { ports: [open] } }, 1: { reading: WELL } }, [
      'etcd03',
    ]);
    expect(diagnose(scene)).toMatchObject([
      { cause: 'ssh-down', evidence: ['etcd03: not reached from here; etcd01 → etcd03:2380 is open'] },
    ]);
  });

  it('is slow last of all', () => {
    const slow = '{"level":"warn","msg":"apply request took too long","took":"203ms"}';
    const { causes } = told({ ...DOWN, journal: `${slow}\n${REFUSED}\n${NO_QUORUM}`, evidence: EMPTY });
    expect(causes).toEqual(['lost-data etcd03', 'refused etcd02', 'slow etcd03']);
  });
});

describe('a list of members', () => {
  it('has one that the inventory does not have', () => {
    const stranger = {
      id: 'f9',
      name: 'etcd09',
      peerUrls: ['https://10.0.0.9:2380'],
      clientUrls: ['x'],
      learner: false,
    };
    const found = told({ reading: listing([...LIST, stranger]) }, listing([...LIST, stranger]));
    expect(found.causes).toEqual(['not-in-inventory']);
    expect(found.evidence).toBe('member etcd09 (f9) at https://10.0.0.9:2380');
    expect(found.next).toMatch(/member remove f9$/);
  });

  it('has a learner that runs: it is promoted; one that nobody knows goes', () => {
    const mine = LIST.map((one) => (one.id === 'b3' ? { ...one, learner: true } : one));
    expect(told({ reading: listing(mine) }, listing(mine)).next).toContain(ctl('member promote b3'));
    const other = [
      ...LIST,
      { id: 'f9', name: '', peerUrls: ['https://10.0.0.9:2380'], clientUrls: [], learner: true },
    ];
    expect(told({ reading: listing(other) }, listing(other)).next).toMatch(/member remove f9$/);
  });

  it('of one: another comes as a learner, since a second vote would end the quorum', () => {
    const alone = listing(LIST.slice(0, 1));
    const scene = sceneOf(cluster().members.slice(0, 2), [
      ...cluster({ 0: { reading: alone } }).all.slice(0, 1),
      ...cluster({ 1: { ...DOWN, reading: SICK, evidence: EMPTY } }).all.slice(1, 2),
    ]);
    const [first] = diagnose(scene);
    expect(first?.cause).toBe('not-a-member');
    expect(first?.remedy?.join('\n')).toMatch(
      /member add etcd02 --learner .*\n.*it ends with 7.*\n.*member list\n.* member promote ID/,
    );
  });
});

it('most members without data: restored from the copy that is left, on all hosts', () => {
  const gone = { ...DOWN, reading: SICK, facts: { formed: FORMED }, evidence: EMPTY } as const;
  const scene = cluster({ 0: { ...DOWN, reading: SICK }, 1: gone, 2: gone });
  const [first] = diagnose(scene);
  expect([first?.cause, first?.hosts]).toEqual(['majority-lost', ['etcd02', 'etcd03']]);
  const [, member] = scene.members;
  const { hint } = reportDiagnosis(first as NonNullable<typeof first>, {
    afterOthers: false,
    about: member && aboutMember(member, scene),
  });
  expect(hint?.split('\nthen: ').map((step) => step.slice(0, 60))).toEqual(
    [
      'next: on etcd01: systemctl stop etcd; cp /var/lib/etcd/default.et',
      'copy /root/etcd-kept.db from etcd01 to the same place on etcd0',
      'on etcd01: systemctl stop etcd; if [ -e /var/lib/etcd/default',
      'on etcd02: systemctl stop etcd; if [ -e /var/lib/etcd/default',
      'on etcd03: systemctl stop etcd; if [ -e /var/lib/etcd/default',
      SITE,
    ].map((step) => expect.stringContaining(step.replace(/^next: /, '').slice(0, 50))),
  );
});

it('a run that is at work is named, and waited for', () => {
  const [first] = diagnose(cluster({ 2: DOWN }));
  const error = reportDiagnosis(first as NonNullable<typeof first>, {
    afterOthers: false,
    holder: 'alice@laptop (pid 812 on etcd01)',
  });
  expect(error.message).toContain('meanwhile a run is at work: alice@laptop (pid 812 on etcd01)');
  expect(error.hint).toBe(
    `next: wait for the run of alice@laptop (pid 812 on etcd01): this may be its doing\nthen: ${DOCTOR}`,
  );
});

describe('whom a refused certificate is about', () => {
  const rejected = (from: string, error: string) =>
    `{"level":"warn","msg":"rejected connection on peer endpoint","remote-addr":"${from}:34658","server-name":"","error":"${error}"}`;
  const NOT_FOR = 'tls: failed to verify certificate: x509: certificate is valid for 10.0.0.3, not';
  it.each<[string, string, Partial<Evidence>, string, RegExp]>([
    ['the member at that address', rejected('10.0.0.3', `${NOT_FOR} 10.0.0.3`), {}, 'san etcd03', /./],
    [
      'a member at another address of its host',
      rejected('10.0.0.66', `${NOT_FOR} 10.0.0.66`),
      { addresses: ['10.0.0.3', '10.0.0.66'] },
      'source-address etcd03',
      /10\.0\.0\.66 is another address of etcd03\)$/,
    ],
    [
      'a member behind an address that is nobody’s: translated on the way',
      rejected('192.0.2.9', `${NOT_FOR} 192.0.2.9`),
      {},
      'source-address etcd03',
      /192\.0\.2\.9 is not its address here\)$/,
    ],
    [
      'a client',
      rejected('192.0.2.9', "tls: client didn't provide a certificate"),
      {},
      'no-client-certificate etcd01',
      /192\.0\.2\.9 is no member's address\)$/,
    ],
    [
      'the other end by the old format',
      'embed: rejected connection from "10.0.0.3:45458" (error "x509: certificate signed by unknown authority", ServerName "")',
      {},
      'wrong-ca etcd03',
      /./,
    ],
    [
      'the one that wrote it, where a name leads nowhere',
      rejected(
        '10.0.0.3',
        'tls: \\"10.0.0.3\\" does not match any of DNSNames [\\"etcd03.lan\\"] (lookup etcd03.lan on 10.0.0.53:53: no such host)',
      ),
      {},
      'unresolved etcd01',
      /no such host/,
    ],
  ])('%s', (_name, journal, evidence, cause, shown) => {
    const all = cluster({ 0: { reading: SICK, journal }, 2: { reading: SICK, evidence: { ...evidence } } });
    const found = diagnose(all).find((one) => [one.cause, ...one.hosts].join(' ') === cause);
    expect(found?.evidence.join('\n')).toMatch(shown);
  });
});

it('names that lead elsewhere on one host', () => {
  const hostvars = Object.fromEntries(
    NAMES.map((name) => [name, { ...DEFAULTS, etcd_address: `${name}.lan`, etcd_cluster_name: 'c' }]),
  );
  const resolved = { 'etcd01.lan': ['10.0.0.1'], 'etcd02.lan': ['10.0.0.2'], 'etcd03.lan': ['10.0.0.3'] };
  const named = (third: Readonly<Record<string, readonly string[]>>) => {
    const { all } = cluster();
    return NAMES.map((name, i) => {
      const one = all[i] as Evidence;
      const firewall = { ...one.facts.firewall, resolved: i === 2 ? third : resolved };
      const member = memberOf({ name, vars: hostvars[name] ?? {}, hostvars });
      return { ...one, member, facts: { ...one.facts, firewall } };
    });
  };
  const of = (third: Readonly<Record<string, readonly string[]>>) => {
    const all = named(third);
    return diagnose(
      sceneOf(
        all.map(({ member }) => member),
        all,
      ),
    ).map(({ cause, hosts, evidence }) => [cause, hosts, evidence]);
  };
  // Its own name on the host itself is another matter.
  expect(of({ ...resolved, 'etcd03.lan': ['127.0.1.1'] })).toEqual([]);
  const { 'etcd02.lan': _, ...without } = resolved;
  expect(of(without)).toEqual([
    ['unresolved', ['etcd03'], ['etcd03: etcd02.lan does not resolve there, and 10.0.0.2 on others']],
  ]);
  expect(of({ ...resolved, 'etcd02.lan': ['10.9.9.9'] })).toEqual([
    ['unresolved', ['etcd03'], ['etcd03: etcd02.lan is 10.9.9.9 there, and 10.0.0.2 on others']],
  ]);
});
