import { isMemberUrl, plainName } from './plain-words.ts';

/** What etcdctl printed when it was asked; what it says beside an answer is apart from it. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface MemberStatus {
  readonly clusterId: string;
  readonly memberId: string;
  /** Empty without a leader. */
  readonly leaderId: string;
  readonly version: string;
  readonly dbSize: number;
  readonly revision: number;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly learner: boolean;
  /** What its data is written as, 3.6.0; from 3.6 on. */
  readonly storageVersion?: string;
  /** What a downgrade under way is to, 3.6.0; from 3.6 on. */
  readonly goingDownTo?: string;
}

/** A member as one member's list shows it. IDs are hex, as etcdctl prints them to people. */
export interface ListedMember {
  readonly id: string;
  /** Empty for a member that was added but never started, and for a name that no file of ours may hold. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
}

/** Hash of the key space at `revision`, comparable at equal revision and compaction. */
export interface KeySpaceHash {
  readonly hash: number;
  readonly revision: number;
  readonly compacted: number;
}

export interface Alarm {
  readonly memberId: string;
  /** `NOSPACE`, `CORRUPT`; a number where etcd has a new one. */
  readonly alarm: string;
}

/** What is asked with `-w json`, and what the answer says. */
interface Answers {
  readonly 'endpoint status': MemberStatus;
  readonly 'member list': readonly ListedMember[];
  readonly 'endpoint hashkv': KeySpaceHash;
  readonly 'alarm list': readonly Alarm[];
}

export type Question = keyof Answers;

/** Why there is no answer. */
export interface Unanswered {
  readonly question: Question;
  /** `refused`: etcdctl failed, and said why. `unknown`: it answered, and nobody here can read it: a sentence. */
  readonly kind: 'refused' | 'unknown';
  readonly said: string;
}

/**
 * Reads the JSON that etcdctl answers. Known are the shapes of 3.3 to 3.7, recorded from the programs themselves
 * (`test/unit/etcd/facts/answers`). They leave out what is zero; 3.6 and later add fields. What fits none of them is
 * said as that, with the `version` of etcdctl: it is neither a sick member nor an empty answer.
 */
export function readAnswer<Q extends Question>(
  question: Q,
  { code, out, err }: Printed,
  version: string,
): { readonly value: Answers[Q] } | { readonly unanswered: Unanswered } {
  if (code !== 0) return { unanswered: { question, kind: 'refused', said: lastLine(err || out) } };
  try {
    return { value: SHAPES[question](parseJson(out)) };
  } catch (error) {
    if (!(error instanceof UnknownShape)) throw error;
    const said = `${`etcdctl ${version}`.trim()} answered \`${question}\` in a shape not known here`;
    return { unanswered: { question, kind: 'unknown', said } };
  }
}

/** What etcdctl says last: its error, behind the lines of its log. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

const SHAPES: { readonly [Q in Question]: (json: Json) => Answers[Q] } = {
  'endpoint status': (json) => {
    const status = need(only(json), 'Status');
    const header = need(status, 'header');
    return {
      clusterId: hex(need(header, 'cluster_id')),
      memberId: hex(need(header, 'member_id')),
      leaderId: hex(field(status, 'leader')),
      version: text(need(status, 'version')),
      dbSize: whole(field(status, 'dbSize')),
      revision: whole(field(header, 'revision')),
      raftTerm: whole(need(status, 'raftTerm')),
      raftIndex: whole(need(status, 'raftIndex')),
      learner: field(status, 'isLearner') === true,
      ...since36(status),
    };
  },
  'member list': (json) =>
    list(need(json, 'members')).map((member) => ({
      id: hex(need(member, 'ID')),
      name: plainName(text(field(member, 'name') ?? '')),
      peerUrls: list(need(member, 'peerURLs')).map(url),
      clientUrls: list(field(member, 'clientURLs') ?? []).map(url),
      learner: field(member, 'isLearner') === true,
    })),
  'endpoint hashkv': (json) => {
    const hash = need(only(json), 'HashKV');
    return {
      hash: whole(need(hash, 'hash')),
      // Before 3.6 there is the header's alone: the current one, which is the hash's where none was asked for.
      revision: whole(field(hash, 'hash_revision') ?? need(need(hash, 'header'), 'revision')),
      compacted: whole(field(hash, 'compact_revision')),
    };
  },
  'alarm list': (json) => {
    // Without an alarm nothing but the header is there: what else there is must not be taken for no alarm.
    if (Object.keys(record(json)).some((key) => key !== 'header' && key !== 'alarms'))
      throw new UnknownShape();
    return list(field(json, 'alarms') ?? []).map((one) => {
      const alarm = whole(need(one, 'alarm'));
      return { memberId: hex(need(one, 'memberID')), alarm: ALARMS[alarm] ?? String(alarm) };
    });
  },
};

function since36(status: Json): Pick<MemberStatus, 'storageVersion' | 'goingDownTo'> {
  const stored = field(status, 'storageVersion');
  const down = field(status, 'downgradeInfo');
  const isOn = down !== undefined && down !== null && field(down, 'enabled') === true;
  return {
    ...(stored !== undefined && { storageVersion: text(stored) }),
    ...(isOn && { goingDownTo: text(need(down, 'targetVersion')) }),
  };
}

/** `AlarmType` of etcd's API. */
const ALARMS: Readonly<Record<number, string>> = { 1: 'NOSPACE', 2: 'CORRUPT' };

type Json = string | number | boolean | null | readonly Json[] | JsonRecord;
type JsonRecord = { readonly [key: string]: Json };

class UnknownShape extends Error {}

/** etcdctl prints 64-bit IDs as bare numbers, too large for a double: they become strings first. */
function parseJson(printed: string): Json {
  try {
    return JSON.parse(printed.replaceAll(/([:[,]\s*)(\d{16,})(?=\s*[,}\]])/g, '$1"$2"'));
  } catch {
    throw new UnknownShape();
  }
}

function record(json: Json): JsonRecord {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new UnknownShape();
  return json as JsonRecord;
}

function field(json: Json, name: string): Json | undefined {
  return record(json)[name];
}

function need(json: Json, name: string): Json {
  const value = field(json, name);
  if (value === undefined) throw new UnknownShape();
  return value;
}

function list(json: Json): readonly Json[] {
  if (!Array.isArray(json)) throw new UnknownShape();
  return json;
}

/** The answer of the one endpoint that is asked. */
function only(json: Json): Json {
  const [first, ...others] = list(json);
  if (first === undefined || others.length > 0) throw new UnknownShape();
  return first;
}

function text(json: Json): string {
  if (typeof json !== 'string') throw new UnknownShape();
  return json;
}

function url(json: Json): string {
  const said = text(json);
  if (!isMemberUrl(said)) throw new UnknownShape();
  return said;
}

/** What is left out is zero. */
function whole(json: Json | undefined): number {
  const value = Number(json ?? 0);
  if (typeof json === 'boolean' || !Number.isInteger(value)) throw new UnknownShape();
  return value;
}

function hex(json: Json | undefined): string {
  if (json === undefined || json === 0) return '';
  if (!/^\d+$/.test(String(json))) throw new UnknownShape();
  return BigInt(String(json)).toString(16);
}
