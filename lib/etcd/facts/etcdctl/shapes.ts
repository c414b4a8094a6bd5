import { field, hex, type Json, list, need, only, record, text, UnknownShape, whole } from '../json.ts';
import { isMemberUrl, plainName } from '../plain-words.ts';

export interface MemberStatus {
  readonly clusterId: string;
  readonly memberId: string;
  /** Empty without a leader. */
  readonly leaderId: string;
  readonly version: string;
  readonly dbSize: number;
  /** Of that, what is no free page; from 3.4 on. */
  readonly inUse?: number;
  readonly revision: number;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly learner: boolean;
  /** What its data is written as, 3.6.0; from 3.6 on. */
  readonly storageVersion?: string;
  /** Bytes of data from which on it takes no more writes; from 3.6 on. */
  readonly quota?: number;
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

/** What is in a snapshot, or in a database at rest. */
export interface SnapshotContent {
  /** Comparable within one version of the tool that tells it. */
  readonly hash: number;
  readonly revision: number;
  /** As the tool counts them: another version may count otherwise. */
  readonly keys: number;
}

/** Keys that were asked for. */
export interface KeyRange {
  readonly revision: number;
  /** Count of all keys that were asked for, also where fewer are listed. */
  readonly count: number;
  readonly keys: readonly KeyValue[];
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Lease {
  /** Hex, as etcdctl takes it. */
  readonly id: string;
  /** Of the key space when it was granted. */
  readonly revision: number;
}

/** What is asked with `-w json`, and what the answer says. */
export interface Answers {
  readonly 'endpoint status': MemberStatus;
  readonly 'member list': readonly ListedMember[];
  readonly 'endpoint hashkv': KeySpaceHash;
  readonly 'alarm list': readonly Alarm[];
  /** etcdutl's from 3.5 on. */
  readonly 'snapshot status': SnapshotContent;
  readonly get: KeyRange;
  /** Whether its condition held. */
  readonly txn: boolean;
  /** What was put, in order. */
  readonly watch: readonly KeyValue[];
  readonly 'lease grant': Lease;
  /** Seconds that are left; none where it has ended. */
  readonly 'lease timetolive': number;
}

/** Takes an answer apart; throws `UnknownShape`. etcd leaves out what is zero. */
export const SHAPES: { readonly [Q in keyof Answers]: (json: Json) => Answers[Q] } = {
  'endpoint status': (json) => {
    const status = need(only(json), 'Status');
    const header = need(status, 'header');
    return {
      clusterId: hex(need(header, 'cluster_id')),
      memberId: hex(need(header, 'member_id')),
      leaderId: hex(field(status, 'leader')),
      version: text(need(status, 'version')),
      dbSize: whole(field(status, 'dbSize')),
      ...inUse(status),
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
  'alarm list': (json) =>
    list(alone(json, 'alarms') ?? []).map((one) => {
      const alarm = whole(need(one, 'alarm'));
      return { memberId: hex(need(one, 'memberID')), alarm: ALARMS[alarm] ?? String(alarm) };
    }),
  'snapshot status': (json) => ({
    hash: whole(need(json, 'hash')),
    revision: whole(need(json, 'revision')),
    keys: whole(need(json, 'totalKey')),
  }),
  get: (json) => ({
    revision: whole(need(need(json, 'header'), 'revision')),
    count: whole(alone(json, 'count')),
    keys: list(field(json, 'kvs') ?? []).map(keyValue),
  }),
  txn: (json) => need(json, 'header') !== undefined && alone(json, 'succeeded') === true,
  watch: (json) =>
    list(json).flatMap((told) =>
      list(need(told, 'Events') ?? [])
        .filter((event) => field(event, 'type') === undefined)
        .map((event) => keyValue(need(event, 'kv'))),
    ),
  'lease grant': (json) => ({ id: hex(need(json, 'ID')), revision: whole(need(json, 'revision')) }),
  'lease timetolive': (json) => Math.max(0, whole(need(json, 'ttl'))),
};

/** A field that is left out where it is zero: the header stands alone then, or this is something else. */
function alone(json: Json, name: string): Json | undefined {
  const value = field(json, name);
  if (value === undefined && Object.keys(record(json)).some((key) => key !== 'header'))
    throw new UnknownShape();
  return value;
}

function keyValue(json: Json): KeyValue {
  const said = (name: string) => Buffer.from(text(field(json, name) ?? ''), 'base64').toString();
  return { key: said('key'), value: said('value') };
}

function inUse(status: Json): Pick<MemberStatus, 'inUse'> {
  const size = field(status, 'dbSizeInUse');
  return size === undefined ? {} : { inUse: whole(size) };
}

function since36(status: Json): Pick<MemberStatus, 'storageVersion' | 'quota' | 'goingDownTo'> {
  const stored = field(status, 'storageVersion');
  const quota = field(status, 'dbSizeQuota');
  const down = field(status, 'downgradeInfo');
  const isOn = down !== undefined && down !== null && field(down, 'enabled') === true;
  return {
    ...(stored !== undefined && { storageVersion: text(stored) }),
    ...(quota !== undefined && { quota: whole(quota) }),
    ...(isOn && { goingDownTo: text(need(down, 'targetVersion')) }),
  };
}

/** `AlarmType` of etcd's API. */
const ALARMS: Readonly<Record<number, string>> = { 1: 'NOSPACE', 2: 'CORRUPT' };

function url(json: Json): string {
  const said = text(json);
  if (!isMemberUrl(said)) throw new UnknownShape();
  return said;
}
