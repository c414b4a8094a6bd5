import { commandLine } from '../../command-line.ts';
import { memberOf } from '../model/cluster.ts';
import { backupTimer } from '../model/paths.ts';
import { isOfFuture } from '../snapshots/snapshot.ts';
import { type EtcdHost, hasDue, type Surveyed } from '../surveyed.ts';

/** Seconds within which a snapshot of a run that has begun is to be there. */
const PATIENCE = 600;

/**
 * Snapshots that `etcd_backup_schedule` asks for and that do not come about, one line each: nobody looks at the journal of
 * a timer until a snapshot is needed. What a run is about to put right is no news.
 */
export function missedSnapshots({ cluster, hosts }: Surveyed): readonly string[] {
  const scheduled = hosts.filter(({ target }) => typeof target.vars.etcd_backup_schedule === 'string');
  const timed = scheduled.filter((host) => !hasDue(host, 'backups'));
  if (timed.length === 0) return [];
  const newest = newestIn(timed);
  const isAll = hosts.length === cluster.members.length && timed.length === scheduled.length;
  const lines = [...timed.flatMap(ofTimer), ...ofCluster(timed, newest, isAll)];
  return lines.map((line) => (newest === undefined ? line : `${line}; ${saidOf(newest)}`));
}

function ofTimer({ target }: EtcdHost): readonly string[] {
  const { name, facts } = target;
  const timer = backupTimer(memberOf(target));
  const role = `${commandLine('site')} -r backups`;
  if (facts.backups === undefined)
    return [`${name}: no timer takes the snapshots of etcd_backup_schedule: ${role} makes it`];
  if (facts.backups.failed !== undefined)
    return [
      `${name}: the last snapshot of its timer failed (${facts.backups.failed}): journalctl -u ${timer} -n 20 there says why; systemctl start ${timer} tries again`,
    ];
  if (facts.backups.timer === 'active') return [];
  return [
    `${name}: its timer of snapshots does not run (${facts.backups.timer || 'unknown'}): ${role} starts it`,
  ];
}

/**
 * Whoever led at their last time was to take one: the first to run of all, since a timer also goes off by itself after a
 * boot, or by hand. Not known where a host was not reached, or is not judged, which may have it; nor while one is taken.
 */
function ofCluster(
  hosts: readonly EtcdHost[],
  newest: number | 'none' | undefined,
  isAll: boolean,
): readonly string[] {
  const [first] = hosts;
  const all = hosts.flatMap(({ target }) => target.facts.backups ?? []);
  const ran = Math.max(...all.map((one) => (one.timer === 'active' && one.ran) || 0));
  if (first === undefined || !isAll || newest === undefined || ran < PATIENCE) return [];
  if (all.some(({ isRunning }) => isRunning)) return [];
  if (newest !== 'none' && newest / 1000 <= ran + PATIENCE) return [];
  const member = memberOf(first.target);
  return [
    `${member.cluster}: no snapshot was taken when its timers went off the last time: journalctl -u ${backupTimer(member)} -n 20 on the host that leads says why`,
  ];
}

/** How old the newest verified one of all is, in milliseconds; undefined where some cannot be known. */
function newestIn(hosts: readonly EtcdHost[]): number | 'none' | undefined {
  const ages = hosts.flatMap(({ target: { facts } }): readonly (number | 'none' | undefined)[] => {
    const time = facts.backups?.newest;
    if (facts.backups === undefined) return [];
    if (typeof time !== 'number') return [time];
    const age = Date.now() + (facts.host.clock?.offset ?? 0) - time;
    return isOfFuture({ age }) ? [] : [age];
  });
  if (ages.includes(undefined)) return undefined;
  const known = ages.filter((age) => typeof age === 'number');
  return known.length > 0 ? Math.min(...known) : 'none';
}

function saidOf(newest: number | 'none'): string {
  if (newest === 'none') return 'there is no verified snapshot on these hosts';
  const hours = newest / 3_600_000;
  const age =
    hours < 2
      ? `${Math.round(hours * 60)} min`
      : hours < 48
        ? `${Math.round(hours)} h`
        : `${Math.round(hours / 24)} days`;
  return `the newest verified snapshot is ${age} old`;
}
