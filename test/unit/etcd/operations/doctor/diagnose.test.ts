import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import { reportDiagnosis } from '../../../../../lib/etcd/operations/doctor/report.ts';

import { ALARMED, type Change, cluster, HEALTHY, NO_QUORUM, REFUSED, SICK, said } from './scenes.ts';

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
    if (!disk || !refused) throw new Error('too few');
    expect(reportDiagnosis(disk, { afterOthers: false })).toMatchObject({
      message:
        'etcd02: the disk that holds the data is full\netcd02: /var has 0 MiB left, a WAL segment takes 64',
      hint: expect.stringMatching(
        /^next: on etcd02: df -h \/var\/lib\/etcd\/default\.etcd; df -i \/var\/lib\/etcd\/default\.etcd; make room/,
      ),
      exitCode: 7,
      host: 'etcd02',
    });
    expect(reportDiagnosis(refused, { afterOthers: true }).message).toContain('(follows from the above)');
  });
});
