import type { PlayRun } from '../../../dsl/play.ts';
import { type Sh, sh } from '../../../dsl/shell/sh.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import type { ListedMember } from '../../facts/etcdctl/shapes.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberLog } from '../../facts/member-log.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { must } from '../../must.ts';
import { refusal } from '../../refusal.ts';
import { type EtcdHost, livingList, type Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';

/**
 * From 3.5.26 on, etcd 3.5 looks at its start for members that only one of its two stores has, takes them out of the
 * newer one and marks them as removed there. It does so in the middle of its raft log, where the older store is not up to
 * date yet: a member that joined behind the last write that 3.4 has in its data is such a one. 3.5 goes by the older store
 * and works on; 3.6 goes by the mark, and has that member end. Seen from 3.4.23 by 3.5.30 to 3.6.16; 3.5.33 has the code.
 *
 * A write behind all changes of members is what 3.5 begins at: it looks at nothing before.
 */
export async function writeBehindJoins(host: EtcdHost): Promise<void> {
  const key = 'quorate/behind-joins';
  await must(
    host,
    'writing behind the last change of members',
    sh`${etcdctlFunction(memberOf(host.target))}
q_reach
{ q_etcdctl put ${key} 1 && q_etcdctl del ${key}; } 2>&1`,
  );
}

/** Throws exit code 3 where the log of a member of 3.5, running or not, tells that it has marked one that the others list. */
export async function refuseMarked(
  { log }: Pick<PlayRun<EtcdFacts>, 'log'>,
  surveyed: Surveyed,
  host: EtcdHost,
): Promise<void> {
  const { name, facts } = host.target;
  const { out } = await host.read(
    'looking for members that it has marked as removed',
    marks(memberOf(host.target)),
  );
  if (new RegExp(`^${LATE}$`, 'm').test(out))
    log(
      'warning',
      `${name}: its journal is too long to be read in ${SECONDS} s: of its older part nobody knows whether etcd 3.5 has marked a member as removed, which 3.6 would go by`,
    );
  const marked = markedOf(out, livingList(surveyed.hosts) ?? []);
  if (marked.length === 0) return;
  const names = marked.map((one) => one.name || one.id).join(', ');
  throw refusal(
    { host: name },
    `its etcd ${facts.reading?.status?.version ?? '3.5'} has marked ${names} as removed, by a fault of 3.5: etcd 3.6 would go by that, and have that member end`,
    `have it join anew, under another ID: ${verbLine('members', surveyed.cluster, '--remove', names)}, then ${verbLine('members', surveyed.cluster, '--replace', names)}; then run again`,
  );
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
