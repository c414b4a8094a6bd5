import { dirname, normalize } from 'node:path';
import type { Member } from './cluster.ts';
import type { Listed, Problem } from './listed.ts';
import { isQuotable } from './quotable.ts';

type Dir =
  | 'etcd_bin_dir'
  | 'etcd_config_dir'
  | 'etcd_cert_dir'
  | 'etcd_backup_dir'
  | 'etcd_data_dir'
  | 'etcd_wal_dir';

export type NamedDir = readonly [variable: Dir, path: string];

const SYSTEM =
  /^\/(bin|boot|dev|etc|etc\/(pki|ssl)(\/(certs|private))?|home|lib|lib64|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|usr\/(bin|lib|local|sbin|share)|usr\/local\/bin|var|var\/(backups|cache|lib|log|opt|run|spool|tmp))?$/;

/** What a unit with `ProtectHome` and `PrivateTmp` does not see of its host, or has another one in place of. */
const HIDDEN = /^(\/(?:home|root|(?:var\/)?run\/user|(?:var\/)?tmp))(?:\/|$)/;

/** Directories that the member itself writes: nothing of ours lies in them, and they in nothing of ours. */
const HOLD_DATA: readonly Dir[] = ['etcd_data_dir', 'etcd_wal_dir'];

/** Directories that become the member's, or a certificate's, whole. */
const OWN: readonly Dir[] = ['etcd_data_dir', 'etcd_cert_dir', 'etcd_backup_dir'];

/** Directories of one host that lie in each other, or in the system's. */
export function ofDirs(listed: Listed): readonly Problem[] {
  return [...apart(listed), ...ofWalDir(listed), ...unwritable(listed), ...noHome(listed)];
}

/** The data directory is the home of the member's user, and a colon ends a field of /etc/passwd. */
function noHome({ host, member: { dataDir, manager, user } }: Listed): readonly Problem[] {
  if (manager !== 'systemd' || !/[:\p{Cc}]/u.test(dataDir)) return [];
  const message = `etcd_data_dir of ${host.name} is ${JSON.stringify(dataDir)}: the home of user ${user} can have no colon`;
  return [{ host: host.name, variable: 'etcd_data_dir', message, hint: 'name a directory without one' }];
}

/** What no environment file can say: `etcd.conf` is one. A relative path has it from the folder of the inventory. */
function unwritable({ host, member }: Listed): readonly Problem[] {
  return dirsOf(member)
    .filter(([, path]) => !isQuotable(path))
    .map(([variable, path]) => ({
      host: host.name,
      variable,
      message: `${variable} of ${host.name} is ${path}: etcd.conf can hold no path with both kinds of quotes`,
      hint: 'name another directory, or put the inventory into one without quotes in its name',
    }));
}

/**
 * Directories that the unit of a member would not find as they were put, and why. What systemd itself reads for it may lie
 * anywhere, and so may snapshots.
 */
export function hiddenDirs(member: Member): readonly (readonly [variable: Dir, path: string, why: string])[] {
  return dirsOf(member).flatMap(([variable, path]) => {
    const why = ['etcd_config_dir', 'etcd_backup_dir'].includes(variable)
      ? undefined
      : hiddenFrom(member, path);
    return why === undefined ? [] : [[variable, path, why] as const];
  });
}

/** Why the unit of a member does not see what lies there; undefined where it does. */
function hiddenFrom({ manager }: Member, path: string): string | undefined {
  const [, top] = manager === 'systemd' ? (HIDDEN.exec(path) ?? []) : [];
  return top && `the unit of a member sees nothing of the host below ${top} (ProtectHome, PrivateTmp)`;
}

function apart({ host, member }: Listed): readonly Problem[] {
  const dirs = dirsOf(member);
  const problems: Problem[] = [];
  const hint = 'each has a directory of its own';
  for (const [i, [variable, path]] of dirs.entries()) {
    const message = `${variable} of ${host.name} is ${path}`;
    if (OWN.includes(variable) && SYSTEM.test(path))
      problems.push({ host: host.name, variable, message: `${message}, a directory of the system`, hint });
    for (const [other, otherPath] of dirs.slice(0, i)) {
      if (path === otherPath)
        problems.push({ host: host.name, variable, message: `${message}, as is ${other}`, hint });
      else if (lieInEachOther([variable, path], [other, otherPath]))
        problems.push({
          host: host.name,
          variable,
          message: `${message}, and ${other} is ${otherPath}: one lies in the other`,
          hint,
        });
    }
  }
  return problems;
}

/** One of them is filled by a member or by snapshots, and lies in the other or around it. */
export function lieInEachOther([variable, path]: NamedDir, [other, otherPath]: NamedDir): boolean {
  const isFilled = [variable, other].some((one) => [...HOLD_DATA, 'etcd_backup_dir'].includes(one));
  return isFilled && (inside(path, otherPath) || inside(otherPath, path));
}

/** The parent of the raft log is handed to the member: it must hold nothing that others rely on. */
function ofWalDir({ host, member }: Listed): readonly Problem[] {
  if (member.walDir === undefined) return [];
  const path = tidy(member.walDir);
  const parent = dirname(path);
  const others = dirsOf(member).filter(([variable]) => !HOLD_DATA.includes(variable));
  const shared = others.find(([, other]) => other === parent || inside(other, parent));
  const why = shared
    ? `${shared[0]} is ${shared[1]}`
    : parent === '/' || SYSTEM.test(parent)
      ? `${parent} is a directory of the system`
      : undefined;
  if (why === undefined) return [];
  return [
    {
      host: host.name,
      variable: 'etcd_wal_dir',
      message: `etcd_wal_dir of ${host.name} is ${path}: its parent becomes the member's, and ${why}`,
      hint: `a folder of its own above it will do: ${path}/wal`,
    },
  ];
}

/** The directories of a member, by the variable. */
export function dirsOf(member: Member): readonly NamedDir[] {
  const { binDir, configDir, certDir, backupDir, dataDir, walDir } = member;
  const dirs = {
    etcd_bin_dir: binDir,
    etcd_config_dir: configDir,
    etcd_cert_dir: certDir,
    etcd_backup_dir: backupDir,
    etcd_data_dir: dataDir,
    ...(walDir !== undefined && { etcd_wal_dir: walDir }),
  };
  return (Object.entries(dirs) as [Dir, string][]).map(([name, path]) => [name, tidy(path)]);
}

/** Why the directory of something that a member writes by itself cannot become the member's; undefined when it can. */
export function sharedBy(member: Member, dir: string): string | undefined {
  const others = dirsOf(member);
  const shared = others.find(([, other]) => other === dir || inside(other, dir) || inside(dir, other));
  if (shared) return `${shared[0]} is ${shared[1]}`;
  if (dir === '/' || SYSTEM.test(dir)) return `${dir} is a directory of the system`;
  return hiddenFrom(member, dir);
}

function tidy(path: string): string {
  return normalize(path).replace(/(.)\/+$/, '$1');
}

function inside(path: string, directory: string): boolean {
  return path.startsWith(directory === '/' ? '/' : `${directory}/`);
}
