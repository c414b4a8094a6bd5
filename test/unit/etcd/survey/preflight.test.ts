import { describe, expect, it } from 'vitest';
import type { HostFacts } from '../../../../lib/etcd/facts/host-facts.ts';
import { type EtcdFacts, ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { NOTHING_KEPT } from '../../../../lib/etcd/facts/kept.ts';
import type { MemberReading } from '../../../../lib/etcd/facts/read-member.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { notes, preflight } from '../../../../lib/etcd/survey/preflight.ts';
import { newWayProblems } from '../../../../lib/etcd/survey/preflight-network.ts';
import { DEFAULTS } from '../../support/defaults.ts';

const GIB = 1024 * 1024;
const FINE: HostFacts = {
  clock: { offset: 3, within: 20 },
  addresses: ['127.0.0.1', '10.0.0.1', 'fe80::1'],
  listeners: [],
  space: [
    { path: '/var/lib/etcd/default.etcd', mount: '/var', freeKiB: 9 * GIB, writable: true },
    { path: '/opt/etcd/bin', mount: '/', freeKiB: 9 * GIB, writable: true },
  ],
  swap: false,
  openFiles: 1048576,
  noexec: undefined,
  machine: undefined,
  lowestPort: 0,
};

function candidate(host: Partial<HostFacts>, facts: Partial<EtcdFacts> = {}, vars: object = {}) {
  const name = 'etcd01';
  const all = { ...DEFAULTS, etcd_address: '10.0.0.1', ...vars };
  return {
    member: memberOf({ name, vars: all, hostvars: { [name]: all } }),
    facts: { ...ORDINARY, ...facts, host: { ...FINE, ...host } },
  };
}

const said = (...candidates: ReturnType<typeof candidate>[]) =>
  preflight(candidates).map(({ exitCode, message }) => `${exitCode} ${message}`);

const etcd = { port: 2379, address: '0.0.0.0', pid: 712, program: 'etcd' };

describe('before anything is written', () => {
  it.each<[string, ReturnType<typeof candidate>, string[]]>([
    ['a host as it should be', candidate({}), []],
    ...(
      [
        ['etcd_data_dir', '/home/etcd/data', '/home'],
        ['etcd_bin_dir', '/root/bin', '/root'],
        ['etcd_cert_dir', '/var/tmp/etcd', '/var/tmp'],
        ['etcd_wal_dir', '/run/user/1/wal', '/run/user'],
      ] as const
    ).flatMap(([variable, path, top]): [string, ReturnType<typeof candidate>, string[]][] => [
      [
        `a new member, whose unit does not see ${path}`,
        candidate({}, {}, { [variable]: path }),
        [
          `3 etcd01: ${variable} is ${path}, and the unit of a member sees nothing of the host below ${top} (ProtectHome, PrivateTmp)`,
        ],
      ],
      [
        `a member that lives with ${path}`,
        candidate({}, { data: 'present', installed: '3.5.30' }, { [variable]: path }),
        [],
      ],
    ]),
    [
      'a plain process below /home',
      candidate({}, {}, { etcd_data_dir: '/home/etcd/data', etcd_service_manager: 'process' }),
      [],
    ],
    [
      'names that only begin so, snapshots, and what systemd itself reads',
      candidate(
        {},
        {},
        { etcd_data_dir: '/homes/x', etcd_backup_dir: '/home/b', etcd_config_dir: '/root/c' },
      ),
      [],
    ],
    [
      'a clock that is off by less than the reading is sure of',
      candidate({ clock: { offset: 1400, within: 500 } }),
      [],
    ],
    [
      'a clock ahead',
      candidate({ clock: { offset: 120_000, within: 30 } }),
      ["3 etcd01: its clock is 120.0 s ahead of this machine's (at most 1 s)"],
    ],
    [
      'a clock behind',
      candidate({ clock: { offset: -1500, within: 30 } }),
      ["3 etcd01: its clock is 1.5 s behind this machine's (at most 1 s)"],
    ],
    [
      'the client port taken by a process',
      candidate({ listeners: [etcd] }),
      ['3 etcd01: port 2379, its client port, is taken by etcd (pid 712) on 0.0.0.0'],
    ],
    [
      'the peer port taken by what the login may not see',
      candidate({ listeners: [{ port: 2380, address: '10.0.0.1', pid: undefined, program: undefined }] }),
      ['3 etcd01: port 2380, its peer port, is taken by another process on 10.0.0.1'],
    ],
    ['the port taken on another address', candidate({ listeners: [{ ...etcd, address: '127.0.0.1' }] }), []],
    [
      'a disk too full for a member that has its data and does not run',
      candidate(
        { space: [{ path: '/var/lib/etcd/default.etcd', mount: '/var', freeKiB: 9 * 1024, writable: true }] },
        { data: 'present' },
      ),
      [
        '7 etcd01: /var has 9 MiB free, and the database grows by 16 at a time: etcd is not started, and /var/lib/etcd/default.etcd is left as it is',
      ],
    ],
    [
      'an address that the host does not have',
      candidate({}, {}, { etcd_listen_address: '10.0.0.9' }),
      ['3 etcd01: 10.0.0.9 is not an address of the host, which has 10.0.0.1'],
    ],
    [
      'a name that does not resolve there',
      candidate({}, { resolved: undefined }, { etcd_address: 'db.example' }),
      ['3 etcd01: db.example does not resolve on the host'],
    ],
    [
      'a name that is loopback there',
      candidate({}, { resolved: '127.0.1.1' }, { etcd_address: 'db.example' }),
      ['3 etcd01: db.example is 127.0.1.1 on the host itself, where nobody else reaches it'],
    ],
    [
      'a name that has become loopback under a member that runs',
      candidate({ addresses: [] }, { resolved: '127.0.1.1' }, { etcd_address: 'db.example' }),
      ['3 etcd01: db.example is 127.0.1.1 on the host itself, where nobody else reaches it'],
    ],
    [
      'a name that is every address there',
      candidate({}, { resolved: '0.0.0.0' }, { etcd_address: 'db.example' }),
      ['3 etcd01: 0.0.0.0 is not an address of the host, which has 10.0.0.1'],
    ],
    [
      'loopback that was asked for',
      candidate({}, {}, { etcd_address: 'db.example', etcd_listen_address: '127.0.0.1' }),
      [],
    ],
    [
      'a folder of the member’s own above its programs and keys',
      candidate(
        {},
        {
          kept: {
            ...NOTHING_KEPT,
            loose: [{ path: '/opt/etcd', why: "is not root's" }],
          },
        },
        { etcd_config_dir: '/etc/etcd' },
      ),
      [
        "3 etcd01: /opt/etcd is not root's, above etcd_bin_dir (/opt/etcd/bin) and etcd_cert_dir (/opt/etcd/ssl): what root runs or reads there could be replaced",
      ],
    ],
    [
      'folders that are others’, too',
      candidate(
        {},
        { occupied: [{ dir: '/data', entry: 'mysql' }, { dir: '/logs' }] },
        { etcd_data_dir: '/data', etcd_settings: { 'log-outputs': '/logs/etcd.log' } },
      ),
      [
        "3 etcd01: /data would become etcd's, closed to others, and has things of others in it: mysql",
        "3 etcd01: /logs would become etcd's, closed to others, and has things of others in it",
      ],
    ],
    [
      'a folder that its user does not come through',
      candidate({}, { barred: [{ path: '/var/lib/etcd', owner: 'root', mode: '700' }] }),
      [
        '3 etcd01: /var/lib/etcd belongs to root, mode 700: etcd runs as etcd, and must come through to its own below it',
      ],
    ],
    [
      'the same where it does',
      candidate(
        {},
        {
          reading: { healthy: true } as MemberReading,
          barred: [{ path: '/var/lib/etcd', owner: 'root', mode: '700' }],
        },
      ),
      [],
    ],
    [
      'an IPv6 address in another spelling',
      candidate({ addresses: ['fd00::1'] }, {}, { etcd_address: 'FD00:0:0:0:0:0:0:1' }),
      [],
    ],
    [
      'too little room for the data',
      candidate({
        space: [{ path: '/var/lib/etcd/default.etcd', mount: '/var', freeKiB: 140 * 1024, writable: true }],
      }),
      ['2 etcd01: /var has 140 MiB free, 200 MiB are needed for /var/lib/etcd/default.etcd'],
    ],
    [
      'room for either, not for both',
      candidate({
        space: ['/var/lib/etcd/default.etcd', '/opt/etcd/bin'].map((path) => ({
          path,
          mount: '/',
          freeKiB: 300 * 1024,
          writable: true,
        })),
      }),
      ['2 etcd01: / has 300 MiB free, 400 MiB are needed for /var/lib/etcd/default.etcd and /opt/etcd/bin'],
    ],
    [
      'little room where data and release are already',
      candidate(
        { space: FINE.space.map((one) => ({ ...one, freeKiB: 20 * 1024 })) },
        { data: 'present', installed: '3.5.30' },
      ),
      [],
    ],
    [
      'a read-only file system',
      candidate({ space: [{ path: '/opt/etcd/bin', mount: '/opt', freeKiB: GIB, writable: false }] }),
      ['2 etcd01: /opt/etcd/bin cannot be written: /opt is read-only or closed to this login'],
    ],
    [
      'a raft log that the inventory moves away from its data',
      candidate(
        {},
        { data: 'present', walElsewhere: '/var/lib/etcd/default.etcd/member/wal' },
        { etcd_wal_dir: '/srv/etcd/wal' },
      ),
      [
        '3 etcd01: its raft log is in /var/lib/etcd/default.etcd/member/wal, and the inventory wants it in /srv/etcd/wal',
      ],
    ],
    [
      'a raft log in a mount point',
      candidate(
        { space: [{ path: '/srv/etcd/wal', mount: '/srv/etcd/wal', freeKiB: GIB, writable: true }] },
        {},
        { etcd_wal_dir: '/srv/etcd/wal' },
      ),
      ['3 etcd01: etcd_wal_dir is /srv/etcd/wal, a mount point: etcd puts a new log in place by renaming'],
    ],
    [
      'binaries where nothing can be run',
      candidate({ noexec: '/opt' }),
      ['2 etcd01: /opt is mounted noexec, and etcd is to run from /opt/etcd/bin'],
    ],
    [
      'a port below 1024 on a systemd that cannot give the capability for it',
      candidate({}, { systemd: 219 }, { etcd_client_port: 443 }),
      ['3 etcd01: systemd 219 cannot let etcd bind a port below 1024'],
    ],
    [
      'a port below 1024 of a plain process that is not root',
      candidate({ lowestPort: 1024 }, {}, { etcd_service_manager: 'process', etcd_client_port: 443 }),
      ['3 etcd01: port 443 is for root here, or for who has the capability: others have 1024 and above'],
    ],
    ['a port below 1024', candidate({}, { systemd: 252 }, { etcd_client_port: 443 }), []],
    [
      'packets that leave from another address than its own',
      candidate({}, { sources: [{ to: '10.0.0.2', from: '10.0.0.7' }] }),
      [
        '3 etcd01: its packets to 10.0.0.2 leave from 10.0.0.7, and others know it as 10.0.0.1: their firewalls and its certificate would refuse it',
      ],
    ],
    [
      'packets that leave from another address, of a member that does its work',
      candidate(
        {},
        { sources: [{ to: '10.0.0.2', from: '10.0.0.7' }], reading: { healthy: true } as MemberReading },
      ),
      [],
    ],
    [
      'packets that leave from the address for members',
      candidate(
        { addresses: ['10.0.0.1', '10.9.0.1'] },
        { sources: [{ to: '10.9.0.2', from: '10.9.0.1' }] },
        { etcd_peer_address: '10.9.0.1' },
      ),
      [],
    ],
    [
      'an address for members that the host does not have',
      candidate({}, {}, { etcd_peer_address: '10.9.0.1' }),
      ['3 etcd01: 10.9.0.1 is not an address of the host, which has 10.0.0.1'],
    ],
  ])('%s', (_name, one, expected) => {
    expect(said(one)).toEqual(expected);
  });

  it('refuses a name that leads elsewhere on one host', () => {
    const named = (name: string, resolved: string, second: string) => {
      const one = candidate(
        { addresses: [resolved] },
        {
          resolved,
          firewall: { ...ORDINARY.firewall, resolved: new Map([['two.example', [second]]]) },
        },
        { etcd_address: name },
      );
      return { ...one, member: { ...one.member, host: name } };
    };
    const true2 = '10.0.0.2';
    const hosts = [
      named('one.example', '10.0.0.1', '10.0.0.9'),
      named('two.example', true2, true2),
      named('three.example', '10.0.0.3', true2),
    ];
    expect(said(...hosts)).toEqual([
      '3 one.example: two.example is 10.0.0.9 here, and two.example listens on 10.0.0.2: its rules would shut that member out',
    ]);
    // After a translation every host finds another address than the one that is bound.
    const translated = hosts.map((host) => ({
      ...host,
      facts: {
        ...host.facts,
        firewall: { ...host.facts.firewall, resolved: new Map([['two.example', ['192.0.2.2']]]) },
      },
    }));
    expect(said(...translated)).toEqual([]);
  });

  it('finds everything of every host at once', () => {
    expect(
      said(
        candidate({ listeners: [etcd], clock: { offset: 5000, within: 1 } }),
        candidate({ listeners: [etcd] }),
      ),
    ).toHaveLength(3);
  });

  it('tells what stops nobody', () => {
    expect(notes([candidate({}), candidate({ swap: true, openFiles: 4096 }, { selinux: true })])).toEqual([
      'etcd01: SELinux is on: files get their labels by policy; swap is on, which can slow etcd down to lost leaderships; at most 4096 open files',
    ]);
  });
});

it('looks at ways to addresses that are new, of members that do their work, too', () => {
  const works = candidate(
    {},
    {
      sources: [
        { to: '10.0.0.2', from: '10.0.0.7' },
        { to: '10.0.0.9', from: '10.0.0.7' },
      ],
      reading: { healthy: true } as MemberReading,
    },
  );
  const told = (...addresses: string[]) => newWayProblems([works], addresses).map(({ message }) => message);
  expect(told()).toEqual([]);
  expect(told('10.0.0.3')).toEqual([]);
  expect(told('10.0.0.9')).toEqual([
    'etcd01: its packets to 10.0.0.9 leave from 10.0.0.7, and others know it as 10.0.0.1: their firewalls and its certificate would refuse it',
  ]);
});
