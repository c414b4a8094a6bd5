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

  it.each(['3.3.25', '3.6.16'])('all of %s counts as committed behind the record for that', (version) => {
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
    expect(readLogEnd(log, NAME)?.end).toBeLessThan(1064);
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
