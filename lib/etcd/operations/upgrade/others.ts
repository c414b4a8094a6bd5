import type { PlayRun } from '../../../dsl/play.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import { release } from '../../../resources/release.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { settingsIn } from '../../files/etcd-conf.ts';
import { memberOf } from '../../model/cluster.ts';
import { confFile } from '../../model/paths.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { refusePending } from '../common/pending.ts';
import type { Settings } from './carry-out.ts';
import { planAt } from './turn.ts';

/**
 * Refuses (3) changes of the inventory that are not the upgrade's, before its first step: another address, port or unit.
 * Another version, and `etcd_settings`, which go with it, are. Members of several versions are past that: nothing but an
 * upgrade brings them together.
 */
export async function refuseOthers(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  wanted: string,
  settings: ReadonlyMap<string, Settings>,
): Promise<void> {
  const running = hosts.filter(({ target }) => target.facts.reading?.status);
  const versions = new Set(running.map(({ target }) => String(target.facts.reading?.status?.version)));
  const [version = ''] = versions;
  if (versions.size !== 1) return;
  await run.each(running, async (host) => planAt(host, version, await settingsOn(host)));
  const isRelease = ({ task }: EtcdHost['plan'][number]) => release.wishOf(task) !== undefined;
  refusePending({ cluster, hosts: running }, isRelease, '-e', `etcd_version=${version}`);
  await run.each(running, (host) => planAt(host, wanted, settings.get(host.target.name) ?? {}));
}

async function settingsOn(host: EtcdHost): Promise<Settings> {
  const { out } = await host.read('looking at its settings', sh`cat ${confFile(memberOf(host.target))} || :`);
  return settingsIn(out);
}
