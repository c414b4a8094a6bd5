import type { Evidence } from './evidence.ts';

/** The data directory that a start would use: what etcd.conf says counts. */
export function dataDirOf({ settings, member }: Evidence): string {
  return settings.get('ETCD_DATA_DIR') ?? member.dataDir;
}

function walDirOf(one: Evidence): string {
  return one.settings.get('ETCD_WAL_DIR') ?? `${dataDirOf(one)}/member/wal`;
}

/** There is a write-ahead log where a start would look for it, or nobody may look, or its disk is not there. */
export function hasLog(one: Evidence): boolean {
  const place = walDirOf(one);
  if (isUnmounted(one)) return true;
  return one.paths.some(({ path, state }) => path === place && state === 'hidden') || ownLogs(one).length > 0;
}

/** Its disk is not mounted, and there is no log without it. */
export function isUnmounted(one: Evidence): boolean {
  return one.unmounted.length > 0 && ownLogs(one).length === 0;
}

/** Its segments. */
export function ownLogs(one: Evidence): Evidence['logs'] {
  return one.logs.filter(({ path }) => path.startsWith(`${walDirOf(one)}/`));
}

/** Data directories with a log in them that are not this one, latest first; not what was moved out of the way. */
export function otherData(one: Evidence): readonly string[] {
  const dirs = [...one.logs]
    .sort((a, b) => b.changed - a.changed)
    .filter(({ path, size }) => size > 0 && !path.startsWith(`${walDirOf(one)}/`))
    .map(({ path }) => path.replace(/\/member\/wal\/[^/]+$/, ''))
    .filter((dir) => !/\.kept-\d+$|\/kept-\d+$|\.set-aside-[^/]*$/.test(dir));
  return [...new Set(dirs)];
}
