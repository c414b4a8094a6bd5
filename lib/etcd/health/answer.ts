import { EXIT, type ExitCode } from '../../errors.ts';
import type { Unanswered } from '../facts/etcdctl/answers.ts';
import type { MemberReading } from '../facts/read-member.ts';
import type { Member } from '../model/cluster.ts';

/** A member with what it answered; `reading` is undefined when its service does not run. */
export interface Answer {
  readonly member: Member;
  readonly reading: MemberReading | undefined;
  /** When the CA that its host has ends. */
  readonly caEnd?: Date | undefined;
  /** Its host has etcdctl for people: see `etcdctlScript`. */
  readonly wrapper?: boolean;
  /** Its host could not be asked: nothing is known of it. */
  readonly unreached?: boolean;
}

/** One thing wrong with a cluster. */
export interface Finding {
  /** Which check of the gate: a stable name. */
  readonly check:
    | 'health'
    | 'alarm'
    /** The alarm that some member has as much data as its quota allows. */
    | 'no-space'
    | 'cluster-id'
    | 'leader'
    /** Members do not agree on who is one. */
    | 'member-list'
    /** Their list is not that of the inventory. */
    | 'membership'
    /** A process runs as another member than that of its host. */
    | 'identity'
    | 'learner'
    | 'unstarted'
    | 'raft-lag'
    | 'hash'
    /** Part of the former: it cannot tell, so nothing may be risked. */
    | 'hash-unknown'
    /** A healthy member did not answer a question. */
    | 'unanswered'
    /** It did, in a shape that nobody here knows: that is said, and is not sickness. */
    | 'unknown-answer'
    /** etcd's own users: this one has no rights. */
    | 'authentication'
    | 'certificate'
    /** Another program runs than the one that was to. */
    | 'foreign'
    /** A verb has begun something, and not finished it. */
    | 'half-way'
    /** No client gets in at this member. */
    | 'closed'
    | 'quorum';
  readonly host?: string;
  readonly message: string;
  /** What goes on from there, where that is known. */
  readonly hint?: string;
}

/** Whether a cluster is healthy by what was found; null where only an answer that nobody here can read speaks against it. */
export function healthBy(findings: readonly Finding[]): boolean | null {
  if (findings.length === 0) return true;
  return findings.every(({ check }) => check === 'unknown-answer') ? null : false;
}

/** How a run ends that found this: 2 where the proof could not be made, since nobody here can read an answer, else 7. */
export function exitBy(findings: readonly Finding[]): ExitCode {
  return healthBy(findings) === null ? EXIT.failed : EXIT.unhealthy;
}

/** The check that an open question fails. */
export function checkOf({ kind }: Unanswered): 'unanswered' | 'unknown-answer' {
  return kind === 'unknown' ? 'unknown-answer' : 'unanswered';
}

/** Why there is no answer to a question. */
export function unansweredSaid(host: string, { question, kind, said }: Unanswered): string {
  if (kind === 'unknown') return `${host}: ${said}`;
  return `${host}: no answer to \`${question}\`${said ? `: ${said}` : ''}`;
}

/** Host names by what they answered; who did not answer is left out. */
export function groupHosts(
  answers: readonly Answer[],
  key: (answer: Answer) => string | undefined,
): ReadonlyMap<string, string> {
  const groups = new Map<string, string>();
  for (const answer of answers) {
    const value = key(answer);
    if (value === undefined) continue;
    const hosts = groups.get(value);
    groups.set(value, hosts === undefined ? answer.member.host : `${hosts} ${answer.member.host}`);
  }
  return groups;
}

/** Hosts that do not say what a majority of all says; none where there is no majority. */
export function oddHosts(
  answers: readonly Answer[],
  key: (answer: Answer) => string | undefined,
): readonly string[] {
  const said = answers.flatMap((answer) => {
    const value = key(answer);
    return value === undefined ? [] : [{ host: answer.member.host, value }];
  });
  const votes = (value: string) => said.filter((one) => one.value === value).length;
  const ruling = said.find(({ value }) => votes(value) > answers.length / 2)?.value;
  return ruling === undefined ? [] : said.filter(({ value }) => value !== ruling).map(({ host }) => host);
}

/** What `groupHosts` found, for a sentence. */
export function describe(groups: ReadonlyMap<string, string>): string {
  return [...groups].map(([value, hosts]) => `${value} on ${hosts}`).join(', ');
}
