import { isIP } from 'node:net';
import { canonicalAddress, isLoopback, isWildcard } from '../../addresses.ts';
import { EXIT, type QuorateError } from '../../errors.ts';
import { boundAddress } from '../facts/bound-address.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { AMBIENT } from '../files/unit.ts';
import { bindsPrivileged, type Member, portsOf } from '../model/cluster.ts';
import { memberUnitPath, walPath } from '../model/paths.ts';
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

/** Of that, the segments of the log, where it lies elsewhere. */
const LOG_SPACE = 130;

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
      ...listenAddresses(one),
      ...takenPorts(one),
      ...walDirectory(one),
      ...space(one),
      ...program(one),
      ...loosePaths(one),
    ]),
    ...clocks(candidates),
    ...candidates.flatMap((one) => [...sources(one, candidates), ...namesakes(one, candidates)]),
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

/** The end that a member binds for clients, and the one for members where that is another. */
function listenAddresses(one: Candidate): readonly QuorateError[] {
  const { address, peerAddress, listenAddress, peerListenAddress } = one.member;
  const same = address === peerAddress && listenAddress === peerListenAddress;
  return [...bindable(one, 'client'), ...(same ? [] : bindable(one, 'peer'))];
}

function bindable({ member, facts }: Candidate, end: 'client' | 'peer'): readonly QuorateError[] {
  const { addresses } = facts.host;
  const listen = boundAddress(member, facts, end);
  const [given, named, variable] =
    end === 'client'
      ? [member.listenAddress, member.address, 'etcd_listen_address']
      : [member.peerListenAddress, member.peerAddress, 'etcd_peer_listen_address'];
  if (listen === undefined) {
    const hint = `set ${variable} to one of its addresses`;
    return [refusal(member, `${named} does not resolve on the host`, hint)];
  }
  if (addresses.length === 0) return [];
  if (given === undefined && isLoopback(listen) && named !== 'localhost') {
    return [
      refusal(
        member,
        `${named} is ${listen} on the host itself, where nobody else reaches it`,
        `give it its address in /etc/hosts there, or set ${variable}`,
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
      `set ${variable} to the one to bind; ${end === 'client' ? 'etcd_address' : 'etcd_peer_address'} is what others connect to`,
    ),
  ];
}

function takenPorts({ member, facts }: Candidate): readonly QuorateError[] {
  const bound = { client: boundAddress(member, facts, 'client'), peer: boundAddress(member, facts, 'peer') };
  return facts.host.listeners.flatMap(({ port, address, pid, program }) => {
    const role = port === member.clientPort ? 'client' : port === member.peerPort ? 'peer' : 'metrics';
    if (!isWildcard(address) && address !== bound[role === 'peer' ? 'peer' : 'client']) return [];
    const who = pid === undefined ? 'another process' : `${program ?? 'a process'} (pid ${pid})`;
    return refusal(
      member,
      `port ${port}, its ${role} port, is taken by ${who} on ${address}`,
      `stop that, or set etcd_${role}_port`,
    );
  });
}

/** The raft log of a member that has data lies elsewhere: it would begin with an empty one, under its old ID. */
function walDirectory({ member, facts }: Candidate): readonly QuorateError[] {
  const { walDir, service } = member;
  const { walElsewhere } = facts;
  if (facts.data === 'present' && walElsewhere !== undefined) {
    return [
      refusal(
        member,
        `its raft log is in ${walElsewhere}, and the inventory wants it in ${walPath(member)}`,
        `put etcd_wal_dir back${walDir === undefined ? ` to ${walElsewhere}` : ''}; or stop ${service} and move the log there yourself`,
      ),
    ];
  }
  const mount = facts.host.space.find(({ path }) => path === walDir)?.mount;
  if (walDir === undefined || mount !== walDir) return [];
  return [
    refusal(
      member,
      `etcd_wal_dir is ${walDir}, a mount point: etcd puts a new log in place by renaming`,
      `set etcd_wal_dir: ${walDir}/wal`,
    ),
  ];
}

function space({ member, facts }: Candidate): readonly QuorateError[] {
  const isNew = facts.data !== 'present';
  const needs: Readonly<Record<string, number>> = {
    [member.dataDir]: isNew && member.walDir === undefined ? DATA_SPACE : isNew ? DATA_SPACE - LOG_SPACE : 0,
    ...(member.walDir !== undefined && { [member.walDir]: isNew ? LOG_SPACE : 0 }),
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

/** Started from there, or with that port, it would end at once. */
function program({ member, facts }: Candidate): readonly QuorateError[] {
  const { noexec } = facts.host;
  const { systemd = AMBIENT } = facts;
  return [
    ...(noexec === undefined
      ? []
      : [
          refusal(
            member,
            `${noexec} is mounted noexec, and etcd is to run from ${member.binDir}`,
            'remount it, or set etcd_bin_dir',
            EXIT.failed,
          ),
        ]),
    ...portsOf(member)
      .filter((port) => port < facts.host.lowestPort)
      .map((port) =>
        refusal(
          member,
          `port ${port} is for root here, or for who has the capability: others have ${facts.host.lowestPort} and above`,
          'set another port, or become root (-b)',
        ),
      ),
    ...(member.manager === 'systemd' && bindsPrivileged(member) && systemd < AMBIENT
      ? [
          refusal(
            member,
            `systemd ${systemd} cannot let ${member.user} bind a port below 1024`,
            'set its ports to 1024 or above',
          ),
        ]
      : []),
  ];
}

/**
 * Others know a member by its addresses: their rules and its certificates have those. Packets that carry another one
 * are dropped, or the certificate is refused. A member that does its work now has a way that was not seen here.
 */
function sources({ member, facts }: Candidate, all: readonly Candidate[]): readonly QuorateError[] {
  if (facts.reading?.healthy) return [];
  const known = knownAddresses(member, facts, all);
  const strange = facts.sources.find(({ from }) => !known.has(from));
  if (strange === undefined || known.size === 0) return [];
  const { address, peerAddress } = member;
  return [
    refusal(
      member,
      `its packets to ${strange.to} leave from ${strange.from}, and others know it as ${[...known].join(', ')}: their firewalls and its certificate would refuse it`,
      `set ${peerAddress === address ? 'etcd_address' : 'etcd_peer_address'} to ${strange.from}, or give the route the other source: ip route change, with src ${[...known][0]}`,
    ),
  ];
}

/** By number: as the inventory has them, as the host binds them, and as hosts resolve its names. */
function knownAddresses(member: Member, facts: EtcdFacts, all: readonly Candidate[]): ReadonlySet<string> {
  const { address, listenAddress, peerAddress, peerListenAddress } = member;
  const given = [address, listenAddress, peerAddress, peerListenAddress].flatMap((one) => one ?? []);
  const bound = (['client', 'peer'] as const).flatMap((end) => boundAddress(member, facts, end) ?? []);
  const resolved = all.flatMap((other) => given.flatMap((name) => other.facts.firewall.resolved[name] ?? []));
  const numbers = [...given, ...bound, ...resolved].filter((one) => isIP(one) !== 0 && !isLoopback(one));
  return new Set(numbers.map(canonicalAddress));
}

/**
 * A name of another member that leads elsewhere on this host alone: the rules made from it would shut the true one out.
 * Where it leads is for the member's own host to say, if that is what another one finds, too.
 */
function namesakes({ member, facts }: Candidate, all: readonly Candidate[]): readonly QuorateError[] {
  const others = all.filter((one) => one.member.host !== member.host);
  return others.flatMap((other) => {
    const { address, peerAddress } = other.member;
    return [...new Set([address, peerAddress])].flatMap((name) => {
      const here = facts.firewall.resolved[name];
      const bound = boundAddress(other.member, other.facts, name === address ? 'client' : 'peer');
      if (here === undefined || bound === undefined || here.includes(bound) || isLoopback(bound)) return [];
      if (!others.some((one) => one.facts.firewall.resolved[name]?.includes(bound))) return [];
      return refusal(
        member,
        `${name} is ${here.join(', ')} here, and ${other.member.host} listens on ${bound}: its rules would shut that member out`,
        `put it right in /etc/hosts or the resolver of ${member.host}, or set etcd_address to an IP address`,
      );
    });
  });
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
