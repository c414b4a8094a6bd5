import type { PlayRun } from '../../../dsl/play.ts';
import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import { dataVersions } from '../../facts/data-version.ts';
import { lastLine, type Printed } from '../../facts/etcdctl/answers.ts';
import { ASK, printedByName } from '../../facts/etcdctl/asked.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import { AS_NOBODY, authenticationOf } from '../../facts/etcdctl/words.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { knownAnswers } from '../../health/ask.ts';
import { judgeCluster } from '../../health/judge.ts';
import { askUntilWhole, mayPass } from '../../health/settle.ts';
import { healthFirst, linesOf, wayOut } from '../../health/way-out.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { walPath } from '../../model/paths.ts';
import { compareVersions, minorOf } from '../../model/versions.ts';
import { refusal } from '../../refusal.ts';
import { openIntent } from '../../survey/intents.ts';
import { type EtcdHost, type Surveyed, toolVersion } from '../../surveyed.ts';
import type { NoWay } from './path.ts';
import type { Authentication, MemberNow, UpgradeState } from './steps.ts';

/** What the files of a member and etcd's own users say, beside what the facts have. */
interface MemberFiles {
  readonly cluster: string | undefined;
  readonly oldLog: boolean;
  readonly authentication: Authentication;
}

/** Looks at what decides about the steps. */
export async function upgradeState(
  run: PlayRun<EtcdFacts>,
  { hosts }: Surveyed,
): Promise<Omit<UpgradeState, 'wrong'>> {
  const files = new Map<EtcdHost, MemberFiles>();
  await run.each(hosts, async (host) => {
    const isOn36 = minorOf(versionOf(host) ?? '') === '3.6';
    const { out } = await host.read('looking at versions', filesProbe(memberOf(host.target), isOn36));
    files.set(host, parseFiles(out, toolVersion(host)));
  });
  const found = [...files.values()];
  const statuses = hosts.flatMap(({ target }) => target.facts.reading?.status ?? []);
  const stored = statuses.flatMap(({ storageVersion }) => storageVersion ?? []);
  const goingDown = lowestMinor(statuses.flatMap(({ goingDownTo }) => goingDownTo ?? []));
  return {
    members: hosts.map((host) => memberNow(host, files.get(host)?.oldLog ?? false)),
    worksAs: lowestMinor(found.flatMap(({ cluster }) => cluster ?? [])),
    // On the way up one that has not written it yet decides, on the way down as well.
    storedAs: goingDown === undefined ? lowestMinor(stored) : highestMinor(stored),
    goingDown,
    authentication: togetherSaid(
      hosts.flatMap((host) =>
        host.target.facts.reading?.status ? (files.get(host)?.authentication ?? []) : [],
      ),
    ),
    open: openUpgrade(hosts),
  };
}

/** What the cluster works as, by all members that run; undefined where one does not tell. */
export async function worksAs(
  run: PlayRun<EtcdFacts>,
  hosts: readonly EtcdHost[],
): Promise<string | undefined> {
  const told: string[] = [];
  await run.each(hosts, async (host) => {
    const { out } = await host.read('looking at versions', clusterVersion(memberOf(host.target)));
    told.push(...(workingAs(out) ?? []));
  });
  return lowestMinor(told);
}

/** The newest raft snapshot of the member was taken since its cluster works as 3.6, or its log needs none. */
export function logIsReadable(member: Member): Sh {
  return sh`${logFacts(member)}
[ -z "$q_old_log" ]`;
}

function memberNow(host: EtcdHost, oldLog: boolean): MemberNow {
  const { name, facts } = host.target;
  const { reading, service } = facts;
  const status = reading?.status;
  const version = versionOf(host);
  if (version === undefined)
    throw refusal({ host: name }, 'which etcd it runs cannot be told', 'see what its service says');
  return {
    host: name,
    version,
    runs: service === 'active' && status !== undefined,
    leads: status !== undefined && status.leaderId === status.memberId,
    oldLog,
  };
}

