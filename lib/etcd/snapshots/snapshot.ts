/** A snapshot on a host that was verified when it was taken: its digest, and that etcd's own tool reads it. */
export interface Snapshot {
  /** `prod-20261127T101500Z-r1234.db`, in `etcd_backup_dir`. */
  readonly file: string;
  /** When it was begun, RFC 3339: later writes are not in it. */
  readonly time: string;
  /** etcd's name of the member that gave it. */
  readonly member: string;
  readonly cluster: string;
  /** Hex, as in `MemberStatus`. */
  readonly clusterId: string;
  readonly revision: number;
  /** As etcd's tool counts them; another version may count otherwise. */
  readonly keys: number;
  /** Bytes of the data; the file is the digest at its end longer, 32 bytes. */
  readonly size: number;
  /** As etcd's tool prints it, comparable within one version of it. */
  readonly hash: number;
  /** SHA-256 of the whole file, hex. */
  readonly sha256: string;
  /** Version of the etcd that gave it. */
  readonly version: string;
  /** ID of the run that took it; `timer` where none did. */
  readonly run: string;
  /** The verb that took it before its first step; none of one that was taken for itself. */
  readonly before?: string;
  /** Milliseconds since `time`, by the clock of the host that has it; below zero where a clock was wrong. */
  readonly age: number;
}

/** By how much clocks may differ, in milliseconds. */
export const SKEW = 60_000;

/** It says of itself that it is yet to be taken, so nobody knows how old it is. */
export function isOfFuture({ age }: Pick<Snapshot, 'age'>): boolean {
  return age < -SKEW;
}

/** The newest first, and last those of whose age nobody knows. */
export function byAge(a: Pick<Snapshot, 'age'>, b: Pick<Snapshot, 'age'>): number {
  return Number(isOfFuture(a)) - Number(isOfFuture(b)) || a.age - b.age;
}

/** What etcd adds to the data: SHA-256, as bytes. */
export const DIGEST_BYTES = 32;

const KNOWN = /^([A-Za-z0-9][A-Za-z0-9._-]*)-(\d{8}T\d{6}Z)-r(\d+)\.db$/;

/** They are told, compared and asked for: whoever writes the file may write anything there. */
const VERSION = /^\d+\.\d+\.\d+(-[A-Za-z0-9.-]+)?$/;
const HEX = /^[0-9a-f]+$/;

/** Take apart a file name that `takeSnapshot` gives; undefined for any other. */
export function partsOf(
  file: string,
): { readonly cluster: string; readonly stamp: string; readonly revision: number } | undefined {
  const [, cluster, stamp, revision] = KNOWN.exec(file) ?? [];
  if (cluster === undefined || stamp === undefined) return undefined;
  return { cluster, stamp, revision: Number(revision) };
}

/**
 * Reads what lies beside a snapshot; undefined for what is none of ours, or belongs to another file.
 *
 * @param now Of the host that has it, in milliseconds.
 */
export function parseSnapshot(file: string, line: string, now: number): Snapshot | undefined {
  const parts = partsOf(file);
  const said = parts && fieldsOf(line);
  if (parts === undefined || said === undefined) return undefined;
  const { time, member, cluster, clusterId, sha256, version, run } = said;
  const texts = { time, member, cluster, clusterId, sha256, version, run };
  if (Object.values(texts).some((one) => typeof one !== 'string')) return undefined;
  if (!VERSION.test(String(version)) || !HEX.test(`${clusterId}${sha256}`)) return undefined;
  const numbers = { revision: said.revision, keys: said.keys, size: said.size, hash: said.hash };
  if (Object.values(numbers).some((one) => !Number.isSafeInteger(one))) return undefined;
  const began = Date.parse(String(time));
  if (Number.isNaN(began) || cluster !== parts.cluster || said.revision !== parts.revision) return undefined;
  const before = typeof said.before === 'string' && /^[a-z]+$/.test(said.before) ? said.before : undefined;
  return { file, ...(texts as Texts), ...(numbers as Numbers), ...(before && { before }), age: now - began };
}

type Texts = Pick<Snapshot, 'time' | 'member' | 'cluster' | 'clusterId' | 'sha256' | 'version' | 'run'>;
type Numbers = Pick<Snapshot, 'revision' | 'keys' | 'size' | 'hash'>;

function fieldsOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const said: unknown = JSON.parse(line);
    return typeof said === 'object' && said !== null && !Array.isArray(said) ? { ...said } : undefined;
  } catch {
    return undefined;
  }
}
