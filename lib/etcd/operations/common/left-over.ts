import { joinSh, raw, type Sh, sh } from '../../../dsl/shell/sh.ts';
import { asMember } from '../../facts/etcdctl/etcdctl.ts';
import type { Member } from '../../model/cluster.ts';

/** Where the snapshot lies for a moment: among our records, where nobody else writes. */
export function sentFile({ stateDir }: Pick<Member, 'stateDir'>): string {
  return `${stateDir}/restore.db`;
}

/** After the name of a verb, for any run. */
const RUN = raw('-[0-9]*T[0-9]*Z-*');

/** What stands before the name of a verb where runs put data beside that of a member. */
const besides = ({ dataDir, walDir }: Member) => [
  `${dataDir}/.`,
  ...(walDir === undefined ? [] : [`${walDir}.`]),
];

/** The snapshot that was sent, also in part. */
const sent = (member: Member) => [sentFile(member), `${member.stateDir}/.restore.db.quorate-part`];

/** Shell words: what restores and recoveries leave on a host until they are done. No data of its member is among it. */
export function leftOver(member: Member): Sh {
  const beside = besides(member).map((path) => sh`${path}restore${RUN} ${path}recover${RUN}`);
  return joinSh([...beside, sh`${sent(member)}`], ' ');
}

/** Shell, after `etcdctlFunction`, that takes all of it away. */
export function clearLeft(member: Member): Sh {
  return sh`$q_become ${clear(member)} && rm -f -- ${sent(member)}`;
}

/** The same by itself. */
export function clearHost(member: Member): Sh {
  return sh`${asMember(member, clear(member))} && rm -f -- ${sent(member)}`;
}

/** For the member's user, whose folders these are. */
function clear(member: Member): Sh {
  return sh`sh -c ${CLEAR} q_own ${besides(member)}`;
}

const CLEAR = `for path; do rm -rf -- "$path"restore${RUN.text} "$path"recover${RUN.text} || exit; done`;