/** The version of the program that a member runs, or would run. */
function versionOf({ target: { facts } }: EtcdHost): string | undefined {
  return facts.reading?.status?.version ?? facts.kept.program ?? facts.installed;
}

/**
 * What is wrong and does not pass. After a killed run members may still look for each other: they are given the time,
 * and facts are fresh afterwards. What only rests is for the steps to start.
 */
export async function wrongWith(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<NoWay | undefined> {
  const { cluster, hosts } = surveyed;
  const rests = hosts.some(({ target }) => target.facts.service !== 'active');
  let answers = await knownAnswers(run, surveyed);
  if (judgeCluster(answers).length > 0 && !rests) {
    answers = await askUntilWhole(run, surveyed);
    await run.each(hosts, (host) => host.refresh());
  }
  const findings = judgeCluster(answers).filter((one) => !(rests && mayPass(one)));
  if (findings.length === 0) return undefined;
  return {
    message: ['not touched:', ...linesOf(findings)].join('\n'),
    hint: healthFirst(wayOut(cluster, answers, findings)),
  };
}

function openUpgrade(hosts: readonly EtcdHost[]): string | undefined {
  const open = openIntent(hosts);
  return open?.verb === 'upgrade' ? open.target : undefined;
}

/** A log is read whole: only where it decides. */
function filesProbe(member: Member, withLog: boolean): Sh {
  return joinSh([clusterVersion(member), ...(withLog ? [logFacts(member)] : []), authentication(member)]);
}

function clusterVersion({ dataDir }: Member): Sh {
  return dataVersions(`${dataDir}/member/snap/db`);
}

/**
 * Requests in the form that 3.5 and older write name paths; they count only after the newest raft snapshot. One that
 * says 3.6 or later was taken when no such member was left.
 */
function logFacts(member: Member): Sh {
  return sh`q_old_log= q_newest=
for q_file in ${`${member.dataDir}/member/snap`}/*.snap; do q_newest=$q_file; done
if ! grep -aqE '/0/version[^{}]*"3\.([6-9]|[1-9][0-9])\.' "$q_newest" 2>/dev/null &&
  grep -aqE '/0/version|/0/members/[0-9a-f]+/attributes' ${walPath(member)}/*.wal 2>/dev/null; then
  q_old_log=yes; echo 'old-log yes'
fi`;
}

function authentication(member: Member): Sh {
  return sh`(${etcdctlFunction(member)}
${ASK}
q_reach >/dev/null 2>&1
q_ask nobody q_etcdctl ${[...AS_NOBODY]} || :)`;
}

function parseFiles(out: string, version: string): MemberFiles {
  const told = printedByName(out)('nobody');
  return {
    cluster: workingAs(out),
    oldLog: /^old-log yes$/m.test(out),
    authentication: told === undefined ? 'off' : (authenticationOf(told) ?? unreadable(told, version)),
  };
}

function workingAs(out: string): string | undefined {
  return /^cluster-version (\S+)$/m.exec(out)?.[1];
}

function unreadable({ err, out }: Printed, version: string): Authentication {
  return { unread: `etcdctl ${version}: ${lastLine(err || out)}` };
}

/** By members that answer; one that tells is enough, since it is the cluster's. */
function togetherSaid(all: readonly Authentication[]): Authentication {
  const told = all.filter((one) => typeof one === 'string');
  return told.find((one) => one === 'on') ?? told[0] ?? all[0] ?? 'off';
}

function lowestMinor(versions: readonly string[]): string | undefined {
  return minorAt(versions, 0);
}

function highestMinor(versions: readonly string[]): string | undefined {
  return minorAt(versions, -1);
}

function minorAt(versions: readonly string[], place: number): string | undefined {
  const found = [...versions].sort(compareVersions).at(place);
  return found && minorOf(found);
}
