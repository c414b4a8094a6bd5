import type { PlayRun } from '../../../dsl/play.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import {
  type AnswerTo,
  type ListedMember,
  lastLine,
  type Question,
  readAnswer,
} from '../../facts/etcdctl/answers.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { refusal } from '../../refusal.ts';
import { type EtcdHost, toolVersion } from '../../surveyed.ts';
import { etcdctl } from '../common/etcdctl.ts';

/** What is asked of the cluster, until all who answer list it as done. */
export interface Change {
  /** For people: `adding etcd04`. */
  readonly doing: string;
  /** Arguments of etcdctl. */
  readonly command: readonly string[];
  readonly isDone: (list: readonly ListedMember[]) => boolean;
  /** Milliseconds; as long as etcd refuses changes after a start, and some. */
  readonly patience?: number;
  /** Asked each round: a number that grows gives it its patience anew. */
  readonly progress?: () => Promise<number>;
}

const PATIENCE = 30_000;
const PAUSE = 500;

/**
 * Asks until it is done: for five seconds after a start etcd refuses every change of members, and an answer that does not
 * come says nothing about what became of it. Done is what all of these hosts' members list. Throws exit code 3.
 */
export async function change(
  run: PlayRun<EtcdFacts>,
  hosts: readonly EtcdHost[],
  { doing, command, isDone, patience = PATIENCE, progress }: Change,
): Promise<void> {
  const [first] = hosts;
  if (first === undefined) throw new Error('nobody to ask');
  let deadline = Date.now() + patience;
  let best = -1;
  let said = '';
  let accepted = false;
  for (;;) {
    if (!accepted) {
      const { code, out } = await first.act(doing, etcdctl(first, sh`q_etcdctl ${command}`));
      accepted = code === 0;
      said = lastLine(out);
    }
    const lists = await Promise.all(hosts.map(listOf));
    if (lists.every((list) => list !== undefined && isDone(list))) return;
    // It was refused for good, or will still come: an answer got lost.
    if (!accepted && lists.some((list) => list !== undefined && isDone(list))) accepted = true;
    const reached = (await progress?.()) ?? -1;
    if (reached > best) [best, deadline] = [reached, Date.now() + patience];
    if (run.stopping()) throw stopped(first, doing);
    if (Date.now() > deadline) throw refusal({ host: first.target.name }, `${doing}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** The members as the one of this host lists them; undefined where it does not answer. */
export function listOf(host: EtcdHost): Promise<readonly ListedMember[] | undefined> {
  return answerOf(host, 'reading the list of members', 'member list');
}

/** How far its log is, of a learner, too; 0 where it does not answer. */
export async function raftIndex(host: EtcdHost): Promise<number> {
  return (await answerOf(host, 'asking how far it is', 'endpoint status'))?.raftIndex ?? 0;
}

/** Nothing goes on after an answer that nobody here can read: throws exit code 3. */
async function answerOf<Q extends Question>(
  host: EtcdHost,
  doing: string,
  question: Q,
): Promise<AnswerTo<Q> | undefined> {
  const asked = sh`q_etcdctl -w json ${question.split(' ')} 2>/dev/null`;
  const { code, out } = await host.read(doing, etcdctl(host, asked));
  const read = readAnswer(question, { code, out, err: '' }, toolVersion(host));
  if ('value' in read) return read.value;
  if (read.unanswered.kind === 'refused') return undefined;
  throw refusal({ host: host.target.name }, read.unanswered.said);
}

function stopped({ target }: EtcdHost, doing: string): QuorateError {
  return new QuorateError(`${target.name}: stopped on request while ${doing}`, {
    exitCode: EXIT.interrupted,
    host: target.name,
    hint: 'run again to go on',
  });
}
