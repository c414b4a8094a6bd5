import type { PlayRun } from '../../../dsl/play.ts';
import { type Sh, sh } from '../../../dsl/shell/sh.ts';
import type { QuorateError } from '../../../errors.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import type { ListedMember } from '../../facts/etcdctl/shapes.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberLog } from '../../facts/member-log.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { compareVersions, minorOf } from '../../model/versions.ts';
import { must } from '../../must.ts';
import { refusal, refuse } from '../../refusal.ts';
import { type EtcdHost, livingList, type Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import type { UpgradeStep } from './steps.ts';

/**
 * From 3.5.26 on, etcd 3.5 looks at its start for members that only one of its two stores has, takes them out of the
 * newer one and marks them as removed there. It does so in the middle of its raft log, where the older store is not up to
 * date yet: a member that joined behind the last write that 3.4 has in its data is such a one. 3.5 goes by the older store
 * and works on; 3.6 goes by the mark, and has that member end. Seen from 3.4.23 by 3.5.30 to 3.6.16; 3.5.33 has the code.
 *
 * A write behind all changes of members is what 3.5 begins at: it looks at nothing before. Each running member that is
 * older than 3.5 takes part in it before the first one moves; under the locks of the run nobody joins meanwhile.
 */
export async function writeBehindJoins({ hosts }: Surveyed, stops: readonly string[]): Promise<void> {
  if (!stops.some((stop) => minorOf(stop) === '3.5')) return;
  const isOlder = ({ target: { facts } }: EtcdHost) => {
    const version = facts.reading?.healthy ? facts.reading.status?.version : undefined;
    return version !== undefined && compareVersions(version, '3.5.0') < 0;
  };
  const key = 'quorate/behind-joins';
  for (const host of hosts.filter(isOlder))
    await must(
      host,
      'writing behind the last change of members',
      sh`${etcdctlFunction(memberOf(host.target))}
q_reach
{ q_etcdctl put ${key} 1 && q_etcdctl del ${key}; } 2>&1`,
    );
}

/**
 * Members that these steps take from 3.5 to 3.6, running or not, where the next of them does so: all are asked before the
 * first one is touched, since the others are not led back once it runs 3.6.
 */
export function leaving35(
  steps: readonly Pick<UpgradeStep, 'kind' | 'host' | 'version'>[],
  hosts: readonly EtcdHost[],
): readonly EtcdHost[] {
  const moves = steps.filter(({ kind }) => kind === 'move');
  const [next] = moves;
  if (next === undefined || minorOf(next.version) !== '3.6') return [];
  return hosts.filter(({ target: { name, facts } }) => {
    // Of one that rests the program may be the new one already.
    const running = facts.reading?.status?.version;
    const isMoved = moves.some(({ host, version }) => host === name && minorOf(version) === '3.6');
    return isMoved && (running === undefined || minorOf(running) === '3.5');
  });
}

/**
 * Throws exit code 3 where the log of one of these members tells that 3.5 has marked one that the others list, or where
 * one could not be asked: its own turn would be too late for that.
 */
export async function refuseMarked(
  run: Pick<PlayRun<EtcdFacts>, 'log' | 'each'>,
  surveyed: Surveyed,
  members: readonly EtcdHost[],
): Promise<void> {
  const listed = livingList(surveyed.hosts) ?? [];
  const marked = new Map<EtcdHost, readonly ListedMember[]>();
  const asked = await run.each(members, async (host) => {
    const { name } = host.target;
    const { out } = await host.read(
      'looking for members that it has marked as removed',
      marks(memberOf(host.target)),
    );
    if (new RegExp(`^${LATE}$`, 'm').test(out))
      run.log(
        'warning',
        `${name}: its journal is too long to be read in ${SECONDS} s: of its older part nobody knows whether etcd 3.5 has marked a member as removed, which 3.6 would go by`,
      );
    const found = markedOf(out, listed);
    if (found.length > 0) marked.set(host, found);
  });
  const names = new Set(asked.map(({ target }) => target.name));
  const silent = members.filter(({ target }) => !names.has(target.name));
  refuse([
    ...members.flatMap((host) => problemOf(surveyed, host, marked.get(host) ?? [])),
    ...silent.map(({ target: { name } }) =>
      refusal(
        { host: name },
        'it could not be asked whether its etcd 3.5 has marked a member as removed, which 3.6 would go by: no further step is taken',
        'run again once it can be reached',
      ),
    ),
  ]);
}

function problemOf(
  { cluster }: Surveyed,
  { target: { name, facts } }: EtcdHost,
  marked: readonly ListedMember[],
): readonly QuorateError[] {
  if (marked.length === 0) return [];
  const names = marked.map((one) => one.name || one.id).join(', ');
  return [
    refusal(
      { host: name },
      `its etcd ${facts.reading?.status?.version ?? '3.5'} has marked ${names} as removed, by a fault of 3.5: etcd 3.6 would go by that, and have that member end`,
      `have it join anew, under another ID: ${verbLine('members', cluster, '--remove', names)}, then ${verbLine('members', cluster, '--replace', names)}; then run again`,
    ),
  ];
}

/** Listed members that a log says were taken for zombies. */
export function markedOf(log: string, listed: readonly ListedMember[]): readonly ListedMember[] {
  const ids = new Set([...log.matchAll(/\{ID:([0-9a-f]+) /g)].map(([, id = '']) => id));
  return listed.filter(({ id }) => ids.has(id));
}

/** For a journal, which may have some GiB: less than a read has. */
const SECONDS = 45;

/** What is printed where it took longer. */
const LATE = 'too long to be read';

function marks(member: Member): Sh {
  return sh`{ timeout ${SECONDS} ${memberLog(member)} 2>/dev/null; if [ "$?" = 124 ]; then printf '\n%s\n' ${LATE}; fi; } |
  grep -a -e 'Removing zombie member' -e ${`^${LATE}$`} | head -n 200`;
}
