import { describe, expect, it } from 'vitest';
import { CAUSES } from '../../../../../lib/etcd/operations/doctor/causes/index.ts';
import { readJournal } from '../../../../../lib/etcd/operations/doctor/journal.ts';
import { parseLogLine } from '../../../../../lib/etcd/operations/doctor/log-line.ts';
import { causeOfLine, excerpt, SIGNATURES } from '../../../../../lib/etcd/operations/doctor/signatures.ts';
import { LINES, MORE } from './lines.ts';
import { RECORDED } from './recorded.ts';

/** `journalctl`'s and etcd's own prefixes. */
const FORMATS: readonly (readonly [string, (old: string, json: string) => string])[] = [
  ['of capnslog', (old) => `2026-11-23 20:15:00.123456 E | ${old}`],
  ['of capnslog in journalctl', (old) => `Nov 23 20:15:00 etcd01 etcd[712]: ${old}`],
  ['of zap', (_old, json) => `{"level":"warn","ts":"2026-11-23T20:15:00.123Z","caller":"x/y.go:1",${json}}`],
  [
    'of zap in journalctl',
    (_old, json) =>
      `Nov 23 20:15:00 etcd01 etcd[712]: {"level":"warn","ts":"2026-11-23T20:15:00.123Z",${json}}`,
  ],
];

describe.each(FORMATS)('lines %s', (_name, format) => {
  it.each(LINES)('speak of %s: %s', (cause, old, json) => {
    expect(causeOfLine(parseLogLine(format(old, json)))).toBe(cause);
  });

  it.each([
    [
      'added member a1 [https://10.0.0.1:2380] to cluster c0ffee',
      '"msg":"added member","added-peer-id":"a1"',
    ],
    ['a1 became leader at term 2', '"msg":"a1 became leader at term 2"'],
    [
      'established a TCP streaming connection with peer a1 (stream MsgApp v2 reader)',
      '"msg":"established TCP streaming connection with remote peer"',
    ],
    ['ready to serve client requests', '"msg":"ready to serve client requests"'],
    [
      'finished scheduled compaction at 17 (took 1.2ms)',
      '"msg":"finished scheduled compaction","compact-revision":17,"took":"1.2ms"',
    ],
  ])('of a good day tell of nothing: %s', (old, json) => {
    expect(causeOfLine(parseLogLine(format(old, json)))).toBeUndefined();
  });
});

describe.each<[string, (line: string) => string]>([
  ['as it is', (line) => line],
  ['of capnslog', (line) => `2026-11-23 20:15:00.123456 C | etcdmain: ${line}`],
  ['of journalctl', (line) => `Nov 23 20:15:00 etcd01 etcd[712]: ${line}`],
  ['in the error of JSON', (line) => JSON.stringify({ level: 'fatal', msg: 'it failed', error: line })],
  ['in the message of JSON', (line) => JSON.stringify({ level: 'warn', msg: line })],
  ['of journalctl -o json', (line) => JSON.stringify({ MESSAGE: JSON.stringify({ msg: line }) })],
  ['of a container', (line) => `2026-11-23T20:15:00.1Z stderr F ${JSON.stringify({ msg: line })}`],
])('a line %s', (_name, format) => {
  it.each(MORE)('speaks of %s: %s', (cause, line) => {
    expect(causeOfLine(parseLogLine(format(line)))).toBe(cause);
  });
});

it.each(RECORDED)('%s, as %s wrote it: %s', (cause, _release, line) => {
  expect(causeOfLine(parseLogLine(line))).toBe(cause);
  expect(causeOfLine(parseLogLine(line.replaceAll('\u00a0', ' ')))).toBe(cause);
  expect(causeOfLine(parseLogLine(`Nov 23 20:15:00 etcd01 etcd[712]: ${line}`))).toBe(cause);
});

it('every signature has a line, and every cause but those that are measured a signature', () => {
  const written = [...LINES, ...MORE, ...RECORDED].map(([cause]) => cause);
  expect(SIGNATURES.map(([cause]) => cause).filter((cause) => !written.includes(cause))).toEqual([]);
  const measured = CAUSES.map(({ id }) => id).filter((id) => !SIGNATURES.some(([cause]) => cause === id));
  expect(measured).toEqual([
    'half-way',
    'identity',
    'swapped',
    'foreign-program',
    'host-down',
    'barred',
    'ssh-down',
    'unmounted',
    'misplaced-data',
    'restarted',
    'majority-lost',
    'lost-data',
    'unit',
    'bound-elsewhere',
    'late-address',
    'revoked',
    'ca-expired',
    'source-address',
    'recovered-alone',
    'not-a-member',
    'unstarted',
    'not-in-inventory',
    'fatal',
    'hung',
    'stopped',
  ]);
});

