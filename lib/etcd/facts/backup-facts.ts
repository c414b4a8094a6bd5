import { raw, type Sh, sh } from '../../dsl/shell/sh.ts';
import { unitPath } from '../../resources/service/systemd.ts';
import type { Member } from '../model/cluster.ts';
import { backupTimer } from '../model/paths.ts';
import { partsOf } from '../snapshots/snapshot.ts';

/** What becomes of the snapshots that the timer of a host takes. */
export interface BackupFacts {
  /** systemd's word for its state: `active` where it waits for its next time. */
  readonly timer: string;
  /** It takes one right now. */
  readonly isRunning?: true;
  /** How its last run failed, as systemd says: `exit-code`. */
  readonly failed?: string;
  /** Seconds since its last run began; undefined where there was none since the host came up. */
  readonly ran?: number;
  /**
   * When the newest verified snapshot of the cluster there was begun, milliseconds since 1970; `none` where there is
   * none, undefined where the login may not look.
   */
  readonly newest?: number | 'none';
}

const STAMP = raw(`${'[0-9]'.repeat(8)}T${'[0-9]'.repeat(6)}Z`);

/** Read-only shell, one process where there is a timer; nothing without one. */
export function backupFacts(member: Member): Sh {
  const { backupDir, cluster } = member;
  const timer = backupTimer(member);
  return sh`if [ -f ${unitPath(`${timer}.timer`)} ]; then
  # Blank lines part the units, and go.
  q_line=$(systemctl show -p ActiveState -p Result -p ExecMainStartTimestampMonotonic ${`${timer}.timer`} ${`${timer}.service`} 2>/dev/null)
  echo 'backup-units' $q_line
  read -r q_line q_rest </proc/uptime; echo "backup-uptime $q_line"
  if [ ! -e ${backupDir} ] || { [ -r ${backupDir} ] && [ -x ${backupDir} ]; }; then
    q_newest=none
    # By its time in the name, which no other cluster of this folder has there; its description is there once it is verified.
    for q_file in ${`${backupDir}/${cluster}-`}${STAMP}-r*.json; do if [ -e "$q_file" ]; then q_newest=\${q_file##*/}; fi; done
    echo "backup-newest $q_newest"
  fi
fi`;
}

/** Takes apart what `backupFacts` printed among other lines; undefined where there is no timer. */
export function parseBackups(out: string): BackupFacts | undefined {
  const line = (name: string) => new RegExp(`^backup-${name} ?(.*)$`, 'm').exec(out)?.[1];
  const units = line('units');
  if (units === undefined) return undefined;
  const both = (name: string) =>
    [...units.matchAll(new RegExp(`\\b${name}=(\\S*)`, 'g'))].map(([, is]) => is ?? '');
  const [timer = '', service = ''] = both('ActiveState');
  const [, result = ''] = both('Result');
  const began = Number(both('ExecMainStartTimestampMonotonic')[0] ?? 0) / 1_000_000;
  const newest = newestOf(line('newest'));
  return {
    timer,
    ...(service === 'activating' && { isRunning: true as const }),
    ...(!['', 'success'].includes(result) && { failed: result }),
    ...(began > 0 && { ran: Number(line('uptime')) - began }),
    ...(newest !== undefined && { newest }),
  };
}

function newestOf(name: string | undefined): BackupFacts['newest'] {
  if (name === undefined || name === 'none') return name;
  const stamp = partsOf(name.replace(/\.json$/, '.db'))?.stamp.replace(
    /^(....)(..)(..T..)(..)/,
    '$1-$2-$3:$4:',
  );
  const time = Date.parse(stamp ?? '');
  return Number.isNaN(time) ? undefined : time;
}
