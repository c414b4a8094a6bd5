import { describe, expect, it } from 'vitest';
import { ORDINARY } from '../../../../../lib/etcd/facts/index.ts';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { memberOf } from '../../../../../lib/etcd/model/cluster.ts';
import { diagnose } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import type { Evidence } from '../../../../../lib/etcd/operations/doctor/evidence.ts';
import { readJournal } from '../../../../../lib/etcd/operations/doctor/journal.ts';
import { reportDiagnosis } from '../../../../../lib/etcd/operations/doctor/report.ts';
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
  readonly plaintext?: readonly string[];
}

function fine(file: 'server.pem' | 'peer.pem', index: number) {
  const [from, until] = [new Date(0), new Date(Date.now() + 1e12)];
  return { file, from, until, names: [`10.0.0.${index + 1}`], lacks: [], pem: '' };
}

/** Three members, healthy but for what is changed by index. */
function cluster(changes: Readonly<Record<number, Change>> = {}): readonly Evidence[] {
  return NAMES.map((name, i) => {
    const {
      service = 'active',
      reading = HEALTHY,
      journal = '',
      freeKiB = 9e6,
      owner = 'etcd',
      offset = 0,
      certificates,
      plaintext = [],
    } = changes[i] ?? {};
    const clock = { offset, within: 5 };
    return {
      member: memberOf({ name, vars: HOSTVARS[name] ?? {}, hostvars: HOSTVARS }),
      facts: { ...ORDINARY, service, reading, host: { ...ORDINARY.host, clock } },
      journal: readJournal(journal),
      ports: [],
      free: { mount: '/var', kiB: freeKiB },
      data: { mode: '0700', owner },
      plaintext,
      certificates: certificates ? [fine('server.pem', i), fine('peer.pem', i)] : [],
    };
  });
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
      ['disk-full etcd02', 'stopped etcd02', 'refused etcd02', 'no-quorum etcd01'],
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
      { 1: { plaintext: ['ETCD_LISTEN_CLIENT_URLS="http://10.0.0.2:2379"'] } },
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
    const [disk, , refused] = diagnose(
      cluster({
        0: { journal: REFUSED, reading: SICK },
        1: { service: 'failed', reading: SICK, freeKiB: 100 },
      }),
    );
    if (!disk || !refused) throw new Error('too few');
    expect(reportDiagnosis(disk, false)).toMatchObject({
      message:
        'etcd02: the disk that holds the data is full\netcd02: /var has 0 MiB left, a WAL segment takes 64',
      hint: expect.stringMatching(/^next: on etcd02: df -h \/var\/lib\/etcd\/default\.etcd; make room/),
      exitCode: 7,
      host: 'etcd02',
    });
    expect(reportDiagnosis(refused, true).message).toContain('(follows from the above)');
  });
});
