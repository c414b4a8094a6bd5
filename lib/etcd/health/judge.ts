import { certificateFaults } from '../facts/found-certificates.ts';
import { quorum } from '../model/cluster.ts';
import { type Answer, checkOf, describe, type Finding, groupHosts, unansweredSaid } from './answer.ts';
import { isRefused, wayIn } from './authentication.ts';
import { strayIdentities } from './identity.ts';
import { equalHashes, unknownHashes } from './judge-hashes.ts';

/** Applied raft entries a member may be behind the most advanced one. */
const RAFT_LAG = 1000;

/**
 * Everything that must hold before and after a disruptive step, and at the end of every run. The empty
 * list is a healthy cluster. Why: the quorum gate in docs/decisions.md; etcd's operations guide.
 */
export function judgeCluster(all: readonly Answer[]): readonly Finding[] {
  // What a member that refuses us leaves unanswered says nothing more.
  const answers = all.filter(({ reading }) => !(reading && isRefused(reading)));
  return [
    ...all.flatMap(notLetIn),
    ...all.flatMap(foreignProgram),
    ...all.flatMap(certificates),
    ...health(answers),
    ...unanswered(answers),
    ...alarms(all),
    ...sameClusterId(all),
    ...oneLeader(all),
    ...sameMemberList(all),
    ...ownIdentity(all),
    ...noLeftovers(all),
    ...raftLag(all),
    ...unknownHashes(answers),
    ...equalHashes(answers),
  ];
}

/** Refuses a step that stops `host` when too few healthy members would be left; the arithmetic is said. */
export function judgeStop(answers: readonly Answer[], host: string): readonly Finding[] {
  const voters = answers.length;
  const needed = quorum(voters);
  const healthy = answers.filter(({ reading }) => reading?.healthy);
  const left = healthy.filter(({ member }) => member.host !== host).length;
  if (left >= needed) return [];
  return [
    {
      check: 'quorum',
      host,
      message: `${voters} voters, quorum ${needed}, ${healthy.length} healthy: stopping ${host} leaves ${left}`,
    },
  ];
}

function notLetIn({ member, reading }: Answer): readonly Finding[] {
  if (!reading || !isRefused(reading)) return [];
  const message = `${member.host}: ${wayIn(member, reading)}`;
  return [{ check: 'authentication', host: member.host, message }];
}

/** Whoever replaced it has the member's keys: what it answers may be anything. */
function foreignProgram({ member: { host, service }, reading }: Answer): readonly Finding[] {
  if (!reading?.foreign) return [];
  const { pid, runs, wanted } = reading.foreign;
  const message = `${host}: foreign program: ${service} was to run ${wanted}, its process ${pid} runs ${runs}`;
  return [{ check: 'foreign', host, message }];
}

function certificates({ member, reading, caEnd }: Answer): readonly Finding[] {
  const now = new Date();
  const { host, certDir } = member;
  const faults = certificateFaults(member, reading?.certificates ?? [], now, caEnd);
  const ended = `${host}: ${certDir}/ca.pem ended ${caEnd?.toISOString().slice(0, 10)}: no certificate under it holds`;
  return [
    ...(caEnd !== undefined && caEnd < now ? [ended] : []),
    ...faults.map(({ message }) => message),
  ].map((message) => ({ check: 'certificate', host, message }));
}

function health(answers: readonly Answer[]): Finding[] {
  return answers
    .filter(({ reading }) => !reading?.healthy)
    .map((answer) => ({ check: 'health', host: answer.member.host, message: unhealthy(answer) }));
}

function unhealthy({ member: { host, clientUrl, service }, reading, unreached }: Answer): string {
  const asked = reading?.askedAt ?? reading?.clientUrl ?? clientUrl;
  if (unreached) return `${host}: the host was not reached`;
  if (!reading) return `${host}: ${service} does not run`;
  const said = reading.said.split('\n').at(-1)?.trim();
  return `${host}: no linearizable read through ${asked}${said ? `: ${said}` : ''}`;
}

