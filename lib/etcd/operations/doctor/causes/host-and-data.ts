import type { About } from '../about.ts';
import {
  anew,
  DOCTOR,
  members,
  on,
  path,
  type Remedy,
  recover,
  replace,
  start,
  stopCommand,
} from '../remedies.ts';
import type { Cause } from './cause.ts';

/** What keeps a member from running: its host, its disk, its data. */
export const HOST_AND_DATA = [
  {
    // Until it is finished other playbooks refuse, and what is found besides may be its doing.
    id: 'half-way',
    title: 'what was begun is not finished',
    next: () => [DOCTOR],
  },
  {
    id: 'identity',
    title: 'a member runs with the data of another one, on the wrong host',
    next: replace,
    replaces: true,
  },
  {
    // Who of them has which data is not known before that.
    id: 'swapped',
    title: 'a host runs another member than the inventory has for it',
    next: ({ member }) => [
      on(member, 'hostname; ip -br address'),
      `compare ansible_host and etcd_address of ${member.host} with that; set no data aside before`,
      DOCTOR,
    ],
  },
  {
    id: 'foreign-program',
    title: 'another program runs than the one that was installed',
    next: ({ member, pid }) => [
      on(member, `cp /proc/${pid}/exe /root/etcd-found keeps what it is`, stopCommand(member)),
      `take ${member.host}, its keys and its data for compromised until that is explained`,
    ],
  },
  {
    id: 'host-down',
    title: 'the host does not answer',
    next: (about) => [
      `ping -c 3 ${about.member.address}; switch ${about.member.host} on, or mend its network`,
      DOCTOR,
      ...(about.healthy > 0
        ? inItsPlace(about).map((step) => `with a new machine in its place: ${step}`)
        : []),
    ],
  },
  {
    id: 'barred',
    title: 'the host answers, and could not be looked into',
    next: ({ member: { host } }) => [
      `put right what the error about ${host} says; one that is not trusted is to be explained first`,
      DOCTOR,
    ],
  },
  {
    id: 'ssh-down',
    title: 'the host is not reached by SSH, though its member answers others',
    next: ({ member: { host } }) => [`mend SSH to ${host}: the errors above say how it failed`, DOCTOR],
  },
  {
    // What lies below the mount point meanwhile is not its data.
    id: 'unmounted',
    title: 'the disk of its data is not mounted',
    next: (about) => [on(about.member, 'mount -a'), start(about)],
  },
  {
    // Its unit lets it write nowhere else: what it says there is that the file system is read-only.
    id: 'misplaced-data',
    title: 'its data is not where etcd looks for it',
    next: (about) => anew(about, 'config'),
  },
  {
    id: 'disk-full',
    title: 'the disk that holds the data is full',
    next: (about) => [
      on(about.member, ...['-h', '-i'].map((what) => `df ${what} ${data(about)}`), 'make room or grow it'),
      start(about),
    ],
  },
  {
    id: 'read-only',
    title: 'a file system that etcd writes to is read-only',
    next: (about) => [
      on(about.member, 'dmesg | tail -n 20; if the disk is sound: mount -o remount,rw MOUNT'),
      start(about),
    ],
  },
  {
    id: 'disk-broken',
    title: 'the disk returns errors',
    next: (about) => [on(about.member, 'dmesg | tail -n 20; replace the disk'), ...replace(about)],
    replaces: true,
  },
  {
    id: 'restarted',
    title: 'somebody’s program stops or restarts etcd again and again',
    next: (about) => [
      on(
        about.member,
        `${about.member.manager === 'systemd' ? 'systemctl list-timers --all; ' : ''}grep -rl ${about.member.service} /etc/cron* /var/spool/cron; ps -eo pid,lstart,args | grep -E 'sleep|watch|cron'`,
      ),
      'take the restart out there, or in the configuration management that looks after the host',
      start(about),
    ],
  },
  {
    id: 'memory',
    title: 'the host has no memory left',
    next: (about) => [
      on(about.member, 'ps aux --sort=-rss | head; add memory or move that away'),
      start(about),
    ],
  },
  {
    id: 'limit',
    title: 'etcd has reached a limit of its process',
    next: (about) => anew(about, 'systemd'),
  },
  { id: 'majority-lost', title: 'most members have lost their data', next: recover },
  { id: 'lost-data', title: 'the member has lost its data', next: replace, replaces: true },
  { id: 'corrupt-wal', title: 'the write-ahead log is damaged', next: replace, replaces: true },
  { id: 'lost-snapshot', title: 'snap/db is lost', next: replace, replaces: true },
  { id: 'corrupt-db', title: 'snap/db is damaged', next: replace, replaces: true },
  { id: 'corrupt', title: 'its data differs from that of its peers', next: replace, replaces: true },
  {
    id: 'downgrade',
    title: 'an older etcd was started on newer data',
    next: (about) => [
      'bring the newer program back: etcd does not go back a minor release by itself',
      ...anew(about, 'binaries'),
    ],
  },
  {
    id: 'upgrade',
    title: 'a newer etcd finds in its log what only the release before can read',
    next: (about) => [
      on(about.member, `put the release before back into ${path(about.member, about.member.binDir)}`),
      start(about),
      'it writes a snapshot, and the newer release starts from that: put that one back',
    ],
  },
  {
    id: 'versions',
    title: 'its version does not go with that of the cluster',
    next: (about) => ['give it the version of the others', ...anew(about, 'binaries')],
  },
  {
    id: 'v2-content',
    title: 'the data holds what clients wrote by API version 2, which this release does not take',
    next: (about) => [
      on(about.member, `put the release before back into ${path(about.member, about.member.binDir)}`),
      start(about),
      `what it is: etcdutl check v2store --data-dir ${data(about)}; it must go before an upgrade`,
    ],
  },
] as const satisfies readonly Cause[];

/** A new machine has nothing that would have to make way. */
function inItsPlace(about: About): Remedy {
  return about.neverStarted ? [members(about)] : replace(about);
}

function data({ member }: About): string {
  return path(member, member.dataDir);
}
