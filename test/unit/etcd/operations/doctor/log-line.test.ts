import { describe, expect, it } from 'vitest';
import { readJournal } from '../../../../../lib/etcd/operations/doctor/journal.ts';
import { parseLogLine, spoken } from '../../../../../lib/etcd/operations/doctor/log-line.ts';
import { excerpt } from '../../../../../lib/etcd/operations/doctor/signatures.ts';

/** What collectors of logs make of a line, by the command or the file, and the time that is to be read there. */
const COLLECTORS: [name: string, wrap: (line: string) => string, time?: string | undefined][] = [
  ['journalctl', (line) => `Nov 23 20:15:00 etcd01 etcd[712]: ${line}`, 'Nov 23 20:15:00'],
  ['journalctl -o short, without a pid', (line) => `Nov 23 20:15:00 etcd01 etcd: ${line}`, 'Nov 23 20:15:00'],
  ['a remote shell with CRLF', (line) => `Nov 23 20:15:00 etcd01 etcd[712]: ${line}\r`, 'Nov 23 20:15:00'],
  [
    'journalctl -o short-full',
    (line) => `Mon 2026-11-23 20:15:00 UTC etcd01 etcd[712]: ${line}`,
    '2026-11-23 20:15:00',
  ],
  [
    'journalctl -o with-unit',
    (line) => `Mon 2026-11-23 20:15:00 +0330 etcd01 etcd.service[712]: ${line}`,
    '2026-11-23 20:15:00',
  ],
  [
    'journalctl -o short-precise',
    (line) => `Nov 23 20:15:00.123456 etcd01 etcd[712]: ${line}`,
    'Nov 23 20:15:00.123456',
  ],
  [
    'journalctl -o short-iso',
    (line) => `2026-11-23T20:15:00+0000 etcd01 etcd[712]: ${line}`,
    '2026-11-23T20:15:00+0000',
  ],
  [
    'journalctl -o short-iso-precise',
    (line) => `2026-11-23T20:15:00.123456+00:00 etcd01.example.org etcd[712]: ${line}`,
    '2026-11-23T20:15:00.123456+00:00',
  ],
  ['journalctl -o short-unix', (line) => `1764000000.123456 etcd01 etcd[712]: ${line}`, '1764000000.123456'],
  ['journalctl -o short-monotonic', (line) => `[   12.345678] etcd01 etcd[712]: ${line}`, '[   12.345678]'],
  [
    'journalctl -o short-delta',
    (line) => `[   12.345678 <    0.000123 >] etcd01 etcd[712]: ${line}`,
    '[   12.345678 <    0.000123 >]',
  ],
  ['journalctl -o cat', (line) => line],
  ['journalctl -o verbose', (line) => `    MESSAGE=${line}`],
  ['journalctl -o json', (line) => JSON.stringify({ _PID: '712', MESSAGE: line, SYSLOG_IDENTIFIER: 'etcd' })],
  ['journalctl -o json, in bytes', (line) => JSON.stringify({ MESSAGE: [...Buffer.from(line)], _PID: '7' })],
  ['journalctl -o json-pretty', (line) => `\t"MESSAGE" : ${JSON.stringify(line)},`],
  ['a tag alone', (line) => `etcd[712]: ${line}`],
  ['a host and a tag', (line) => `etcd01 etcd[712]: ${line}`],
  ['syslog with a priority', (line) => `<27>Nov 23 20:15:00 etcd01 etcd[712]: ${line}`, 'Nov 23 20:15:00'],
  [
    'syslog, RFC 5424',
    (line) => `<27>1 2026-11-23T20:15:00.123Z etcd01 etcd 712 - - ${line}`,
    '2026-11-23T20:15:00.123Z',
  ],
  [
    'syslog, RFC 5424 with data',
    (line) => `<27>1 2026-11-23T20:15:00Z etcd01 etcd 712 ID7 [a@1 b="c ]d"][e@2] \ufeff${line}`,
    '2026-11-23T20:15:00Z',
  ],
  ['docker logs -t', (line) => `2026-11-23T20:15:00.123456789Z ${line}`, '2026-11-23T20:15:00.123456789Z'],
  ['docker compose', (line) => `etcd-1  | ${line}`],
  ['docker compose -t', (line) => `etcd-1  | 2026-11-23T20:15:00.1Z ${line}`, '2026-11-23T20:15:00.1Z'],
  [
    "Docker's file",
    (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-11-23T20:15:00Z' }),
  ],
  ['kubectl --prefix', (line) => `[pod/etcd-0/etcd] ${line}`],
  [
    'kubectl --prefix --timestamps',
    (line) => `[pod/etcd-0/etcd] 2026-11-23T20:15:00.1Z ${line}`,
    '2026-11-23T20:15:00.1Z',
  ],
  ['a CRI file', (line) => `2026-11-23T20:15:00.1+01:00 stderr F ${line}`, '2026-11-23T20:15:00.1+01:00'],
  ['a forwarder', (line) => JSON.stringify({ '@timestamp': '2026-11-23T20:15:00Z', message: line })],
  [
    'a terminal with colours',
    (line) => `\u001b[0;31mNov 23 20:15:00 etcd01 etcd[712]: \u001b[1m${line}\u001b[0m`,
  ],
];

const json = (fields: object) => JSON.stringify({ level: 'fatal', ...fields });

describe.each(COLLECTORS)('of %s', (_name, wrap, time) => {
  it.each([
    [
      'a fatal line of JSON',
      json({ msg: 'nobody knows this', error: 'or that' }),
      'nobody knows this: or that',
    ],
    ['a fatal line of JSON that was cut off', '{"level":"fatal","msg":"nobody kno', 'nobody kno'],
    [
      'a panic of JSON',
      JSON.stringify({ level: 'panic', msg: 'a {"b":1}: panic: c' }),
      'a {"b":1}: panic: c',
    ],
    ["Go's panic", 'panic: runtime error: index out of range', 'panic: runtime error: index out of range'],
    ["Go's panic with a colon in it", 'panic: odd: it happened', 'panic: odd: it happened'],
    ["Go's fatal error", 'fatal error: concurrent map writes', 'fatal error: concurrent map writes'],
    ['a critical line of the old format', '2026-11-23 20:15:00.123456 C | etcdmain: no', 'etcdmain: no'],
    ['a fatal line of the console', '2026-11-23T20:15:00.123Z\tfatal\tetcdmain/etcd.go:1\tno', '\tno'],
  ])('%s is told of', (_what, line, shown) => {
    const [finding] = readJournal(wrap(line));
    expect(finding).toMatchObject({ cause: 'fatal', lastWords: true });
    const told = finding ? excerpt(finding.line) : '';
    expect(told).toContain(shown);
    expect(told.startsWith(shown) || /^\d{4}-|^\{"level"/.test(told)).toBe(true);
  });

  it.each([
    JSON.stringify({ level: 'info', msg: 'ready to serve client requests' }),
    '2026-11-23 20:15:00.123456 I | embed: ready to serve client requests',
    JSON.stringify({ level: 'warn', msg: 'lost the TCP streaming connection', error: 'panic: no' }),
    '2026-11-23 20:15:00.123456 W | rafthttp: it said panic: no',
    'goroutine 1 [running]:',
  ])('no end is read into %s', (line) => {
    expect(readJournal(wrap(line))).toEqual([]);
  });

  it('the words and the time are those of the line', () => {
    const plain = parseLogLine(wrap('panic: no'));
    expect(plain.text).toBe('panic: no');
    if (time !== undefined) expect(plain.time).toBe(time);
    const line = parseLogLine(wrap(json({ ts: '2026-11-23T20:15:07Z', msg: 'no' })));
    expect(spoken(line)).toBe('no');
    expect(line.time).toBe('2026-11-23T20:15:07Z');
  });
});

it('Go repeats a panic as text, behind whatever prefix: it is told once', () => {
  for (const [, wrap] of COLLECTORS) {
    const lines = [
      JSON.stringify({ level: 'panic', msg: 'failed to open database', error: 'invalid database' }),
      'panic: failed to open database',
      'goroutine 1 [running]:',
    ];
    expect(readJournal(lines.map(wrap).join('\n')).map(({ cause }) => cause)).toEqual(['corrupt-db']);
  }
});
