import { dirname } from 'node:path';
import { quote } from '../../dsl/shell/sh.ts';
import { EXIT, type QuorateError } from '../../errors.ts';
import { AMBIENT } from '../files/unit.ts';
import { bindsPrivileged, portsOf } from '../model/cluster.ts';
import { hiddenDirs } from '../model/dir-problems.ts';
import { memberUnitPath, walPath } from '../model/paths.ts';
import { refusal } from '../refusal.ts';
import type { Candidate } from './candidate.ts';
import { networkProblems } from './preflight-network.ts';

/** Milliseconds between clocks above which leases and certificates cannot be relied on; etcd warns from there. */
export const SKEW = 1000;

/** MiB: two WAL segments of 64 MiB, which etcd allocates at once, and a young database. */
const DATA_SPACE = 200;

/** The part of that for segments of the log, where it lies elsewhere. */
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
    ...networkProblems(candidates),
    ...candidates.flatMap((one) => [
      ...walDirectory(one),
      ...occupied(one),
      ...barred(one),
      ...hidden(one),
      ...space(one),
      ...program(one),
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

/** It would be handed to the member's user and closed to everybody else, with all that is in it. */
function occupied({ member, facts }: Candidate): readonly QuorateError[] {
  const { dataDir, walDir, user } = member;
  return facts.occupied.map(({ dir, entry }) => {
    const [what, own] =
      dir === dataDir
        ? ['etcd_data_dir', `${dir}/etcd`]
        : walDir !== undefined && (dir === walDir || dir === dirname(walDir))
          ? ['etcd_wal_dir', `${dir}/etcd/wal`]
          : ['log-outputs', `${dir}/etcd/etcd.log`];
    return refusal(
      member,
      `${dir} would become ${user ?? 'the login'}'s, closed to others, and has things of others in it${entry === undefined ? '' : `: ${entry}`}`,
      `give it a folder of its own; set ${what}: ${own}`,
    );
  });
}

/** It would end at its start, while the others form the cluster without it. One that does its work comes through. */
function barred({ member, facts }: Candidate): readonly QuorateError[] {
  if (facts.reading?.healthy) return [];
  return facts.barred.map(({ path, owner, mode }) =>
    refusal(
      member,
      `${path} belongs to ${owner}, mode ${mode}: etcd runs as ${member.user}, and must come through to its own below it`,
      `chmod a+x ${quote(path)} there; or choose another directory`,
    ),
  );
}

/** The member would never start. One that has data does, by a drop-in of somebody's. */
function hidden({ member, facts }: Candidate): readonly QuorateError[] {
  if (facts.data === 'present') return [];
  return hiddenDirs(member).map(([variable, path, why]) =>
    refusal(member, `${variable} is ${path}, and ${why}`, 'choose a place below /opt, /srv or /var/lib'),
  );
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

/** Who may fill a directory can put another one in the place of those below it: programs that root runs, keys. */
function loosePaths({ member, facts }: Candidate): readonly QuorateError[] {
  return facts.kept.loose.map(({ path, why }) => {
    const dirs = { bin: member.binDir, config: member.configDir, cert: member.certDir };
    const all = Object.entries(dirs);
    const below = all.filter(([, dir]) => dir.startsWith(path === '/' ? path : `${path}/`));
    // A link leads through it.
    const named = (below.length > 0 ? below : all).map(([name, dir]) => `etcd_${name}_dir (${dir})`);
    return refusal(
      member,
      `${path} ${why}, above ${named.join(' and ')}: what root runs or reads there could be replaced`,
      `make it root's alone: chown root:root ${quote(path)}; chmod go-w ${quote(path)}; or choose another directory`,
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
