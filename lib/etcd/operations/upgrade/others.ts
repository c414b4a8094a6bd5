import { isDue, type PlannedTask, type PlayRun } from '../../../dsl/play.ts';
import { quote, sh } from '../../../dsl/shell/sh.ts';
import type { Change } from '../../../dsl/task.ts';
import { release } from '../../../resources/release.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { settingsIn } from '../../files/etcd-conf.ts';
import { memberService } from '../../files/member-service.ts';
import { memberOf } from '../../model/cluster.ts';
import { confFile, memberUnitPath } from '../../model/paths.ts';
import { settingsAt } from '../../model/translate-settings.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { refusePending } from '../common/pending.ts';
import type { Settings } from './carry-out.ts';
import { planAt } from './turn.ts';

/**
 * Refuses (3) changes of the inventory that are not the upgrade's, before its first step: another address or port.
 * Another version, and `etcd_settings`, which go with it, are, and the unit, which a newer release of ours may write
 * otherwise: each turn starts the member by it, and is one at a time. Members of several versions are past that: nothing
 * but an upgrade brings them together.
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
  const words = ['-e', `etcd_version=${version}`, ...settingsWords(settings, version)];
  refusePending({ cluster, hosts: running }, isOwn, ...words);
  await run.each(running, (host) => planAt(host, wanted, settings.get(host.target.name) ?? {}));
}

function isOwn(planned: PlannedTask, host: EtcdHost): boolean {
  // Programs that go elsewhere are no matter of a unit: what runs could not be put back.
  return (
    isRelease(planned) || (isOfUnit(planned, host) && !host.plan.some((one) => isRelease(one) && isDue(one)))
  );
}

function isRelease({ task }: PlannedTask): boolean {
  return release.wishOf(task) !== undefined;
}

/** The unit, and what is loaded for its sake alone. */
function isOfUnit({ task, changes }: PlannedTask, { target }: EtcdHost): boolean {
  const member = memberOf(target);
  if (task.resource === `file:${memberUnitPath(member)}`) return true;
  const isAlone = ({ property, before }: Change) =>
    property === 'unit' || (property === 'loaded' && before === `other ${member.service}.service`);
  return memberService.wishOf(task) !== undefined && changes.every(isAlone);
}

/** What `site` is to be told of settings that only the wanted version knows. */
function settingsWords(settings: ReadonlyMap<string, Settings>, version: string): readonly string[] {
  const given = [...settings.values()];
  const told = given.map((one) => settingsAt({ etcd_settings: one, etcd_version: '' }, version).settings);
  if (told.every((one, i) => one === given[i])) return [];
  const [first = '', ...others] = told.map((one) => JSON.stringify({ etcd_settings: one }));
  return others.every((one) => one === first)
    ? ['-e', quote(first)]
    : ['(with etcd_settings by the names that it knows)'];
}

async function settingsOn(host: EtcdHost): Promise<Settings> {
  const { out } = await host.read('looking at its settings', sh`cat ${confFile(memberOf(host.target))} || :`);
  return settingsIn(out);
}
