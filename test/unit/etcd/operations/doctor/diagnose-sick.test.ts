import { describe, expect, it } from 'vitest';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { diagnose } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';

import {
  type Change,
  cluster,
  DATA,
  DOCTOR,
  DOWN,
  EMPTY,
  FORMED,
  LIST,
  listing,
  MEMBERS,
  NO_QUORUM,
  OTHER,
  REFUSED,
  SICK,
  SITE,
  SSL,
  START,
  STATUS,
  there,
  told,
  WELL,
} from './scenes.ts';

const UNIT = '/etc/systemd/system/etcd.service';

describe('a member that is sick among others that are well', () => {
  it.each<[string, Change, string, RegExp, string]>([
    [
      'was replaced by a bare host',
      { ...DOWN, facts: { service: 'absent', owner: undefined }, evidence: EMPTY },
      'lost-data etcd03',
      /^etcd03: member b3 has joined the cluster, and there is no log in \S+default\.etcd$/,
      `next: ${MEMBERS} --replace etcd03`,
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
      'looks for its data where etcd.conf is wrong, and may not write there',
      {
        ...DOWN,
        journal: `discovery failed: cannot access data directory: open ${OTHER}/.touch: read-only file system`,
        settings: { ETCD_DATA_DIR: OTHER },
        evidence: { logs: [{ path: `${DATA}/member/wal/0.wal`, size: 64, changed: 1 }] },
      },
      'misplaced-data etcd03',
      /^etcd03: \/var\/lib\/etcd\/other\.etcd has no data, and \S+default\.etcd has$/,
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
      `next: ${MEMBERS} --replace etcd03`,
    ],
    [
      'has a link to nowhere in place of its data',
      { ...DOWN, facts: { dataInstead: 'a link to /mnt/etcd, where nothing is' }, evidence: EMPTY },
      'misplaced-data etcd03',
      /^etcd03: \S+default\.etcd is a link to \/mnt\/etcd, where nothing is$/,
      `next: on etcd03: ls -l ${DATA}; mount or move the data there\nthen: on etcd03: systemctl reset-failed etcd; systemctl restart --no-block etcd`,
    ],
    [
      'has an empty segment in its log',
      { ...DOWN, evidence: { logs: [{ path: `${DATA}/member/wal/0.wal`, size: 0, changed: 1 }] } },
      'corrupt-wal etcd03',
      /^etcd03: \S+\/0\.wal is empty$/,
      `next: ${MEMBERS} --replace etcd03`,
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
      `next: ${MEMBERS} --replace etcd03`,
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
      'may not use the file that it logs to',
      {
        ...DOWN,
        settings: { ETCD_LOG_OUTPUTS: 'stderr,/var/log/etcd.log' },
        journal: '{"level":"fatal","msg":"failed","error":"open /var/log/etcd.log: permission denied"}',
        evidence: { paths: [there(DATA, 'etcd'), there('/var/log/etcd.log', 'root', '0640')] },
      },
      'unreadable etcd03',
      /\/var\/log\/etcd\.log: permission denied \(\/var\/log\/etcd\.log belongs to root, mode 0640\)$/,
      `next: on etcd03: chown -R etcd:etcd /var/log/etcd.log; ${START}`,
    ],
    [
      'may not use a file that nobody gave it: a line of its own names no command for that',
      { ...DOWN, journal: '{"level":"fatal","msg":"failed","error":"open /etc/shadow: permission denied"}' },
      'unreadable etcd03',
      /\/etc\/shadow: permission denied$/,
      `next: ${SITE} -r certs -r config -r systemd`,
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
      'has no settings, and looks for its data in its working directory',
      {
        ...DOWN,
        journal:
          '{"level":"fatal","msg":"discovery failed","error":"cannot access data directory: mkdir default.etcd: read-only file system"}',
        evidence: { paths: [{ ...there('/opt/etcd/cfg/etcd.conf', 'etcd', '0644'), size: 0 }] },
      },
      'setting etcd03',
      /^etcd03: \/opt\/etcd\/cfg\/etcd\.conf is empty\n.*; ETCD_DATA_DIR is not set$/,
      `next: ${SITE} -r config -r systemd`,
    ],
    [
      'has its data on a disk that is not mounted',
      {
        ...DOWN,
        journal: `{"level":"fatal","msg":"discovery failed","error":"cannot access data directory: open ${DATA}/.touch: permission denied"}`,
        evidence: { ...EMPTY, paths: [there(DATA, 'root')], unmounted: ['/var/lib/etcd'] },
      },
      'unmounted etcd03',
      /^etcd03: \/var\/lib\/etcd is for a disk, by [^\n]*, and nothing is mounted there\netcd03, journal: [^\n]*$/,
      `next: on etcd03: mount /var/lib/etcd; ${START}`,
    ],
    [
      'has a unit that is masked',
      { ...DOWN, evidence: { unit: { load: 'masked', file: UNIT } } },
      'unit etcd03',
      /^etcd03: etcd\.service is masked$/,
      `next: on etcd03: systemctl unmask etcd\nthen: ${SITE} -r systemd`,
    ],
    [
      'has a unit that is missing',
      { ...DOWN, facts: { service: 'absent' }, evidence: { unit: { load: 'not-found', file: '' } } },
      'unit etcd03',
      /^etcd03: \/etc\/systemd\/system\/etcd\.service is missing$/,
      `next: ${SITE} -r systemd`,
    ],
    [
      'has the unit of its distribution',
      { ...DOWN, evidence: { unit: { load: 'loaded', file: '/usr/lib/systemd/system/etcd.service' } } },
      'unit etcd03',
      /^etcd03: etcd\.service is \/usr\/lib\/systemd\/system\/etcd\.service, and ours is \/etc\//,
      `next: ${SITE} -r systemd`,
    ],
    [
      'has its data below a folder that it may not enter',
      {
        ...DOWN,
        journal: `{"level":"fatal","msg":"failed to list data directory","error":"open ${DATA}: permission denied"}`,
        evidence: {
          paths: [there(DATA, 'etcd'), there('/var/lib', 'root', '0755'), there('/var/lib/etcd', 'root')],
        },
      },
      'permission etcd03',
      /^etcd03: \/var\/lib\/etcd belongs to root, mode 0700; etcd runs as etcd, and must come through\n/,
      `next: on etcd03: chmod a+x /var/lib/etcd; ${START}`,
    ],
    [
      'is kept from its data by what is neither owner nor mode',
      {
        ...DOWN,
        journal: `{"level":"panic","msg":"failed to open database","error":"open ${DATA}/member/snap/db: operation not permitted"}`,
        evidence: { paths: [there(DATA, 'etcd')] },
      },
      'permission etcd03',
      /not permitted; neither owner nor mode keeps etcd from it$/,
      `next: on etcd03: ls -dZ ${DATA}/member/snap/db; lsattr -d ${DATA}/member/snap/db; getfacl ${DATA}/member/snap/db; journalctl -k -n 99 | grep -i denied tells what does\nthen: ${DOCTOR}`,
    ],
    [
      'is kept from its data by a label, where labels are in force',
      {
        ...DOWN,
        journal: `{"level":"panic","msg":"failed to open database","error":"open ${DATA}/member/snap/db: permission denied"}`,
        evidence: { paths: [there(DATA, 'etcd')] },
        facts: { selinux: true },
      },
      'permission etcd03',
      /neither owner nor mode/,
      `next: on etcd03: restorecon -RFv ${DATA}/member/snap/db; ls -dZ ${DATA}/member/snap/db; lsattr -d ${DATA}/member/snap/db; getfacl ${DATA}/member/snap/db; journalctl -k -n 99 | grep -i denied tells what does\nthen: ${DOCTOR}`,
    ],
    [
      'is kept from its data by a drop-in',
      {
        ...DOWN,
        journal: `{"level":"fatal","msg":"discovery failed","error":"cannot access member directory: open ${DATA}/member/.touch: permission denied"}`,
        evidence: { paths: [there(DATA, 'etcd')], dropIns: ['/etc/systemd/system/etcd.service.d/x.conf'] },
      },
      'permission etcd03',
      /neither owner nor mode keeps etcd from it; \/etc\/systemd\/system\/etcd\.service\.d\/x\.conf changes the unit$/,
      `next: on etcd03: mv /etc/systemd/system/etcd.service.d/x.conf /etc/systemd/system/etcd.service.d/x.conf.off; systemctl daemon-reload; ${START}`,
    ],
    [
      'waits for a database that somebody has locked',
      { service: 'active', reading: SICK, evidence: { lockers: [{ pid: 900, program: 'etcdutl' }] } },
      'locked etcd03',
      /^etcd03: etcdutl \(pid 900\) has locked \S+default\.etcd\/member\/snap\/db$/,
      `next: on etcd03: systemctl status 900 tells whose it is; stop it\nthen: on etcd03: ${START}`,
    ],
    [
      'has a port of its peers in etcd.conf that is another one',
      {
        ...DOWN,
        settings: {
          ETCD_LISTEN_PEER_URLS: 'https://10.0.0.3:2390',
          ETCD_LISTEN_CLIENT_URLS: 'https://10.0.0.3:2379',
        },
        evidence: { addresses: ['10.0.0.3'] },
      },
      'bound-elsewhere etcd03',
      /^etcd03: \/opt\/etcd\/cfg\/etcd\.conf has ETCD_LISTEN_PEER_URLS="https:\/\/10\.0\.0\.3:2390", and others look for it at 10\.0\.0\.3:2380$/,
      `next: ${SITE} -r config -r systemd`,
    ],
    [
      'has an address in etcd.conf that the host does not have',
      {
        ...DOWN,
        journal:
          '{"level":"fatal","msg":"discovery failed","error":"listen tcp 10.0.0.77:2380: bind: cannot assign requested address"}',
        settings: { ETCD_LISTEN_PEER_URLS: 'https://10.0.0.77:2380' },
        evidence: { addresses: ['10.0.0.3'] },
      },
      'bound-elsewhere etcd03',
      /has ETCD_LISTEN_PEER_URLS="https:\/\/10\.0\.0\.77:2380"/,
      `next: ${SITE} -r config -r systemd`,
    ],
    [
      'had its address only after etcd had given up',
      {
        ...DOWN,
        journal:
          '{"level":"fatal","msg":"discovery failed","error":"listen tcp 10.0.0.3:2380: bind: cannot assign requested address"}',
        evidence: { addresses: ['10.0.0.3'] },
      },
      'late-address etcd03',
      /cannot assign requested address; the host has it now$/,
      `next: ${SITE}`,
    ],
    [
      'is well, and does not listen where its peers look for it',
      {
        reading: WELL,
        settings: { ETCD_LISTEN_PEER_URLS: 'https://10.0.0.3:2390' },
        evidence: {
          addresses: ['10.0.0.3'],
          ports: [{ from: 'etcd01', to: 'etcd03', port: 2380, state: 'refused', said: '', sources: [] }],
        },
      },
      'bound-elsewhere etcd03',
      /2390/,
      `next: ${SITE} -r config -r systemd`,
    ],
    [
      'is not in the list of members',
      { ...DOWN, reading: SICK, evidence: EMPTY },
      'not-a-member etcd03',
      /^etcd03: https:\/\/10\.0\.0\.3:2380 is not in the list of members$/,
      `next: ${MEMBERS}`,
    ],
    [
      'was removed, and has old data',
      { ...DOWN, reading: SICK, facts: { formed: FORMED } },
      'removed etcd03',
      /is not in the list of members$/,
      `next: ${MEMBERS} --replace etcd03`,
    ],
    [
      'has another address than the cluster knows',
      { ...DOWN, reading: SICK, facts: { formed: FORMED } },
      'peer-url etcd03',
      /^etcd03: the cluster knows member etcd03 \(b3\) at https:\/\/10\.0\.0\.9:2380, the inventory says https:\/\/10\.0\.0\.3:2380$/,
      `next: where the inventory is right: ${MEMBERS}`,
    ],
    [
      'was added and never started',
      { ...DOWN, reading: SICK, evidence: EMPTY },
      'unstarted etcd03',
      /is in the list of members$/,
      `next: ${MEMBERS}`,
    ],
    [
      'sends from another address',
      {
        ...DOWN,
        evidence: {
          addresses: ['10.0.0.3', '10.0.0.66'],
          routes: [{ to: '10.0.0.1', target: '10.0.0.1', source: '10.0.0.66', way: 'dev eth0' }],
          ports: [{ from: 'etcd03', to: 'etcd01', port: 2380, state: 'filtered', said: '', sources: [] }],
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
          ports: [{ from: 'etcd03', to: 'etcd01', port: 2380, state: 'filtered', said: '', sources: [] }],
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
      'seems well, since others reach it, and has a proxy by a drop-in between itself and them',
      {
        reading: WELL,
        journal:
          '{"level":"warn","msg":"prober detected unhealthy status","error":"proxyconnect tcp: dial tcp 10.0.0.99:3128: i/o timeout"}',
        evidence: {
          process: { pid: 812, state: 'S', proxies: ['HTTPS_PROXY'] },
          dropIns: ['/etc/systemd/system/etcd.service.d/x.conf'],
        },
      },
      'proxy etcd03',
      /^etcd03: process 812 has HTTPS_PROXY$/,
      `next: on etcd03: mv /etc/systemd/system/etcd.service.d/x.conf /etc/systemd/system/etcd.service.d/x.conf.off; systemctl daemon-reload; ${START}`,
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
    expect(found.next).toBe(`next: ${MEMBERS} --replace etcd03`);
  });

  it('runs on a host that does not answer: that is the cause', () => {
    const found = told({}, WELL, ['etcd03']);
    expect(found.causes).toEqual(['host-down etcd03']);
    expect(found.next).not.toContain('journalctl');
  });

  it('runs on a host that is down, and the others let nobody ask them: both are said', () => {
    const said = 'etcdserver: permission denied';
    const unanswered = [{ question: 'alarm list', kind: 'refused', said }] as const;
    const found = told({}, { ...WELL, unanswered }, ['etcd03']);
    expect(found.causes).toEqual(['host-down etcd03', 'auth etcd01 etcd02']);
  });

  it('is restarted again and again by somebody', () => {
    const each = (seconds: number, count: number, last = 3) =>
      Array.from({ length: count }, (_, i) => (count - 1 - i) * seconds + last + (i % 2));
    const stopped = (stops: readonly number[]) => told({ reading: WELL, evidence: { stops } });
    expect(stopped(each(12, 40))).toMatchObject({
      causes: ['restarted etcd03'],
      evidence: 'etcd03: stopped 40 times in 8 min, each 11 s, 4 s ago the last time',
    });
    expect(stopped(each(1800, 6)).causes).toEqual(['restarted etcd03']);
    // systemd starts it no more.
    expect(told({ ...DOWN, evidence: { stops: each(5, 6, 90) } }).causes[0]).toBe('restarted etcd03');
    // It has left off; too few; by hand.
    expect(stopped(each(12, 40, 60)).causes).toEqual([]);
    expect(stopped(each(300, 4)).causes).toEqual([]);
    expect(stopped([9000, 8000, 7900, 5000, 3000, 2900, 2800, 400]).causes).toEqual([]);
  });

  it('works, and would not start again: nothing stops it for that', () => {
    const missing = { ...there('/opt/etcd/bin/etcd', ''), state: 'missing', mode: '' } as const;
    const found = told({ reading: WELL, evidence: { paths: [there(DATA, 'etcd'), missing] } });
    expect(found.causes).toEqual(['missing etcd03']);
    expect(found.next).toBe(`next: ${SITE} -r binaries -r systemd`);
    const full = told({ reading: WELL, freeKiB: 9 });
    expect(full.causes).toEqual(['disk-full etcd03']);
    expect(full.next).toMatch(/make room or grow it\nthen: \S*doctor/);
  });

  it('runs on a host that answers, and is not trusted: nobody needs to switch it on', () => {
    const scene = cluster({ 0: { reading: WELL }, 1: { reading: WELL } }, ['etcd03']);
    const [found] = diagnose({ ...scene, barred: ['etcd03'] });
    expect(found).toMatchObject({ cause: 'barred', hosts: ['etcd03'] });
    expect(found?.remedy.join()).not.toMatch(/ping|switch|new machine/);
  });

  it('runs on a host that only SSH does not reach', () => {
    const open = { from: 'etcd01', to: 'etcd03', port: 2380, state: 'open', said: '', sources: [] } as const;
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

it.each([
  [
    'a run, where our own rules do not know it',
    '2380 own tcp dport 2380 drop',
    /^next: \S.*site\S* .*-r firewall$/,
  ],
  [
    'what stands between, where our own rules let it in',
    '2380 own ip saddr 10.0.0.3 tcp dport 2380 accept\n2380 own tcp dport 2380 drop',
    /^next: let etcd03 reach 2380\/tcp of etcd01 in what stands between them: [^\n]*\nthen: \S.*doctor/,
  ],
  [
    'a rule in the chain that drops it',
    'barrier input inet filter input\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n',
    /^next: on etcd01: nft insert rule inet filter input tcp dport 2380 accept; also in [^\n]*\nthen: \S.*doctor/,
  ],
])('a port that a member does not reach is opened by %s', (_what, rules, hint) => {
  const ports = [
    { from: 'etcd03', to: 'etcd01', port: 2380, state: 'filtered', said: '', sources: ['10.0.0.3'] },
  ] as const;
  const scene = { ...cluster({ 2: { ...DOWN, evidence: { ports } } }), rules: new Map([['etcd01', rules]]) };
  const found = diagnose(scene).find(({ cause }) => cause === 'filtered');
  expect(found?.hosts).toEqual(['etcd01']);
  expect(`next: ${found?.remedy.join('\nthen: ')}`).toMatch(hint);
});
