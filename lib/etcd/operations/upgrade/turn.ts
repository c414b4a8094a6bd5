import { inSeries, type Turn } from '../../../dsl/in-series.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { type Sh, sh } from '../../../dsl/shell/sh.ts';
import type { QuorateError } from '../../../errors.ts';
import { lastLine } from '../../facts/etcdctl/answers.ts';
import { asMember } from '../../facts/etcdctl/etcdctl.ts';
import { storeOf } from '../../facts/etcdctl/words.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import type { Answer } from '../../health/answer.ts';
import { askMembers } from '../../health/ask.ts';
import { judgeStop } from '../../health/judge.ts';
import { settle } from '../../health/settle.ts';
import { HEALTH_FIRST, linesOf } from '../../health/way-out.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { minorOf } from '../../model/versions.ts';
import { must } from '../../must.ts';
import { stopMember } from '../../power.ts';
import { refusal } from '../../refusal.ts';
import { roll } from '../../roll.ts';
import { refuseUnlessStopped } from '../../stopped.ts';
import { type EtcdHost, type Surveyed, toolVersion } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { dropPrograms, keepPrograms, keptRecord, restorePrograms } from './kept-programs.ts';
import { worksAs } from './state.ts';

type Settings = Readonly<Record<string, unknown>>;

/** What a member is to run, and with what. */
export interface Wish {
  readonly version: string;
  /** `etcd_settings` as the inventory has them. */
  readonly settings: Settings;
  readonly acceptDowntime: boolean;
}

/** Plans a host at a version that is not the inventory's, for which the settings are written. */
export async function planAt(host: EtcdHost, version: string, settings: Settings): Promise<void> {
  const { cluster } = host.target.facts;
  if (cluster === undefined) throw new Error('planned before the survey');
  host.target.facts.cluster = { ...cluster, version };
  await host.replan({ etcd_settings: settings });
}

/**
 * The turn of one member: it moves to another version, or is started on it. What does not come up is put back, as long
 * as the cluster works as it did before; one that works on it stays, whatever became of the others meanwhile.
 */
export async function moveMember(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  host: EtcdHost,
  { version, settings, acceptDowntime }: Wish,
): Promise<void> {
  const { reading, service } = host.target.facts;
  const runs = service === 'active' && reading?.healthy === true;
  const running = runs ? reading?.status?.version : undefined;
  const before = running ?? (await keptVersion(host));
  await planAt(host, version, settings);
  const member = memberOf(host.target);
  let stays = false;
  const turn: Turn<EtcdFacts> = {
    async before() {
      await must(host, 'keeping what runs', keepPrograms(member, running));
      if (leaves35(before, version)) await must(host, 'stopping the member', stopForGood(member));
    },
    async stopped() {
      if (leaves35(before, version)) await checkStore(surveyed, host, member);
    },
    apply: () => host.apply(() => true),
    async undo() {
      const answers = await askMembers(run, surveyed);
      stays = worksOn(version, host, answers);
      if (stays) return must(host, 'forgetting what ran before', dropPrograms(member));
      if (!acceptDowntime) refuseCostly(host, answers);
      await putBack(run, surveyed, host, { version: before, settings, now: version });
    },
  };
  // Starting one that does not run only helps: what it may cost is lost already.
  if (runs) await roll(run, surveyed, [host], turn, { acceptDowntime });
  else
    await inSeries(run, [host], {
      hint: HEALTH_FIRST,
      gate: { after: (one) => settle(run, surveyed, [one]) },
      turn,
    });
  if (stays) throw stoppedBehind(host, version);
  if (run.failed(host)) throw stoppedAt(host, version);
  await must(host, 'forgetting what ran before', dropPrograms(member));
}

function answerOf({ target: { name } }: EtcdHost, answers: readonly Answer[]): Answer['reading'] {
  return answers.find(({ member }) => member.host === name)?.reading;
}

function worksOn(version: string, host: EtcdHost, answers: readonly Answer[]): boolean {
  const reading = answerOf(host, answers);
  return reading?.healthy === true && reading.status?.version === version;
}

/** Refuses (3) another restart where too few others would be left. Starting one that does not answer only helps. */
function refuseCostly(host: EtcdHost, answers: readonly Answer[]): void {
  const { name } = host.target;
  const costs = answerOf(host, answers)?.status ? judgeStop(answers, name) : [];
  if (costs.length > 0)
    throw refusal({ host: name }, ['it is not restarted:', ...linesOf(costs)].join('\n'), HEALTH_FIRST);
}

