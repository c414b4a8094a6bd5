import { type Sh, sh } from '../../dsl/sh.ts';
import type { Member } from '../model/cluster.ts';
import { etcdctlFunction } from './etcdctl.ts';
import { type MemberCertificate, memberCertificate } from './found-certificates.ts';

/** A member as one member's list shows it. IDs are hex, as etcdctl prints them. */
export interface ListedMember {
  readonly id: string;
  /** Empty for a member that was added but never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
}

/** What a member answered about itself and its cluster. */
export interface MemberReading {
  /** A linearizable read through this member succeeded. */
  readonly healthy: boolean;
  readonly status?: {
    readonly clusterId: string;
    readonly memberId: string;
    readonly leaderId: string;
    readonly version: string;
    readonly dbSize: number;
    readonly revision: number;
    readonly raftTerm: number;
    readonly raftIndex: number;
    readonly learner: boolean;
  };
  readonly members?: readonly ListedMember[];
  /** Hash of the key space at `revision`, comparable at equal revision and compaction. */
  readonly hash?: { readonly hash: number; readonly revision: number; readonly compacted: number };
  /** What etcdctl said where it gave no hash. */
  readonly hashSaid?: string;
  /** `NOSPACE`, `CORRUPT`, with the member's ID. */
  readonly alarms?: readonly { readonly memberId: string; readonly alarm: string }[];
  /** Those of server.pem and peer.pem that can be read. */
  readonly certificates: readonly MemberCertificate[];
  /** What etcdctl said, when the member is not healthy. */
  readonly said: string;
  /** Where it was asked: its client URL as it runs. */
  readonly clientUrl?: string;
}

/**
 * Read-only shell: questions to the host's own member, side by side since each is a process of its own.
 * Prints `@name code` and the answer for each, or `@down` when there is no process to ask. `$q_version` is the installed version, where known.
 * `revision` is that of the hash, 0 the current one.
 *
 * From 3.5 on the member list is a linearizable read itself (API of `MemberListRequest.linearizable`), so
 * `endpoint health` would ask twice; from 3.4 on the status tells of alarms.
 */
export function readMember(member: Member, revision = 0): Sh {
  return sh`${etcdctlFunction(member)}
if [ -d "/proc/\${q_main:-0}" ]; then
${askMember(revision)}
else echo '@down 0'; fi`;
}

function askMember(revision: number): Sh {
  return sh`q_ask() { q_name=$1; shift; q_answer=$(q_etcdctl "$@" 2>&1); printf '@%s %s\n%s\n' "$q_name" "$?" "$q_answer"; }
q_answers=$(
  q_ask status -w json endpoint status &
  q_ask members -w json member list &
  q_ask hash -w json endpoint hashkv --rev=${revision} &
  case \${q_version-} in 3.[5-9].* | 3.[1-9][0-9].*) ;; *) q_ask health endpoint health & ;; esac
  case \${q_version-} in 3.[4-9].* | 3.[1-9][0-9].*) ;; *) q_ask alarms -w json alarm list & ;; esac
  wait
)
printf '%s\n' "$q_answers"
# All data is read for a hash, which takes seconds a gigabyte: time that only a member that answers is given.
case $q_answers in
  *'@hash 0'*) ;;
  *'@status 0'*) q_ask hash --command-timeout=30s -w json endpoint hashkv --rev=${revision} ;;
esac
printf '@url 0\n%s\n' "$q_url"
for q_pem in server.pem peer.pem; do
  echo "@$q_pem 0"
  if [ -r "$q_certs/$q_pem" ]; then while IFS= read -r q_line; do echo "$q_line"; done <"$q_certs/$q_pem"; fi
done`;
}

/** By what `readMember` printed no process of the member is there: it runs no more, or between two starts. */
export function isDown(out: string): boolean {
  return /^@down /m.test(out);
}

/** Takes apart what `readMember` printed for the same `revision`. */
export function parseMember(out: string, revision = 0): MemberReading {
  const answers = new Map<string, { readonly ok: boolean; readonly text: string }>();
  for (const part of out.split(/^@/m).slice(1)) {
    const [head = '', ...lines] = part.split('\n');
    const [name = '', code = ''] = head.split(' ');
    answers.set(name, { ok: code === '0', text: lines.join('\n').trim() });
  }
  const json = (name: string) => {
    const answer = answers.get(name);
    return answer?.ok ? parseJson(answer.text) : undefined;
  };
  const status = json('status')?.[0]?.Status;
  const members = json('members')?.members;
  const hash = json('hash')?.[0]?.HashKV;
  const alarms = json('alarms');
  const health = answers.get('health') ?? answers.get('members');
  return {
    healthy: health?.ok ?? false,
    said: health?.ok ? '' : (health?.text ?? ''),
    ...(answers.has('url') && { clientUrl: answers.get('url')?.text ?? '' }),
    ...(status && { status: parseStatus(status) }),
    ...(members && { members: members.map(parseListed) }),
    ...(hash ? { hash: parseHash(hash, revision) } : { hashSaid: lastLine(answers.get('hash')?.text) }),
    certificates: (['server.pem', 'peer.pem'] as const).flatMap(
      (file) => memberCertificate(file, answers.get(file)?.text ?? '') ?? [],
    ),
    alarms: alarms ? (alarms.alarms ?? []).map(parseAlarm) : alarmsOf(status?.errors),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: etcdctl's JSON differs between versions; every field is read with a default
type Json = any;

/** etcdctl prints 64-bit IDs as bare numbers, too large for a double: they become strings first. */
function parseJson(text: string): Json {
  try {
    return JSON.parse(text.replaceAll(/([:[,]\s*)(\d{16,})(?=\s*[,}\]])/g, '$1"$2"'));
  } catch {
    return undefined;
  }
}

function parseStatus(status: Json): MemberReading['status'] {
  return {
    clusterId: hex(status.header?.cluster_id),
    memberId: hex(status.header?.member_id),
    leaderId: hex(status.leader),
    version: String(status.version ?? ''),
    dbSize: Number(status.dbSize ?? 0),
    revision: Number(status.header?.revision ?? 0),
    raftTerm: Number(status.raftTerm ?? 0),
    raftIndex: Number(status.raftIndex ?? 0),
    learner: status.isLearner === true,
  };
}

/** The header names the current revision, which is the hash's own only when none was asked for. */
function parseHash(hash: Json, asked: number): MemberReading['hash'] {
  return {
    hash: Number(hash.hash),
    revision: asked || Number(hash.header?.revision ?? 0),
    compacted: Number(hash.compact_revision ?? 0),
  };
}

function lastLine(text = ''): string {
  return text.split('\n').at(-1)?.trim() ?? '';
}

function parseListed(member: Json): ListedMember {
  return {
    id: hex(member.ID),
    name: String(member.name ?? ''),
    peerUrls: member.peerURLs ?? [],
    clientUrls: member.clientURLs ?? [],
    learner: member.isLearner === true,
  };
}

/** `memberID:123 alarm:NOSPACE `, as the status of 3.4 and later lists them. */
function alarmsOf(errors: Json): readonly { memberId: string; alarm: string }[] {
  return (Array.isArray(errors) ? errors : []).flatMap((text: string) => {
    const [, id, alarm] = /memberID:(\d+) alarm:(\w+)/.exec(text) ?? [];
    return id !== undefined && alarm !== undefined ? [{ memberId: hex(id), alarm }] : [];
  });
}

function parseAlarm(alarm: Json): { memberId: string; alarm: string } {
  const names: Record<string, string> = { 1: 'NOSPACE', 2: 'CORRUPT' };
  return { memberId: hex(alarm.memberID), alarm: names[alarm.alarm] ?? String(alarm.alarm) };
}

function hex(id: unknown): string {
  return id === undefined || id === 0 ? '' : BigInt(id as string | number).toString(16);
}