/** What a healthy member leaves open may be anything: an alarm, too. Its hash is a matter of its own. */
function unanswered(answers: readonly Answer[]): Finding[] {
  return answers.flatMap(({ member: { host }, reading }) =>
    (reading?.healthy ? (reading.unanswered ?? []) : [])
      .filter(({ question }) => question !== 'endpoint hashkv')
      .map((one) => ({ check: checkOf(one), host, message: unansweredSaid(host, one) })),
  );
}

function alarms(answers: readonly Answer[]): Finding[] {
  const names = namesById(answers);
  const seen = new Set(
    answers.flatMap(({ reading }) =>
      (reading?.alarms ?? []).map(({ memberId, alarm }) => `${alarm} on ${names.get(memberId) ?? memberId}`),
    ),
  );
  return [...seen].map((said) => ({
    check: said.startsWith('NOSPACE ') ? 'no-space' : 'alarm',
    message: `alarm ${said}`,
  }));
}

function sameClusterId(answers: readonly Answer[]): Finding[] {
  const ids = groupHosts(answers, ({ reading }) => reading?.status?.clusterId);
  return ids.size <= 1 ? [] : [{ check: 'cluster-id', message: `cluster IDs differ: ${describe(ids)}` }];
}

function oneLeader(answers: readonly Answer[]): Finding[] {
  const leaders = groupHosts(
    answers,
    ({ reading }) => reading?.status && (reading.status.leaderId || 'none'),
  );
  if (leaders.size === 0 || (leaders.size === 1 && !leaders.has('none'))) return [];
  return [{ check: 'leader', message: `not one leader: ${describe(leaders)}` }];
}

function sameMemberList(answers: readonly Answer[]): Finding[] {
  const lists = groupHosts(answers, ({ reading }) =>
    reading?.members
      ?.map((one) => `${one.id} ${[...one.peerUrls].sort().join(' ')}`)
      .sort()
      .join(','),
  );
  const findings: Finding[] = [];
  if (lists.size > 1) {
    findings.push({
      check: 'member-list',
      message: `member lists differ between ${[...lists.values()].join(' and ')}`,
    });
  }
  const list = answers.find(({ reading }) => reading?.members)?.reading?.members;
  for (const { member } of list ? answers : []) {
    if (!list?.some((one) => one.peerUrls.includes(member.peerUrl))) {
      findings.push({
        check: 'membership',
        host: member.host,
        message: `${member.host}: ${member.peerUrl} is not in the member list`,
      });
    }
  }
  for (const one of list ?? []) {
    if (!answers.some(({ member }) => one.peerUrls.includes(member.peerUrl))) {
      findings.push({
        check: 'membership',
        message: `member ${one.name || one.id} (${one.peerUrls.join(' ')}) is not in the inventory`,
      });
    }
  }
  return findings;
}

/** Who runs as another member votes in its place, and is no copy of it: two go under one name. */
function ownIdentity(answers: readonly Answer[]): Finding[] {
  return strayIdentities(answers).map(({ host, said }) => ({
    check: 'identity',
    host,
    message: `${host} ${said}`,
  }));
}

function noLeftovers(answers: readonly Answer[]): Finding[] {
  const list = answers.find(({ reading }) => reading?.healthy && reading.members)?.reading?.members ?? [];
  return list.flatMap((one): Finding[] => {
    if (one.learner) return [{ check: 'learner', message: `${one.name || one.id} is still a learner` }];
    if (one.clientUrls.length > 0) return [];
    return [
      { check: 'unstarted', message: `${one.name || one.peerUrls.join(' ')} was added but never started` },
    ];
  });
}

function raftLag(answers: readonly Answer[]): Finding[] {
  const front = Math.max(...answers.map(({ reading }) => reading?.status?.raftIndex ?? 0));
  return answers.flatMap(({ member, reading }): Finding[] => {
    const behind = front - (reading?.status?.raftIndex ?? front);
    if (behind <= RAFT_LAG) return [];
    return [
      {
        check: 'raft-lag',
        host: member.host,
        message: `${member.host} is ${behind} raft entries behind (at most ${RAFT_LAG})`,
      },
    ];
  });
}

function namesById(answers: readonly Answer[]): ReadonlyMap<string, string> {
  return new Map(
    answers.flatMap(({ reading }) => (reading?.members ?? []).map(({ id, name }) => [id, name] as const)),
  );
}
