import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commitAll, type LogEnd, readLogEnd } from '../../../../../lib/etcd/operations/recover/wal.ts';

const NAME = '0000000000000000-0000000000000000.wal';
/** The first 1200 bytes of logs that these versions wrote, with six puts, until they were ended by SIGKILL. */
const logOf = (version: string) => readFileSync(new URL(`logs/${version}.wal`, import.meta.url));

describe('the end of a raft log', () => {
  it.each([
    // The last put was acknowledged, and that it is committed is not written yet: 3.6 loses it by itself.
    ['3.6.16', { term: 2n, vote: 10276657743932975437n, commit: 9n, last: 10n, lastTerm: 2n, end: 1064 }],
    ['3.3.25', { term: 2n, vote: 10276657743932975437n, commit: 10n, last: 10n, lastTerm: 2n, end: 1128 }],
  ])('of %s is what it wrote last', (version, wanted) => {
    expect(readLogEnd(logOf(version), NAME)).toMatchObject(wanted);
  });

  it.each(['3.3.25', '3.6.16'])('all of %s counts as committed after the record for that', (version) => {
    const log = logOf(version);
    const end = readLogEnd(log, NAME) as LogEnd;
    const record = commitAll(end);
    expect(record.length % 8).toBe(0);
    const made = Buffer.concat([log.subarray(0, end.end), record]);
    expect(readLogEnd(made, NAME)).toMatchObject({
      ...{ term: end.term, vote: end.vote, commit: end.last, last: end.last },
      end: made.length,
    });
  });

  it('is before what a crash has torn, wherever it did', () => {
    const log = logOf('3.6.16');
    const whole = readLogEnd(log, NAME) as LogEnd;
    let before = 0;
    for (let bytes = 0; bytes < whole.end; bytes++) {
      const found = readLogEnd(log.subarray(0, bytes), NAME);
      expect(found?.end ?? 0).toBeLessThanOrEqual(bytes);
      expect(found?.end ?? 0).toBeGreaterThanOrEqual(before);
      before = found?.end ?? 0;
    }
  });

  it('is before bytes that are not what was written', () => {
    const log = Buffer.from(logOf('3.6.16'));
    log[1040] = (log[1040] ?? 0) ^ 1;
    const found = readLogEnd(log, NAME);
    expect(found?.end).toBeLessThan(1064);
    expect(found?.damaged).toBe(true);
  });

  describe('after it', () => {
    /** A segment of so many entries, each of them so long, with room reserved after. */
    const longLog = (entries: number, bytes: number) => {
      const log = logOf('3.6.16');
      let end = readLogEnd(log, NAME) as LogEnd;
      let made = log.subarray(0, end.end);
      for (let i = 1; i <= entries; i++) {
        made = Buffer.concat([made, entryBehind(end, Buffer.alloc(bytes, i + 64))]);
        end = { ...end, ...(readLogEnd(made, NAME) as LogEnd) };
      }
      return { log: Buffer.concat([made, Buffer.alloc(8192)]), end: end.end, last: end.last };
    };
    const changed = (change: (log: Buffer, end: number) => Buffer | undefined) => {
      const { log, end } = longLog(20, 1500);
      return readLogEnd(change(log, end) ?? log, NAME);
    };

    it('all is whole', () => {
      const { log, end, last } = longLog(20, 1500);
      expect(readLogEnd(log, NAME)).toMatchObject({ end, last, damaged: false });
    });

    it.each<[what: string, change: (log: Buffer, end: number) => Buffer | undefined]>([
      ['nothing is reserved', (log, end) => log.subarray(0, end)],
      ['the last record is cut off', (log, end) => log.subarray(0, end - 700)],
      [
        'a sector of the last record was not written',
        (log, end) => zeroed(log, end - (end % 512) - 512, end),
      ],
      [
        'sectors in the middle of a batch were not written',
        (log, end) => zeroed(log, end - (end % 512) - 1024, end - (end % 512)),
      ],
    ])('a crash: %s', (_what, change) => {
      expect(changed(change)).toMatchObject({ damaged: false });
    });

    it.each<[what: string, at: number, bit: number]>([
      ['data', 4000, 1],
      ['data, in the last record', -100, 4],
      ['the length, far too long', -16, 1],
    ])('a flipped bit: %s', (_what, at, bit) => {
      const found = changed((log, end) => {
        const lengths = recordStarts(log);
        const byte = at === -16 ? (lengths.at(-9) ?? 0) + 3 : at < 0 ? end + at : at;
        log[byte] = (log[byte] ?? 0) ^ bit;
        return log;
      });
      expect(found).toMatchObject({ damaged: true });
    });
  });

  it('is what its name says where no entry is in it yet', () => {
    const log = logOf('3.6.16');
    const length = log.readUIntLE(0, 6) + 8 + (log.readUInt8(7) & 7);
    const fresh = Buffer.concat([log.subarray(0, length), Buffer.alloc(64)]);
    const found = readLogEnd(fresh, '0000000000000003-00000000000000ff.wal');
    expect(found).toMatchObject({ last: 254n, end: length });
  });

  it.each([
    ['nothing', Buffer.alloc(0), NAME],
    ['zeros', Buffer.alloc(4096), NAME],
    ['text', Buffer.from('not a log at all, and longer than a record'), NAME],
    ['another name', logOf('3.6.16'), 'db'],
  ])('is unknown of %s', (_what, bytes, name) => {
    expect(readLogEnd(bytes, name)).toBeUndefined();
  });
});

function zeroed(log: Buffer, from: number, to: number): Buffer {
  return log.fill(0, from, to);
}

/** Where the records of a log begin. */
function recordStarts(log: Buffer): readonly number[] {
  const starts: number[] = [];
  for (let at = 0; log.readUIntLE(at, 6) > 0; ) {
    starts.push(at);
    at += 8 + log.readUIntLE(at, 6) + (log.readUInt8(at + 7) & 7);
  }
  return starts;
}

/** A record as etcd writes it, for one more entry. */
function entryBehind({ last, term, crc }: LogEnd, value: Buffer): Buffer {
  const entry = Buffer.concat([
    Buffer.from([0x10, Number(term), 0x18, Number(last) + 1, 0x22]),
    Buffer.from([(value.length & 0x7f) | 0x80, value.length >> 7]),
    value,
  ]);
  const sum = crc32cOf(crc, entry);
  const body = Buffer.concat([
    Buffer.from([0x08, 2, 0x10]),
    varintOf(sum),
    Buffer.from([0x1a]),
    varintOf(entry.length),
    entry,
  ]);
  const padding = (8 - (body.length % 8)) % 8;
  const length = Buffer.alloc(8);
  length.writeUInt32LE(body.length);
  if (padding > 0) length.writeUInt8(0x80 | padding, 7);
  return Buffer.concat([length, body, Buffer.alloc(padding)]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 0x80);
  }
}

function crc32cOf(before: number, bytes: Buffer): number {
  let crc = ~before;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
