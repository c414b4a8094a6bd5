import { commandLine } from '../../../command-line.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import { release } from '../../../resources/release.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { NEWEST_RELEASE } from '../../model/versions.ts';
import { admission } from '../../survey/admit-version.ts';
import { clusterFacts, type Surveyed } from '../../surveyed.ts';

/**
 * Where the inventory left the choice open and a run installed something: says which etcd that is and where it came
 * from, with what is known against it and what to do. Costs a read, at the first run alone.
 */
export async function tellTaken(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  if (clusterFacts(surveyed)?.version !== undefined) return;
  const { cluster, hosts } = surveyed;
  const host = hosts.find(({ plan }) =>
    plan.some(({ task, changes }) => release.wishOf(task) && changes.length > 0),
  );
  if (host === undefined) return;
  const record = `${memberOf(host.target).stateDir}/release`;
  const { out } = await host.read('reading what was installed', sh`head -n 1 ${record}`);
  const [, version, from] = /^(\S+) (.+)$/m.exec(out) ?? [];
  if (version === undefined) return;
  run.log('info', `${cluster.name}: etcd ${version} was taken from ${from}`);
  const vars = hosts.map(({ target }) => target.vars);
  const { warnings } = admission(cluster, version, vars, true);
  for (const line of warnings) run.log('warning', line);
  if (warnings.length === 0) return;
  run.log(
    'warning',
    `${cluster.name}: while nobody depends on it: ${commandLine('destroy')}, set etcd_version: "${NEWEST_RELEASE}", and run again`,
  );
}
