import {
  type KeySpaceHash,
  type MemberStatus,
  type Question,
  readAnswer,
  type SnapshotContent,
} from '../../../facts/etcdctl/answers.ts';
import { saidLine } from '../../../facts/etcdctl/asked.ts';
import type { Snapshot } from '../../../snapshots/index.ts';

/** What an etcd said of itself, and of what it has at the revision of the snapshot. What it did not say is undefined. */
export interface Said {
  readonly status: MemberStatus | undefined;
  readonly hash: KeySpaceHash | undefined;
  readonly count: number | undefined;
  /** Digest of its first keys and values. */
  readonly read: string | undefined;
  /** What it answered that nobody here can read: sentences. */
  readonly unread: readonly string[];
}

/** What came of a snapshot that was restored. */
export interface Restored extends Said {
  /** From the beginning of the restore until it answered. */
  readonly seconds: number;
  /** What etcd's tool says of the file. */
  readonly told: SnapshotContent | undefined;
}

export interface Judgement {
  /** In what it is not what it should be; empty where the snapshot is good. */
  readonly problems: readonly string[];
  /** What is the same as the cluster has at that revision. */
  readonly same: readonly ('hash' | 'count' | 'keys')[];
  /** Why it was not compared with the cluster; undefined where it was. */
  readonly apart: string | undefined;
  /** Revisions that the cluster is ahead; undefined where nobody knows. */
  readonly behind: number | undefined;
}

/** Reads what `drillShell` printed; `version` is that of etcd's tools there. */
export function parseRestored(out: string, version: string): Restored {
  const { answer, unread } = reader(out, version);
  const told = answer('snapshot status', 'told');
  const said = parseSaid(out, version);
  return {
    ...said,
    seconds: Number(lineOf(out, 'seconds') ?? 0),
    told,
    unread: [...unread, ...said.unread],
  };
}

/** Reads what `liveShell` printed. */
export function parseSaid(out: string, version: string): Said {
  const { answer, unread } = reader(out, version);
  return {
    status: answer('endpoint status', 'status'),
    hash: answer('endpoint hashkv', 'hashkv'),
    count: answer('get', 'count')?.count,
    read: lineOf(out, 'read'),
    unread,
  };
}

/** Reads answers by the names of their lines, and gathers those that are in no shape known here. */
function reader(out: string, version: string) {
  const unread: string[] = [];
  const answer = <Q extends Question>(question: Q, name: string) => {
    const read = readAnswer(question, saidLine(out, name), version);
    if ('value' in read) return read.value;
    if (read.unanswered.kind === 'unknown') unread.push(read.unanswered.said);
    return undefined;
  };
  return { answer, unread };
}

function lineOf(out: string, name: string): string | undefined {
  return new RegExp(`^${name} (\\S+)$`, 'm').exec(out)?.[1];
}

/**
 * Holds what came of a snapshot against its description, and against the cluster as it was at that revision. Counts and
 * hashes of etcd's tool are compared within one version of it, hashes of the key space where both are compacted alike.
 */
export function judgeDrill(snapshot: Snapshot, restored: Restored, live: Said | undefined): Judgement {
  const apart = whyApart(snapshot, live);
  const compared = live && apart === undefined ? compare(restored, live) : { problems: [], same: [] };
  const now = live?.status?.clusterId === snapshot.clusterId ? live.status.revision : undefined;
  return {
    problems: [...againstDescription(snapshot, restored), ...compared.problems],
    same: compared.same,
    apart,
    behind: now === undefined ? undefined : Math.max(0, now - snapshot.revision),
  };
}

function againstDescription(snapshot: Snapshot, { status, told }: Restored): readonly string[] {
  const found: [what: string, here: number | undefined, wanted: number][] = [
    ['revision', told?.revision, snapshot.revision],
  ];
  if (status?.version === snapshot.version)
    found.push(['keys', told?.keys, snapshot.keys], ['hash', told?.hash, snapshot.hash]);
  const untold = told === undefined ? ["etcd's tool does not tell what is in the file"] : [];
  const problems = found.flatMap(([what, here, wanted]) =>
    here === undefined || here === wanted ? [] : [`the file has ${what} ${here}, its description ${wanted}`],
  );
  problems.unshift(...untold);
  const revision = status?.revision ?? 0;
  if (revision >= snapshot.revision) return problems;
  return [...problems, `it comes up at revision ${revision}, its description says ${snapshot.revision}`];
}

function whyApart({ clusterId, revision }: Snapshot, live: Said | undefined): string | undefined {
  const unread = live?.unread[0];
  if (unread !== undefined) return unread;
  if (live?.status === undefined) return 'no member answered';
  if (live.status.clusterId !== clusterId) return 'the cluster has another ID since';
  if (live.hash === undefined && live.count === undefined)
    return `the cluster tells nothing of revision ${revision}: compacted, or may not be read`;
  return undefined;
}

function compare(restored: Restored, live: Said): Pick<Judgement, 'problems' | 'same'> {
  const pairs: [what: Judgement['same'][number], text: string, unlike: boolean | undefined][] = [
    ['hash', 'hash of all keys', unlike(hashOf(restored, live), hashOf(live, restored))],
    ['count', 'number of keys', unlike(restored.count, live.count)],
    ['keys', 'content of the first keys', unlike(restored.read, live.read)],
  ];
  return {
    problems: [
      ...unanswered(restored, live),
      ...pairs.flatMap(([, text, differs]) =>
        differs ? [`the cluster has another ${text} at that revision`] : [],
      ),
    ],
    same: pairs.flatMap(([what, , differs]) => (differs === false ? [what] : [])),
  };
}

/**
 * List what the cluster answers and the restored snapshot does not. Reading keys may be forbidden where etcd's users
 * are on; then an equal hash of all keys says more.
 */
function unanswered(restored: Restored, live: Said): readonly string[] {
  const asked: [keyof Said, text: string][] = [
    ['hash', 'the hash of all keys'],
    ['count', 'the number of keys'],
    ['read', 'the first keys'],
  ];
  const proven = unlike(hashOf(restored, live), hashOf(live, restored)) === false;
  return (proven ? [] : asked).flatMap(([what, text]) =>
    live[what] !== undefined && restored[what] === undefined
      ? [`what was restored does not tell ${text} at that revision, and the cluster does`]
      : [],
  );
}

function unlike<T>(one: T | undefined, other: T | undefined): boolean | undefined {
  return one === undefined || other === undefined ? undefined : one !== other;
}

function hashOf({ hash, status }: Said, other: Said): number | undefined {
  const alike = hash?.compacted === other.hash?.compacted && status?.version === other.status?.version;
  return alike ? hash?.hash : undefined;
}
