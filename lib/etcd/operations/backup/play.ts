import type { Play, PlayProblem } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { ETCD_VARS } from '../../model/vars.ts';
import { etcdPlay } from '../../play.ts';
import { clusterProblems } from '../common/cluster-flag.ts';
import { placeProblem } from './stores/place.ts';
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
  const { keep, cluster, to, drill, list, 'encrypt-to': sealed, identity } = first.vars;
  const wrong = (message: string, hint: string) => [{ host: first.name, message, hint }];
  if (sealed !== undefined && to === undefined)
    return wrong(
      '--encrypt-to is for copies, and --to is missing',
      'snapshots on the hosts are not encrypted',
    );
  if (identity !== undefined && (drill !== true || to === undefined))
    return wrong('--identity opens copies for a drill', 'use it with --drill and --to');
  if (drill === true && (list === true || keep !== undefined)) {
    const message = `--drill takes and removes nothing, and goes without ${list === true ? '--list' : '--keep'}`;
    return [{ host: first.name, message, hint: 'run backup twice' }];
  }
  const misplaced = typeof to === 'string' ? placeProblem(to) : undefined;
  if (misplaced) return [{ host: first.name, ...misplaced }];
  if (keep !== undefined && !new RegExp(ETCD_VARS.etcd_backup_keep.pattern).test(String(keep))) {
    const message = `--keep ${keep}: no numbers of hours, days, weeks and months`;
    return [{ host: first.name, message, hint: 'as in --keep 24h,7d,4w,12m, or --keep all' }];
  }
  return cluster === undefined ? [] : clusterProblems(hosts);
}
