import type { Play, PlayProblem } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { ETCD_VARS } from '../../model/vars.ts';
import { etcdPlay } from '../../play.ts';
import { clusterProblems } from '../common/cluster-flag.ts';
import { keyProblem, opening, recipientsOf, sealing } from './seal.ts';
import { placeProblem } from './stores/place.ts';
import { backupStrategy } from './strategy.ts';

const play = etcdPlay('backup', []);

/** Looks at all clusters of the inventory, or at the one that is chosen. */
export const backupPlay: Play<EtcdFacts> = {
  ...play,
  strategy: backupStrategy,
  async check(hosts) {
    const problems = [...((await play.check?.(hosts)) ?? []), ...flagProblems(hosts)];
    return problems.some(({ level }) => level !== 'warning')
      ? problems
      : [...problems, ...(await keyProblems(hosts))];
  },
};

/** Keys are read before any host is contacted: a run that cannot use them takes no snapshot either. */
async function keyProblems(hosts: readonly HostData[]): Promise<readonly PlayProblem[]> {
  const [first] = hosts;
  if (first === undefined) return [];
  const { to, drill, list, 'encrypt-to': given, identity } = first.vars;
  if (identity !== undefined) {
    const problem = await keyProblem(opening(String(identity)));
    return problem ? [{ host: first.name, ...problem }] : [];
  }
  if (to === undefined || drill === true || list === true) return [];
  const found: PlayProblem[] = [];
  // Clusters of one inventory may have keys of their own.
  for (const { name: host, vars } of given === undefined ? hosts : [first]) {
    const recipients = recipientsOf(vars);
    const problem = recipients.length > 0 ? await keyProblem(sealing(recipients)) : undefined;
    const variable = given === undefined ? { variable: 'etcd_backup_age_recipients' } : {};
    if (problem) found.push({ host, ...variable, ...problem });
  }
  return found;
}

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
  // A variable of the shell that is not set leaves nothing: a plain copy is not what was asked for.
  if (sealed !== undefined && recipientsOf(first.vars).length === 0)
    return wrong('--encrypt-to names no public key of age', 'age-keygen prints it: age1…');
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
