import { EXIT, type QuorateError } from '../../errors.ts';
import type { Listener } from '../facts/host-facts.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { memberUnitPath } from '../files/unit.ts';
import type { Member } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';

/** A member with what its host told before anything was written. */
export interface Candidate {
  readonly member: Member;
  readonly facts: EtcdFacts;
}

/** Milliseconds between clocks above which leases and certificates cannot be relied on; etcd warns from there. */
const SKEW = 1000;

/** MiB: two WAL segments of 64 MiB, which etcd allocates at once, and a young database. */
const DATA_SPACE = 200;

/** MiB by which the database of a member grows at a time: without that much it would end right after its start. */
const GROWTH = 16;

/** MiB: the binaries of a release, and the copy that replaces them. */
const RELEASE_SPACE = 200;

/** `LimitNOFILE` of the unit. */
const OPEN_FILES = 65536;

/** What keeps members from being set up as described, of all hosts, before any of them is written to. */
export function preflight(candidates: readonly Candidate[]): readonly QuorateError[] {
  return [
    ...candidates.flatMap((one) => [
      ...listenAddress(one),
      ...takenPorts(one),
      ...space(one),
      ...loosePaths(one),
    ]),
    ...clocks(candidates),
  ];
}

/** What is worth knowing about hosts and stops nobody: one line a host that has something. */
export function notes(candidates: readonly Candidate[]): readonly string[] {
  return candidates.flatMap(({ member, facts }) => {
    const { swap, openFiles } = facts.host;
    const said = [
      ...(member.manager === 'systemd' && facts.unitFile && facts.unitFile !== memberUnitPath(member)
        ? [`${facts.unitFile} is there, too: ${memberUnitPath(member)} takes its place`]
        : []),
      ...(facts.selinux ? ['SELinux is on: files get their labels by policy'] : []),
      ...(swap ? ['swap is on, which can slow etcd down to lost leaderships'] : []),
      ...(openFiles !== undefined && openFiles < OPEN_FILES ? [`at most ${openFiles} open files`] : []),
    ];
    return said.length > 0 ? [`${member.host}: ${said.join('; ')}`] : [];
  });
}

function listenAddress({ member, facts }: Candidate): readonly QuorateError[] {
  const { addresses } = facts.host;
  const listen = member.listenAddress ?? facts.resolved;
  if (listen === undefined) {
    return [
      refusal(
        member,
        `${member.address} does not resolve on the host`,
        'set etcd_listen_address to one of its addresses',
      ),
    ];
  }
  if (addresses.length === 0) return [];
  if (member.listenAddress === undefined && isLoopback(listen) && member.address !== 'localhost') {
    return [
      refusal(
        member,
        `${member.address} is ${listen} on the host itself, where nobody else reaches it`,
        'give it its address in /etc/hosts there, or set etcd_listen_address',
      ),
    ];
  }
  const isThere = addresses.includes(listen) || isLoopback(listen);
  if (isThere) return [];
  const own = addresses.filter((address) => !isLoopback(address) && !address.startsWith('fe80:'));
  return [
    refusal(
      member,
      `${listen} is not an address of the host, which has ${own.join(', ') || 'loopback only'}`,
      'set etcd_listen_address to the one to bind; etcd_address is what others connect to',
    ),
  ];
}

function takenPorts({ member, facts }: Candidate): readonly QuorateError[] {
  const listen = member.listenAddress ?? facts.resolved ?? '';
  const clashes = ({ address }: Listener) => isEvery(address) || address === listen;
  return facts.host.listeners.filter(clashes).map(({ port, address, pid, program }) => {
    const who = pid === undefined ? 'another process' : `${program ?? 'a process'} (pid ${pid})`;
    const role = port === member.clientPort ? 'client' : 'peer';
    return refusal(
      member,
      `port ${port}, its ${role} port, is taken by ${who} on ${address}`,
      `stop that, or set etcd_${role}_port`,
    );
  });
}

function space({ member, facts }: Candidate): readonly QuorateError[] {
  const needs: Readonly<Record<string, number>> = {
    [member.dataDir]: facts.data === 'present' ? 0 : DATA_SPACE,
    [member.binDir]: facts.installed === undefined ? RELEASE_SPACE : 0,
  };
  const readOnly = facts.host.space.filter(({ writable }) => !writable);
  const mounts = new Map<string, { readonly free: number; need: number; readonly paths: string[] }>();
  for (const { path, mount, freeKiB } of facts.host.space) {
    const entry = mounts.get(mount) ?? { free: Math.floor(freeKiB / 1024), need: 0, paths: [] };
    const need = needs[path] ?? 0;
    entry.need += need;
    if (need > 0) entry.paths.push(path);
    mounts.set(mount, entry);
  }
  const data = facts.host.space.find(({ path }) => path === member.dataDir);
  const left = Math.floor((data?.freeKiB ?? 0) / 1024);
  return [
    ...(data && facts.data === 'present' && left < GROWTH
      ? [
          refusal(
            member,
            `${data.mount} has ${left} MiB free, and the database grows by ${GROWTH} at a time: ${member.service} is not started, and ${member.dataDir} is left as it is`,
            'make room or grow it; nothing in the data directory may be deleted by hand',
            EXIT.unhealthy,
          ),
        ]
      : []),
    ...readOnly.map(({ path, mount }) =>
      refusal(
        member,
        `${path} cannot be written: ${mount} is read-only or closed to this login`,
        'become root (-b, and -K where sudo wants a password), or remount it',
        EXIT.failed,
      ),
    ),
    ...[...mounts].flatMap(([mount, { free, need, paths }]) =>
      free >= need
        ? []
        : refusal(
            member,
            `${mount} has ${free} MiB free, ${need} MiB are needed for ${paths.join(' and ')}`,
            'make room, or choose another directory',
            EXIT.failed,
          ),
    ),
  ];
}

/** Whoever owns a directory can put another one in the place of those below it: programs that root runs, keys. */
function loosePaths({ member, facts }: Candidate): readonly QuorateError[] {
  const loose = facts.kept.above.filter(({ owner }) => owner === member.user && owner !== 'root');
  return loose.map(({ path }) => {
    const dirs = { bin: member.binDir, config: member.configDir, cert: member.certDir };
    const below = Object.entries(dirs).filter(([, dir]) => dir.startsWith(`${path}/`));
    return refusal(
      member,
      `${path} belongs to ${member.user}, above ${below.map(([name, dir]) => `etcd_${name}_dir (${dir})`).join(' and ')}: what root runs or reads there could be replaced`,
      `give it to root: chown root ${path}; or choose another directory`,
    );
  });
}

/** Certificates are dated by this machine's clock, and leases count on the members' clocks. */
function clocks(candidates: readonly Candidate[]): readonly QuorateError[] {
  const read = candidates.flatMap(({ member, facts }) => {
    const { clock } = facts.host;
    return clock ? [{ member, ...clock }] : [];
  });
  return read
    .filter(({ offset, within }) => Math.abs(offset) - within > SKEW)
    .map(({ member, offset }) => {
      const seconds = (Math.abs(offset) / 1000).toFixed(1);
      return refusal(
        member,
        `its clock is ${seconds} s ${offset > 0 ? 'ahead of' : 'behind'} this machine's (at most ${SKEW / 1000} s)`,
        'bring both to the same time, with chrony or systemd-timesyncd',
      );
    });
}

function isLoopback(address: string): boolean {
  return /^(127\.|::1$)/.test(address);
}

function isEvery(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
