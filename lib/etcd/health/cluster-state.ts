import type { ClusterMember, ClusterState } from '../../dsl/states/cluster-state.ts';
import { endOf } from '../facts/found-certificates.ts';
import { type Answer, type Finding, healthBy } from './answer.ts';
import { daysUntil, healthTable } from './table.ts';

/** What its members answered and what that comes to, as data and as the table that people read. */
export function clusterState(
  cluster: string,
  answers: readonly Answer[],
  findings: readonly Finding[],
): ClusterState {
  const members = answers.map(memberState);
  const [firstEnd] = answers.flatMap(({ caEnd }) => caEnd ?? []).sort((a, b) => a.getTime() - b.getTime());
  return {
    cluster,
    healthy: healthBy(findings),
    leader: members.find(({ role }) => role === 'leader')?.host ?? null,
    caDays: firstEnd ? daysUntil(firstEnd) : null,
    members,
    problems: findings.map(({ message }) => message),
    table: healthTable(answers),
  };
}

function memberState({ member, reading, unreached }: Answer): ClusterMember {
  const status = reading?.status;
  const end = endOf(reading?.certificates ?? []);
  return {
    host: member.host,
    name: member.name,
    id: status?.memberId ?? null,
    address: reading?.clientUrl ?? member.clientUrl,
    role: status ? (status.memberId === status.leaderId ? 'leader' : 'follower') : null,
    health: reading?.healthy ? 'healthy' : reading ? 'unhealthy' : unreached ? 'not reached' : 'stopped',
    version: status?.version ?? null,
    dbSizeBytes: status?.dbSize ?? null,
    certificateDays: end ? daysUntil(end) : null,
  };
}