describe('last words', () => {
  it.each([
    [
      'a fatal line of JSON',
      '{"level":"fatal","msg":"nobody knows this","error":"or that"}',
      'nobody knows this: or that',
    ],
    [
      'a panic of JSON',
      '{"level":"panic","ts":"2026-11-23T20:15:00Z","msg":"nobody knows this"}',
      'nobody knows this',
    ],
    ['a dpanic of JSON', '{"level":"dpanic","msg":"nobody knows this"}', 'nobody knows this'],
    [
      'a critical line of the old format',
      '2026-11-23 20:15:00.123456 C | etcdmain: nobody knows this',
      'nobody knows this',
    ],
    [
      'a line of --log-format=console',
      '2026-11-23T20:15:00.123Z\tfatal\tetcdmain/etcd.go:1\tnobody knows this',
      'nobody knows this',
    ],
    ['Go’s own panic', 'panic: runtime error: index out of range [3] with length 3', 'index out of range'],
    [
      'Go’s own fatal error',
      'fatal error: all goroutines are asleep - deadlock!',
      'all goroutines are asleep',
    ],
    [
      'a panic behind journalctl’s prefix',
      'Nov 23 20:15:00 etcd01 etcd[712]: panic: nobody knows this',
      'nobody knows this',
    ],
  ])('%s is always told of', (_name, line, shown) => {
    const [finding] = readJournal(`ready to serve client requests\n${line}\ngoroutine 1 [running]:`);
    expect(finding).toMatchObject({ cause: 'fatal', lastWords: true });
    expect(finding && excerpt(finding.line)).toContain(shown);
  });

  it('are told once: Go repeats what was logged as panic without its error', () => {
    const findings = readJournal(
      [
        '{"level":"panic","msg":"failed to open database","path":"/d/member/snap/db","error":"invalid database"}',
        'panic: failed to open database',
        '\tpanic: failed to open database [recovered]',
        'goroutine 1 [running]:',
      ].join('\n'),
    );
    expect(findings.map(({ cause }) => cause)).toEqual(['corrupt-db']);
    expect(findings[0] && excerpt(findings[0].line)).toBe(
      'failed to open database: invalid database (path /d/member/snap/db)',
    );
  });
});

describe('a journal', () => {
  it('is summed up by cause: how often, when first and last, and the last line without its prefix', () => {
    const text = [
      'May 23 15:59:09 k8s.master etcd[13366]: request cluster ID mismatch (got 4f want 4c)',
      'May 23 15:59:09 k8s.master etcd[13366]: raft: 4c became follower at term 2',
      'May 23 15:59:10 k8s.master etcd[13366]: request cluster ID mismatch (got 5f want 4c)',
      '{"level":"warn","ts":"2026-11-23T20:15:00.1Z","msg":"x","error":"dial tcp 10.0.0.2:2380: i/o timeout"}',
    ].join('\r\n');
    expect(readJournal(text)).toEqual([
      {
        cause: 'cluster-id',
        count: 2,
        first: 'May 23 15:59:09',
        last: 'May 23 15:59:10',
        line: expect.objectContaining({ text: 'request cluster ID mismatch (got 5f want 4c)' }),
      },
      {
        cause: 'filtered',
        count: 1,
        first: '2026-11-23T20:15:00.1Z',
        last: '2026-11-23T20:15:00.1Z',
        line: expect.objectContaining({ text: expect.stringContaining('i/o timeout') }),
      },
    ]);
  });

  it.each([
    ['all of a short line', 'x: i/o timeout', 'x: i/o timeout'],
    [
      'the message and the error of JSON',
      '{"level":"fatal","ts":"2026-11-24T10:00:00Z","msg":"discovery failed","error":"member count is unequal"}',
      'discovery failed: member count is unequal',
    ],
    [
      'all of JSON where another field tells',
      '{"msg":"starting","peer":"10.0.0.1:2380: i/o timeout"}',
      '{"msg":"starting","peer":"10.0.0.1:2380: i/o timeout"}',
    ],
    ['the beginning of a long line', `i/o timeout ${'y'.repeat(5000)}`, `i/o timeout ${'y'.repeat(228)}…`],
    [
      'what tells in the middle of a long line',
      `${'x'.repeat(5000)} i/o timeout ${'y'.repeat(5000)}`,
      `…${'x'.repeat(79)} i/o timeout ${'y'.repeat(148)}…`,
    ],
    ['the end of a long line', `${'x'.repeat(5000)} i/o timeout`, `…${'x'.repeat(228)} i/o timeout`],
  ])('shows %s', (_name, line, shown) => {
    expect(excerpt(parseLogLine(line))).toBe(shown);
  });

  it('of ten megabytes takes a second of a processor', () => {
    const line = `${'a'.repeat(200)} does not match anything, certificate is valid for ${'b, '.repeat(50)}\n`;
    const before = process.cpuUsage();
    expect(readJournal(line.repeat(25_000))).toEqual([]);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
  });
});
