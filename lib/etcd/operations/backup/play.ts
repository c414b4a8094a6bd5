import type { Play, PlayProblem } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { ETCD_VARS } from '../../model/vars.ts';
import { etcdPlay } from '../../play.ts';
import { clusterProblems } from '../common/cluster-flag.ts';
import { backupStrategy } from './strategy.ts';

const play = etcdPlay('backup', []);

/** Looks at all clusters of the inventory, or at the one that is chosen. */
export const backupPlay: Play<EtcdFacts> = {
  ...play,
  strategy: backupStrategy,
  check: (hosts) => [...(play.check?.(hosts) ?? []), ...flagProblems(hosts)],
};

function flagProblems(hosts: readonly HostData[]): readonly PlayProblem[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const { keep, cluster, to, drill, list } = first.vars;
  if (drill === true && (list === true || keep !== undefined)) {
    const message = `--drill takes and removes nothing, and goes without ${list === true ? '--list' : '--keep'}`;
    return [{ host: first.name, message, hint: 'run backup twice' }];
  }
  if (typeof to === 'string' && isElsewhere(to)) {
    const message = `--to ${to}: copies go to a folder of this machine only`;
    return [
      { host: first.name, message, hint: 'mount it here, or send what lies in the folder on from there' },
    ];
  }
  if (keep !== undefined && !new RegExp(ETCD_VARS.etcd_backup_keep.pattern).test(String(keep))) {
    const message = `--keep ${keep}: no numbers of hours, days, weeks and months`;
    return [{ host: first.name, message, hint: 'as in --keep 24h,7d,4w,12m, or --keep all' }];
  }
  return cluster === undefined ? [] : clusterProblems(hosts);
}

/** `s3://bucket/x`, `sftp://host/x`, `host:/x`: a folder of that name is not what was meant. */
function isElsewhere(to: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(to) || /^[^/\s]+@?[^/\s]*:/.test(to);
}
