import { describe, expect, it } from 'vitest';
import { CAUSES, type CauseId } from '../../../../../lib/etcd/operations/doctor/causes.ts';
import { readJournal } from '../../../../../lib/etcd/operations/doctor/journal.ts';
import { causeOfLine, excerpt, SIGNATURES } from '../../../../../lib/etcd/operations/doctor/signatures.ts';

/** A message as etcd 3.3 writes it, and as the fields of a JSON line of 3.5. */
const LINES: readonly (readonly [CauseId, string, string])[] = [
  [
    'cluster-id',
    'rafthttp: request sent was ignored (cluster ID mismatch: peer[102b996c4aa7e55a]=4fb7ed98f0f6d1a7, local=4c0b05dc1b530742)',
    '"msg":"request sent was ignored by remote peer due to cluster ID mismatch","remote-peer-cluster-id":"4fb7ed98f0f6d1a7"',
  ],
  [
    'san',
    'embed: rejected connection from "10.0.52.14:45458" (error "x509: certificate is valid for 10.0.52.12, 10.0.52.13, not 10.0.52.14", ServerName "")',
    '"msg":"rejected connection","error":"tls: failed to verify certificate: x509: certificate is valid for 10.0.52.12, not 10.0.52.14"',
  ],
  [
    'san',
    'embed: rejected connection from "10.0.0.9:1234" (error "tls: \\"10.0.0.9\\" does not match any of DNSNames [\\"etcd01\\"]", ServerName "")',
    '"msg":"rejected connection","error":"tls: \\"10.0.0.9\\" does not match any of DNSNames [\\"etcd01\\"] (lookup etcd01: no such host)"',
  ],
  [
    'wrong-ca',
    'rafthttp: health check for peer a1 could not connect: x509: certificate signed by unknown authority (prober "ROUND_TRIPPER_SNAPSHOT")',
    '"msg":"prober detected unhealthy status","error":"tls: failed to verify certificate: x509: certificate signed by unknown authority"',
  ],
  [
    'expired',
    'rafthttp: health check for peer a1 could not connect: x509: certificate has expired or is not yet valid',
    '"error":"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-23T20:00:00Z is after 2026-01-01T00:00:00Z"',
  ],
  [
    'rejected',
    'rafthttp: health check for peer a1 could not connect: remote error: tls: bad certificate',
    '"msg":"prober detected unhealthy status","error":"remote error: tls: bad certificate"',
  ],
  [
    'no-client-certificate',
    'embed: rejected connection from "10.0.0.9:1234" (error "tls: client didn\'t provide a certificate", ServerName "")',
    '"msg":"rejected connection","error":"tls: client didn\'t provide a certificate"',
  ],
  [
    'key-usage',
    'embed: rejected connection from "10.0.0.9:1234" (error "x509: certificate specifies an incompatible key usage", ServerName "")',
    '"error":"tls: failed to verify certificate: x509: certificate specifies an incompatible key usage"',
  ],
  [
    'http',
    'embed: rejected connection from "10.0.0.9:1234" (error "tls: first record does not look like a TLS handshake", ServerName "")',
    '"msg":"rejected connection","error":"tls: first record does not look like a TLS handshake"',
  ],
  [
    'filtered',
    'rafthttp: health check for peer a1 could not connect: dial tcp 10.0.0.2:2380: i/o timeout',
    '"msg":"prober detected unhealthy status","error":"dial tcp 10.0.0.2:2380: i/o timeout"',
  ],
  [
    'refused',
    'rafthttp: health check for peer a1 could not connect: dial tcp 10.0.0.2:2380: connect: connection refused',
    '"msg":"prober detected unhealthy status","error":"dial tcp 10.0.0.2:2380: connect: connection refused"',
  ],
  [
    'bootstrapped',
    'etcdmain: member a1 has already been bootstrapped',
    '"error":"member a1 has already been bootstrapped"',
  ],
  [
    'member-count',
    'etcdmain: error validating peerURLs {"members":[]}: member count is unequal',
    '"error":"error validating peerURLs: member count is unequal"',
  ],
  [
    'peer-url',
    'etcdmain: error validating peerURLs: PeerURLs: no match found for existing member (a1, [https://10.0.0.1:2380])',
    '"error":"error validating peerURLs: PeerURLs: no match found for existing member (a1, [https://10.0.0.1:2380])"',
  ],
  [
    'name',
    'etcdmain: couldn\'t find local name "etcd01" in the initial cluster configuration',
    '"error":"couldn\'t find local name \\"etcd01\\" in the initial cluster configuration"',
  ],
  [
    'peer-url',
    'etcdmain: --initial-cluster has etcd01=https://10.0.0.9:2380 but missing from --initial-advertise-peer-urls=https://10.0.0.1:2380',
    '"error":"--initial-cluster has etcd01=https://10.0.0.9:2380 but missing from --initial-advertise-peer-urls=https://10.0.0.1:2380"',
  ],
  [
    'lost-log',
    'raft: tocommit(8) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?',
    '"level":"panic","msg":"tocommit(8) is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?"',
  ],
  [
    'removed',
    'etcdserver: the member has been permanently removed from the cluster',
    '"msg":"server error","error":"the member has been permanently removed from the cluster"',
  ],
  [
    'added-before',
    'etcdserver: Peer URLs already exists',
    '"error":"rpc error: code = FailedPrecondition desc = etcdserver: Peer URLs already exists"',
  ],
  [
    'learner',
    'etcdserver: too many learner members in cluster',
    '"error":"etcdserver: too many learner members in cluster"',
  ],
  [
    'unhealthy',
    'etcdserver: not enough started members, rejecting member add {ID:a1}',
    '"msg":"rejecting member add request; not enough healthy members","error":"etcdserver: unhealthy cluster"',
  ],
  [
    'quota',
    'etcdserver: mvcc: database space exceeded',
    '"error":"etcdserver: mvcc: database space exceeded"',
  ],
  [
    'no-quorum',
    'etcdmain: publish error: etcdserver: request timed out',
    '"msg":"failed to publish local member to cluster through raft","error":"etcdserver: request timed out"',
  ],
  [
    'no-quorum',
    'etcdserver/api/etcdhttp: /health error; QGET failed etcdserver: request timed out',
    '"msg":"serving /health false; no leader","error":"RAFT NO LEADER"',
  ],
  [
    'slow',
    'etcdserver: read-only range request "key:\\"a\\" " with result "range_response_count:0" took too long (203ms) to execute',
    '"msg":"apply request took too long","took":"203ms"',
  ],
  [
    'slow',
    'etcdserver: failed to send out heartbeat on time (exceeded the 100ms timeout for 12ms)',
    '"msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk"',
  ],
  [
    'clock',
    'rafthttp: the clock difference against peer a1 is too high [4m1s > 1s]',
    '"msg":"prober found high clock drift","clock-drift":"4m1s"',
  ],
  [
    'corrupt-wal',
    'etcdserver: read wal error (walpb: crc mismatch) and cannot be repaired',
    '"msg":"failed to read WAL, cannot be repaired","error":"walpb: crc mismatch"',
  ],
  [
    'lost-snapshot',
    "etcdserver: recovering backend from snapshot error: failed to find database snapshot file (snap: snapshot file doesn't exist)",
    '"msg":"failed to recover v3 backend from snapshot","error":"failed to find database snapshot file (snap: snapshot file doesn\'t exist)"',
  ],
  [
    'disk-full',
    'etcdserver: create wal error: write /d/member/wal/1.tmp: no space left on device',
    '"error":"write /d/member/wal/1.tmp: no space left on device"',
  ],
  ['memory', 'runtime: out of memory: cannot allocate memory', '"error":"mmap: cannot allocate memory"'],
  [
    'port-taken',
    'etcdmain: listen tcp 10.0.0.1:2380: bind: address already in use',
    '"error":"listen tcp 10.0.0.1:2380: bind: address already in use"',
  ],
  [
    'permission',
    'etcdmain: cannot access data directory: open /d/.touch: permission denied',
    '"error":"open /d/.touch: permission denied"',
  ],
  [
    'start-timeout',
    'etcd.service: start operation timed out. Terminating.',
    '"MESSAGE":"etcd.service: start operation timed out. Terminating."',
  ],
  [
    'downgrade',
    'etcdserver: cluster cannot be downgraded (current version: 3.3.25 is lower than determined cluster version: 3.4).',
    '"level":"fatal","msg":"invalid downgrade; server version is lower than determined cluster version"',
  ],
  [
    'shadowed',
    'etcdmain: conflicting environment variable "ETCD_NAME" is shadowed by corresponding command-line flag (either unset environment variable or disable flag)',
    '"level":"fatal","msg":"conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag)"',
  ],
  [
    'corrupt',
    'etcdserver: a1 found data inconsistency with peers',
    '"msg":"found data inconsistency with peers","local-member-id":"a1"',
  ],
];

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
    expect(causeOfLine(format(old, json))).toBe(cause);
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
    expect(causeOfLine(format(old, json))).toBeUndefined();
  });
});

it('every signature has a line above, and every cause but those that are measured a signature', () => {
  expect(new Set(LINES.map(([cause]) => cause))).toEqual(new Set(SIGNATURES.map(([cause]) => cause)));
  const measured = CAUSES.map(({ id }) => id).filter((id) => !SIGNATURES.some(([cause]) => cause === id));
  expect(measured).toEqual(['foreign-program', 'stopped']);
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
        line: 'request cluster ID mismatch (got 5f want 4c)',
      },
      {
        cause: 'filtered',
        count: 1,
        first: '2026-11-23T20:15:00.1Z',
        last: '2026-11-23T20:15:00.1Z',
        line: expect.stringContaining('i/o timeout'),
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
    expect(excerpt(line)).toBe(shown);
  });

  it('of ten megabytes is read within a second', () => {
    const line = `${'a'.repeat(200)} does not match anything, certificate is valid for ${'b, '.repeat(50)}\n`;
    const started = performance.now();
    expect(readJournal(line.repeat(25_000))).toEqual([]);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
