/** The end of a raft log, as its newest segment has it. */
export interface LogEnd {
  readonly term: bigint;
  readonly vote: bigint;
  /** Up to here its member knew that a majority has them. */
  readonly commit: bigint;
  /** The last entry that is there, whole, and the term that it was written in. */
  readonly last: bigint;
  readonly lastTerm: bigint;
  /** Bytes of the segment that are whole records. */
  readonly end: number;
  /** Running CRC-32C after those. */
  readonly crc: number;
  /** What stands after those was whole once: no crash leaves this, and to cut it off would lose it. */
  readonly damaged: boolean;
}

/** `walpb.Record.Type` of etcd: what a record holds. */
const TYPE = { metadata: 1n, entry: 2n, state: 3n, crc: 4n, snapshot: 5n } as const;

/**
 * Reads the newest segment of a raft log. What was torn by a crash, and what was only reserved, is behind its `end`.
 * undefined where it does not begin as a segment does.
 *
 * Format: etcd `server/storage/wal`: 8 bytes of length, little-endian, whose top byte tells of padding; then a record of
 * protobuf: type, CRC over all data so far, data.
 *
 * @param name `0000000000000001-0000000000002711.wal`: its number, and the index of the first entry in it.
 */
export function readLogEnd(segment: Buffer, name: string): LogEnd | undefined {
  const [, first] = /^[0-9a-f]{16}-([0-9a-f]{16})\.wal$/.exec(name) ?? [];
  if (first === undefined) return undefined;
  let [term, vote, commit] = [0n, 0n, 0n];
  let last = BigInt(`0x${first}`) - 1n;
  if (last < 0n) last = 0n;
  let lastTerm: bigint | undefined;
  let [at, crc] = [0, 0];
  for (;;) {
    const record = recordAt(segment, at);
    if (record === undefined) break;
    if (record.type === TYPE.crc) crc = record.crc;
    else {
      const next = crc32c(crc, record.data);
      if (next !== record.crc) break;
      crc = next;
    }
    const fields =
      record.type === TYPE.entry || record.type === TYPE.state ? numbers(record.data) : undefined;
    if (record.type === TYPE.entry) [last, lastTerm] = [fields?.get(3) ?? 0n, fields?.get(2) ?? 0n];
    if (record.type === TYPE.state) {
      [term, vote, commit] = [fields?.get(1) ?? 0n, fields?.get(2) ?? 0n, fields?.get(3) ?? 0n];
    }
    at = record.end;
  }
  if (at === 0) return undefined;
  const damaged = isDamaged(segment, at);
  return { term, vote, commit, last, lastTerm: lastTerm ?? term, end: at, crc, damaged };
}

/** Bytes that a disk writes whole or not at all, and the smallest step between records. */
const [SECTOR, STEP] = [512, 8] as const;

/**
 * What a crash leaves behind the last whole record: nothing, zeros that were reserved, a record that is cut off, or one
 * with a sector that was never written (`isTornEntry` of etcd, whose repair cuts there, and nowhere else). All others are
 * damage, and so is a length that is wrong: whole records follow.
 */
function isDamaged(segment: Buffer, end: number): boolean {
  const torn = recordAt(segment, end);
  if (torn) return !hasLostSector(segment, end + 8, torn.end);
  for (let at = end + STEP; at + 8 <= segment.length; at += STEP) if (isPair(segment, at)) return true;
  return false;
}

function hasLostSector(segment: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += SECTOR - (at % SECTOR)) {
    const sector = segment.subarray(at, Math.min(to, at + SECTOR - (at % SECTOR)));
    if (sector.every((byte) => byte === 0)) return true;
  }
  return false;
}

/** Two records that follow each other: the first has the sum that the second goes on from. */
function isPair(segment: Buffer, at: number): boolean {
  const one = recordAt(segment, at);
  const next = one && recordAt(segment, one.end);
  if (one === undefined || next === undefined || next.type < TYPE.metadata || next.type > TYPE.snapshot)
    return false;
  return next.type === TYPE.crc ? next.crc === one.crc : crc32c(one.crc, next.data) === next.crc;
}

/** The record by which everything that is in the log counts as committed, to be written at its `end`. */
export function commitAll({ term, vote, last, crc }: LogEnd): Buffer {
  const state = Buffer.concat([number(1, term), number(2, vote), number(3, last)]);
  const body = Buffer.concat([
    number(1, TYPE.state),
    number(2, BigInt(crc32c(crc, state))),
    Buffer.from([(3 << 3) | 2, state.length]),
    state,
  ]);
  const padding = (8 - (body.length % 8)) % 8;
  const length = Buffer.alloc(8);
  length.writeUInt32LE(body.length);
  if (padding > 0) length.writeUInt8(0x80 | padding, 7);
  return Buffer.concat([length, body, Buffer.alloc(padding)]);
}

interface LogRecord {
  readonly type: bigint;
  readonly crc: number;
  readonly data: Buffer;
  readonly end: number;
}

function recordAt(segment: Buffer, at: number): LogRecord | undefined {
  if (at + 8 > segment.length) return undefined;
  const bytes = segment.readUIntLE(at, 6);
  const top = segment.readUInt8(at + 7);
  const end = at + 8 + bytes + (top & 0x80 ? top & 0x7 : 0);
  if (bytes === 0 || end > segment.length) return undefined;
  let [type, crc, data]: [bigint, number, Buffer] = [0n, 0, Buffer.alloc(0)];
  for (const { id, value } of fieldsOf(segment.subarray(at + 8, at + 8 + bytes))) {
    if (id === 1 && typeof value === 'bigint') type = value;
    if (id === 2 && typeof value === 'bigint') crc = Number(value & 0xffffffffn);
    if (id === 3 && typeof value !== 'bigint') data = value;
  }
  return { type, crc, data, end };
}

/** Fields of a protobuf that are numbers, by their tags. */
function numbers(message: Buffer): ReadonlyMap<number, bigint> {
  const found = new Map<number, bigint>();
  for (const { id, value } of fieldsOf(message)) if (typeof value === 'bigint') found.set(id, value);
  return found;
}

/** What stands in a protobuf up to its end, or to the first thing that is none. */
function* fieldsOf(message: Buffer): Generator<{ readonly id: number; readonly value: bigint | Buffer }> {
  for (let at = 0; at < message.length; ) {
    const tag = varint(message, at);
    if (tag === undefined) return;
    const [id, wire] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    const head = varint(message, tag.end);
    if (head === undefined || (wire !== 0 && wire !== 2)) return;
    if (wire === 0) {
      yield { id, value: head.value };
      at = head.end;
    } else {
      at = head.end + Number(head.value);
      if (at > message.length) return;
      yield { id, value: message.subarray(head.end, at) };
    }
  }
}

function varint(bytes: Buffer, at: number): { readonly value: bigint; readonly end: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  return undefined;
}

/** One field of a protobuf. */
function number(id: number, value: bigint): Buffer {
  const bytes = [id << 3];
  let left = value;
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(left)]);
}

const CASTAGNOLI = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

function crc32c(before: number, bytes: Buffer): number {
  let crc = ~before;
  for (const byte of bytes) crc = (CASTAGNOLI[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