/** The member restarts as it is, so that it takes a raft snapshot soon; a few requests of no effect see to it. */
export async function snapshotMember(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  host: EtcdHost,
  { version, settings, acceptDowntime }: Wish,
): Promise<void> {
  const often = { ...settings, 'snapshot-count': SNAPSHOT_COUNT };
  await planAt(host, version, often);
  await roll(run, surveyed, [host], { apply: (one) => one.apply(() => true) }, { acceptDowntime });
  if (run.failed(host)) throw stoppedAt(host, version);
}

/** Entries between two raft snapshots: as few as a start and a few requests make. */
export const SNAPSHOT_COUNT = 10;

function stoppedAt({ target: { name } }: EtcdHost, version: string): QuorateError {
  return refusal(
    { name: `stopped at ${name}` },
    `it does not run etcd ${version}; no further member is touched`,
    `see above why; then run again, or go back: set etcd_version to what the others run`,
  );
}

function stoppedBehind({ target: { name } }: EtcdHost, version: string): QuorateError {
  return refusal(
    { name: `stopped after ${name}` },
    `it runs etcd ${version}, and the cluster is not whole; no further member is touched`,
    `see above why; ${HEALTH_FIRST}, then run again to go on`,
  );
}

/** Where a killed turn has kept programs, theirs counts: the one that is there may be the new one. */
async function keptVersion(host: EtcdHost): Promise<string> {
  const { facts } = host.target;
  const { out } = await host.read('looking for what ran before', keptRecord(memberOf(host.target)));
  return out.split(' ')[0]?.trim() || facts.kept.program || String(facts.installed);
}

/** 3.6 has no v2 store: what clients of API 2 have written would be gone. */
function leaves35(from: string, to: string): boolean {
  return minorOf(from) === '3.5' && minorOf(to) === '3.6';
}

async function checkStore(surveyed: Surveyed, host: EtcdHost, member: Member): Promise<void> {
  const { name } = host.target;
  const { code, out } = await host.act('looking for data of API 2', checkV2(member));
  const found = storeOf({ code, out, err: '' });
  if (found === 'empty') return;
  if (found === 'unreadable')
    throw refusal(
      { host: name },
      `etcdutl of ${name} cannot read a raft snapshot, so nobody knows what data of API 2 there is: ${lastLine(out)}`,
      `it renames such a file to .snap.broken in ${member.dataDir}/member/snap; have the member replaced: ${verbLine('members', surveyed.cluster, '--replace', name)}`,
    );
  throw refusal(
    { host: name },
    found === 'used'
      ? 'it has data of API 2, which 3.6 does not have'
      : `whether it has data of API 2, which 3.6 does not have, cannot be read: etcdutl ${toolVersion(host)}: ${lastLine(out)}`,
    'see on that host, with the member stopped: etcdutl check v2store; delete that data with ETCDCTL_API=2, or migrate it',
  );
}

/** With the program of the release that is about to go, as the member's user: it renames what it cannot read. */
function checkV2(member: Member): Sh {
  const { binDir, dataDir, walDir } = member;
  const wal = walDir === undefined ? sh`` : sh`--wal-dir ${walDir}`;
  return sh`${refuseUnlessStopped(member)}
${asMember(member, sh`env -i PATH="$PATH" ${`${binDir}/etcdutl`} check v2store --data-dir ${dataDir} ${wal} 2>&1`)}`;
}

async function putBack(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  host: EtcdHost,
  { version, settings, now }: { readonly version: string; readonly settings: Settings; readonly now: string },
): Promise<void> {
  const { name } = host.target;
  if (version === now) return;
  const others = surveyed.hosts.filter((one) => one !== host && !run.failed(one));
  const works = await worksAs(run, others);
  const isMoved = works !== undefined && works !== minorOf(version) && minorOf(now) !== minorOf(version);
  if (isMoved) {
    throw refusal(
      { host: name },
      `the cluster works as ${works} by now: etcd ${version} cannot come back`,
      HEALTH_FIRST,
    );
  }
  const member = memberOf(host.target);
  await must(host, 'putting back what ran before', restorePrograms(member));
  await planAt(host, version, settings);
  await host.apply(() => true);
  await must(host, 'forgetting what ran before', dropPrograms(member));
  run.log('warning', `${name}: etcd ${version} is back in the place of ${now}`);
}

function stopForGood(member: Member): Sh {
  if (member.manager === 'process') return stopMember(member);
  return sh`${stopMember(member)}
systemctl reset-failed ${`${member.service}.service`} 2>/dev/null; :`;
}
