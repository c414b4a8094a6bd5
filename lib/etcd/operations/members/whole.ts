import { hostOf } from '../../../addresses.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import type { Answer, Finding } from '../../health/answer.ts';
import { askMembers, knownAnswers } from '../../health/ask.ts';
import { judgeCluster } from '../../health/judge.ts';
import { mayPass, SETTLE } from '../../health/settle.ts';
import { HEALTH_FIRST } from '../../health/way-out.ts';
import type { Member } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { ListedMember, Scene } from './scene.ts';

/** What the verb itself is about. */
const ITS_OWN: ReadonlySet<Finding['check']> = new Set(['membership', 'learner', 'unstarted', 'certificate']);

/**
 * The members that vote and work, with their hosts: what must be whole while another one comes, goes or moves. One that
 * is yet to move is judged by where it is: that is not a fault.
 */
export function working({ cluster, hosts }: Surveyed, { listed }: Pick<Scene, 'listed'>): Surveyed {
  const voters = listed.filter(({ healthy, learner }) => healthy && !learner);
  const votes = hosts.flatMap((host) => {
    const voter = voters.find(({ id }) => id === host.target.facts.reading?.status?.memberId);
    return voter ? [{ host, voter }] : [];
  });
  const members = cluster.members.flatMap((member) => {
    const vote = votes.find(({ host }) => host.target.name === member.host);
    return vote ? [whereItIs(member, vote.voter, vote.host)] : [];
  });
  return { cluster: { ...cluster, members }, hosts: votes.map(({ host }) => host) };
}

/** As the inventory has it, but for the addresses of one that the others know somewhere else. */
function whereItIs(member: Member, { peerUrls }: ListedMember, { target }: EtcdHost): Member {
  const [peerUrl] = peerUrls;
  if (peerUrl === undefined || peerUrls.includes(member.peerUrl)) return member;
  const clientUrl = target.facts.reading?.clientUrl ?? member.clientUrl;
  return { ...member, peerUrl, peerAddress: hostOf(peerUrl), address: hostOf(clientUrl) };
}

/**
 * Waits until those that work are whole (one leader, one list, no alarm, equal data, no lag), as long as time may mend it.
 * Throws exit code 3. `gone` is the ID of a member that is to leave: an alarm of its own does not keep it.
 */
export async function waitUntilWhole(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  gone?: string,
): Promise<void> {
  const deadline = Date.now() + SETTLE;
  const findingsOf = (of: readonly Answer[]) =>
    judgeCluster(without(of, gone)).filter(({ check }) => !ITS_OWN.has(check));
  const settled = (of: readonly Answer[]) => findingsOf(of).length > 0;
  let answers = await knownAnswers(run, surveyed, { settled });
  for (;;) {
    const findings = findingsOf(answers);
    if (findings.length === 0) return;
    const passes = findings.every(mayPass);
    if (run.check || !passes || Date.now() > deadline || run.stopping()) {
      const lines = findings.map(({ message }) => `  ${message}`);
      throw refusal(surveyed.cluster, ['not touched:', ...lines].join('\n'), HEALTH_FIRST);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
    answers = await askMembers(run, surveyed, settled);
  }
}

function without(answers: readonly Answer[], gone: string | undefined): readonly Answer[] {
  const listed = new Set(answers.flatMap(({ reading }) => reading?.members ?? []).map(({ id }) => id));
  // A run that was killed may have left the alarm of one that is not a member any more.
  const counts = (id: string) => id !== gone && (listed.size === 0 || listed.has(id));
  return answers
    .filter(({ reading }) => gone === undefined || reading?.status?.memberId !== gone)
    .map((answer) => ({
      ...answer,
      reading: answer.reading && {
        ...answer.reading,
        ...(answer.reading.alarms && {
          alarms: answer.reading.alarms.filter(({ memberId }) => counts(memberId)),
        }),
      },
    }));
}

/** A host to ask: its member works, and is none of these. */
export function asker({ hosts }: Surveyed, except: readonly string[] = []): EtcdHost {
  const found = hosts.find(
    ({ target }) => target.facts.reading?.healthy === true && !except.includes(target.name),
  );
  if (found === undefined) throw new Error('no member answers');
  return found;
}
