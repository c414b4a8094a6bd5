import { anew, DOCTOR, members, on, own, replace, site, start } from '../remedies.ts';
import type { Cause } from './cause.ts';

/** What it is started with: files, settings, addresses. */
export const FILES_AND_SETTINGS = [
  {
    id: 'unit',
    title: 'systemd has another unit than the one that was installed',
    next: (about) => anew(about, 'systemd'),
  },
  {
    id: 'missing',
    title: 'a file or folder that etcd needs is missing',
    next: (about) => [site(about)],
  },
  { id: 'program', title: 'the program cannot be run', next: (about) => anew(about, 'binaries') },
  {
    id: 'sandbox',
    title: 'the host forbids the sandbox that the unit sets up, as containers do',
    next: (about) => [
      'let the container have that (Proxmox: pct set ID --features nesting=1; LXD: security.nesting=true), or set etcd_service_manager: process',
      ...anew(about, 'systemd'),
    ],
  },
  { id: 'no-user', title: 'the user that etcd runs as is missing', next: (about) => [site(about)] },
  {
    id: 'shadowed',
    title:
      'a setting is given twice, in the environment and as a flag, which etcd takes for fatal from 3.4 on',
    next: (about) => anew(about, 'config', 'systemd'),
  },
  {
    id: 'setting',
    title: 'etcd does not take a setting',
    next: (about) => ['put it right in etcd_settings, if it stands there', ...anew(about, 'config')],
  },
  {
    id: 'permission',
    title: 'etcd may not use its data directory',
    next: (about) => own(about, about.member.dataDir),
  },
  {
    id: 'unreadable',
    title: 'etcd may not read a file that it needs',
    next: (about) => [site(about, 'certs', 'config')],
  },
  {
    id: 'locked',
    title: 'another process uses its data directory',
    next: (about) => [
      on(about.member, 'ps -eo pid,user,lstart,args | grep [e]tcd; stop the other one'),
      start(about),
    ],
  },
  {
    id: 'port-taken',
    title: 'a port of the member is taken by another process',
    next: (about) => [on(about.member, 'stop that process, or change the port'), start(about)],
  },
  {
    id: 'low-port',
    title: 'etcd may not bind a port below 1024',
    next: (about) => ['have its unit allow it, or set another port', ...anew(about, 'config', 'systemd')],
  },
  {
    id: 'peer-url',
    title: 'its peer URL is not the one that the cluster knows',
    next: (about) => (about.hasData ? [`where the inventory is right: ${members(about)}`] : replace(about)),
  },
  {
    id: 'bound-elsewhere',
    title: 'it listens elsewhere than others look for it',
    next: (about) => anew(about, 'config'),
  },
  {
    id: 'address',
    title: 'the host does not have the address that etcd binds',
    next: ({ member: { host, address } }) => [
      `give ${host} its address ${address} back, or set etcd_address to the one that it has`,
      DOCTOR,
    ],
  },
  {
    id: 'late-address',
    title: 'the host had its address only after etcd had given up',
    next: (about) => [site(about)],
  },
  {
    id: 'listen-name',
    title: 'etcd binds addresses only, and is given a name',
    next: (about) => [
      `set etcd_listen_address to an address of ${about.member.host}`,
      ...anew(about, 'config'),
    ],
  },
  {
    id: 'clock',
    title: 'clocks differ',
    next: ({ member }) => [
      on(member, 'chronyc tracking || timedatectl timesync-status; then bring both to the same time'),
    ],
  },
] as const satisfies readonly Cause[];
