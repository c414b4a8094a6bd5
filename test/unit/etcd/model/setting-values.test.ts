import { describe, expect, it } from 'vitest';
import {
  hostSettingsProblems,
  settingsEnvironment,
  settingsProblems,
} from '../../../../lib/etcd/model/flags.ts';

type Case = readonly [setting: string, value: unknown, version: string, said?: string];

/** What real etcd made of these values: it started, or ended. Said is the part after `and `. */
const VALUES: readonly Case[] = [
  ['quota-backend-bytes', 8_589_934_592, '3.5.30'],
  ['quota-backend-bytes', -1, '3.5.30'],
  ['quota-backend-bytes', '', '3.5.30'],
  ['quota-backend-bytes', '8GB', '3.3.25', 'must be a whole number'],
  ['quota-backend-bytes', 8.5, '3.5.30', 'must be a whole number'],
  ['quota-backend-bytes', 1e21, '3.5.30', 'must be a whole number'],
  ['snapshot-count', -5, '3.5.30', 'must be a whole number from 0'],
  ['snapshot-count', 'abc', '3.3.25', 'must be a whole number from 0'],
  ['max-concurrent-streams', 4_294_967_296, '3.5.30', 'must be a whole number from 0 to 4294967295'],
  ['heartbeat-interval', 0, '3.5.30', 'must be a whole number from 1 to 50000 (milliseconds)'],
  ['election-timeout', 50_000, '3.5.30'],
  ['election-timeout', 50_001, '3.5.30', 'must be a whole number from 1 to 50000 (milliseconds)'],
  ['pre-vote', true, '3.5.30'],
  ['pre-vote', 'T', '3.5.30'],
  ['pre-vote', 'yes', '3.5.30', 'must be true or false'],
  ['enable-v2', 'yes', '3.3.25', 'must be true or false'],
  ['grpc-keepalive-interval', 0, '3.5.30'],
  ['grpc-keepalive-interval', '2h', '3.5.30'],
  ['grpc-keepalive-interval', 2, '3.5.30', 'must be a duration with its unit, as 5s or 1h30m'],
  ['experimental-corrupt-check-time', '1h', '3.5.30'],
  ['experimental-corrupt-check-time', '1 hour', '3.5.30', 'must be a duration with its unit, as 5s or 1h30m'],
  ['auto-compaction-retention', '5m', '3.5.30'],
  ['auto-compaction-retention', 1, '3.3.25'],
  ['auto-compaction-retention', 1.5, '3.5.30', 'must be a number or a duration, as 1h'],
  ['auto-compaction-retention', -1, '3.6.14', 'must be a number or a duration, as 1h'],
  ['auto-compaction-mode', 'hourly', '3.5.30', 'must be one of periodic, revision'],
  ['log-level', 'warn', '3.4.23'],
  ['log-level', 'verbose', '3.5.30', 'must be one of debug, info, warn, error, dpanic, panic, fatal'],
  ['log-level', 'WARN', '3.5.30'],
  ['log-level', 'WARN', '3.4.23', 'must be one of debug, info, warn, error, dpanic, panic, fatal'],
  ['logger', 'capnslog', '3.4.23'],
  ['logger', 'capnslog', '3.5.30', 'must be one of zap'],
  ['log-format', 'text', '3.6.14', 'must be one of json, console'],
  ['metrics', 'all', '3.5.30', 'must be one of basic, extensive'],
  ['backend-bbolt-freelist-type', 'list', '3.5.30', 'must be one of array, map'],
  ['v2-deprecation', 'gone', '3.5.30'],
  ['v2-deprecation', 'write-only-skip-check', '3.6.14'],
  ['v2-deprecation', 'soon', '3.5.30', 'must be one of not-yet, write-only, write-only-drop-data, gone'],
  ['proxy', 'on', '3.5.30', 'must be one of off'],
  ['tls-min-version', 'TLS1.3', '3.5.30'],
  ['tls-min-version', 'TLS1.1', '3.5.30', 'must be one of TLS1.2, TLS1.3'],
  ['tls-max-version', 1.2, '3.5.30', 'must be one of TLS1.2, TLS1.3'],
  ['cipher-suites', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', '3.3.25'],
  [
    'cipher-suites',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    '3.5.30',
  ],
  [
    'cipher-suites',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    '3.5.30',
    'must have cipher suites by Go\'s names, found "ECDHE-ECDSA-AES128-GCM-SHA256"',
  ],
  [
    'cipher-suites',
    'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    '3.5.30',
    'must have one that HTTP/2 requires: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  ],
  ['cors', '*', '3.5.30'],
  ['cors', 'https://a.example:443', '3.5.30'],
  [
    'cors',
    'https://a.example',
    '3.5.30',
    'must have origins with their port, as https://a.example:443, found "https://a.example"',
  ],
  ['auth-token', 'simple', '3.5.30'],
  ['auth-token', 'jwt,pub-key=/a,priv-key=/b,sign-method=RS256,ttl=10m', '3.5.30'],
  [
    'auth-token',
    'jwt',
    '3.5.30',
    'must be simple, or jwt with sign-method and a key: jwt,pub-key=PATH,priv-key=PATH,sign-method=RS256',
  ],
  ['log-outputs', 'stderr,/var/log/etcd/etcd.log', '3.5.30'],
  ['log-outputs', ['stderr', '/var/log/etcd/etcd.log'], '3.5.30'],
  ['log-outputs', 'systemd/journal', '3.5.30'],
  ['log-outputs', 'default,stderr', '3.5.30', 'must have default alone, or leave it out'],
  [
    'log-outputs',
    'etcd.log',
    '3.5.30',
    'must have default, stdout, stderr, systemd/journal or absolute paths, found "etcd.log"',
  ],
  ['log-output', 'journal', '3.3.25', 'must be one of default, stdout, stderr'],
  ['listen-metrics-urls', 'http://localhost:2391', '3.5.30'],
  ['listen-metrics-urls', 'http://[::1]:2391', '3.5.30'],
  [
    'listen-metrics-urls',
    '127.0.0.1:2391',
    '3.5.30',
    'must have URLs as https://10.0.0.1:2381, found "127.0.0.1:2391"',
  ],
  [
    'listen-metrics-urls',
    'http://db.example:2391',
    '3.5.30',
    'must have URLs as https://10.0.0.1:2381, found "http://db.example:2391"',
  ],
  [
    'listen-metrics-urls',
    'http://127.0.0.1',
    '3.5.30',
    'must have URLs as https://10.0.0.1:2381, found "http://127.0.0.1"',
  ],
  ['client-crl-file', 'crl.pem', '3.5.30', 'must be an absolute path'],
  ...['1', 't', 'T', 'true', 'TRUE', 'True', '0', 'f', 'F', 'false', 'FALSE', 'False', ''].map(
    (value): Case => ['pre-vote', value, '3.7.3'],
  ),
  ...['tRue', 'fAlse', 'on', '2', ' true', 'true '].map(
    (value): Case => ['enable-pprof', value, '3.7.3', 'must be true or false'],
  ),
  ['snapshot-count', '0x10', '3.7.3'],
  ['snapshot-count', '010', '3.7.3'],
  ['snapshot-count', '1_000', '3.7.3'],
  ...['08', '1e3', ' 5', '1__0', '0x'].map(
    (value): Case => ['snapshot-count', value, '3.7.3', 'must be a whole number from 0'],
  ),
  ...['-1s', '+5s', '.5s', '1.s', '1us', '1µs', '1μs', '0', '-0', '0h', '2540400h', ''].map(
    (value): Case => ['grpc-keepalive-interval', value, '3.7.3'],
  ),
  ...['9999999h', '1d', '00', '0.0', '1h 30m', '1H', '--1s', '5'].map(
    (value): Case => [
      'grpc-keepalive-interval',
      value,
      '3.7.3',
      'must be a duration with its unit, as 5s or 1h30m',
    ],
  ),
  ...['0', '0s', '-1s'].flatMap((value): readonly Case[] => [
    ['compact-hash-check-time', value, '3.7.3', 'must be a duration of more than 0'],
    ['experimental-compact-hash-check-time', value, '3.5.30', 'must be a duration of more than 0'],
  ]),
  ['compact-hash-check-time', '1ns', '3.7.3'],
  ['corrupt-check-time', '0', '3.7.3'],
  ['corrupt-check-time', '-1s', '3.7.3', 'must be a duration from 0, which is never'],
  ['experimental-corrupt-check-time', '-1s', '3.6.16', 'must be a duration from 0, which is never'],
  ['experimental-corrupt-check-time', '-1s', '3.5.30'],
  ['max-learners', 0, '3.7.3'],
  ['max-learners', -1, '3.7.3', 'must be a whole number from 0'],
  ['compaction-batch-limit', 0, '3.7.3'],
  ['compaction-batch-limit', -1, '3.7.3', 'must be a whole number from 0'],
  ['experimental-compaction-batch-limit', -1, '3.5.30', 'must be a whole number from 0'],
  ['backend-batch-limit', -1, '3.7.3'],
  ['max-snapshots', '9223372036854775807', '3.5.30'],
  ['max-snapshots', '9223372036854775808', '3.5.30', 'must be a whole number from 0'],
  ['max-request-bytes', 0, '3.7.3', 'must be a whole number from 1024'],
  ['max-request-bytes', 1, '3.5.30', 'must be a whole number from 1024'],
  ['max-request-bytes', '9223372036854775807', '3.7.3', 'must be a whole number from 1024'],
  ['max-request-bytes', 4_294_967_296, '3.7.3'],
  ['quota-backend-bytes', 0, '3.7.3'],
  ['quota-backend-bytes', 8, '3.7.3', 'must be a number of bytes from 65536, or no member takes a write'],
  ['quota-backend-bytes', '9223372036854775808', '3.7.3', 'must be a whole number'],
  ['auto-compaction-retention', 0, '3.7.3'],
  ['auto-compaction-retention', '+1h', '3.7.3'],
  ['auto-compaction-retention', '1ns', '3.7.3', 'must be a number or a duration, as 1h, of at least 1s'],
  ['auto-compaction-retention', '-1h', '3.7.3', 'must be a number or a duration, as 1h'],
  ['auto-compaction-retention', '9999999h', '3.7.3', 'must be a number or a duration, as 1h'],
  ['auto-compaction-retention', '9223372036854775808', '3.7.3', 'must be a number or a duration, as 1h'],
];

type Rule = readonly [settings: Readonly<Record<string, unknown>>, version: string, ...said: string[]];

const RULES: readonly Rule[] = [
  [{ 'heartbeat-interval': 200 }, '3.5.30'],
  [
    { 'heartbeat-interval': 300 },
    '3.5.30',
    'election-timeout is 1000, less than five times heartbeat-interval (300): etcd does not start',
  ],
  [{ 'heartbeat-interval': 300, 'election-timeout': 1500 }, '3.5.30'],
  [
    { 'tls-min-version': 'TLS1.3', 'cipher-suites': 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' },
    '3.5.30',
    'cipher-suites do not go with tls-min-version TLS1.3, which has its own: etcd does not start',
  ],
  [
    { 'tls-min-version': 'TLS1.3', 'tls-max-version': 'TLS1.2' },
    '3.5.30',
    'tls-min-version is TLS1.3, above tls-max-version: etcd does not start',
  ],
  [{ 'client-cert-file': '/x' }, '3.5.30', 'client-cert-file needs client-key-file: etcd does not start'],
  [
    { 'peer-cert-allowed-cn': 'a', 'peer-cert-allowed-hostname': 'b' },
    '3.5.30',
    'peer-cert-allowed-cn and peer-cert-allowed-hostname exclude each other: etcd does not start',
  ],
  [
    { 'experimental-enable-lease-checkpoint-persist': true },
    '3.5.30',
    'experimental-enable-lease-checkpoint-persist needs experimental-enable-lease-checkpoint',
  ],
  ...[{}, { logger: 'capnslog' }, { 'experimental-enable-lease-checkpoint-persist': false }].map(
    (more): Rule => [
      { 'experimental-enable-lease-checkpoint': true, ...more },
      '3.4.23',
      'experimental-enable-lease-checkpoint without experimental-enable-lease-checkpoint-persist makes etcd 3.4.23 panic where logger is not zap: etcd does not start',
    ],
  ),
  [{ 'experimental-enable-lease-checkpoint': true, logger: 'zap' }, '3.4.23'],
  [
    {
      'experimental-enable-lease-checkpoint': true,
      'experimental-enable-lease-checkpoint-persist': true,
    },
    '3.4.23',
  ],
  [{ 'experimental-enable-lease-checkpoint': false }, '3.4.23'],
  [{ 'experimental-enable-lease-checkpoint': true }, '3.4.19'],
  [{ 'experimental-enable-lease-checkpoint': true }, '3.5.30'],
  [
    { 'enable-log-rotation': true, 'log-outputs': 'stderr' },
    '3.5.30',
    'enable-log-rotation needs exactly one file in log-outputs, found 0: etcd does not start',
  ],
  [{ 'enable-log-rotation': true, 'log-outputs': '/var/log/etcd/etcd.log,stderr' }, '3.5.30'],
  [
    { 'log-rotation-config-json': '{"maxsize": 100}' },
    '3.5.30',
    'warning log-rotation-config-json does nothing without enable-log-rotation',
  ],
  [
    { 'log-outputs': '/var/log/etcd/etcd.log' },
    '3.4.23',
    'log-outputs is /var/log/etcd/etcd.log, and etcd 3.4.23 knows one of default, stdout, stderr there',
  ],
  [{ 'log-outputs': '/var/log/etcd/etcd.log', logger: 'zap' }, '3.4.23'],
  [
    { 'listen-client-http-urls': 'http://0.0.0.0:2385' },
    '3.5.30',
    'listen-client-http-urls has http://0.0.0.0:2385: whoever reaches it reads and writes, without a certificate',
  ],
  [{ 'listen-client-http-urls': 'https://10.0.0.1:2385' }, '3.5.30'],
  [
    { 'listen-client-http-urls': 'http://127.0.0.1:2385' },
    '3.5.30',
    'warning listen-client-http-urls has http://127.0.0.1:2385, which lets every user of the host past mutual TLS',
  ],
  [
    { 'listen-metrics-urls': 'http://10.0.0.1:2381' },
    '3.5.30',
    'listen-metrics-urls has http://10.0.0.1:2381: whoever reaches it reads, without a certificate',
  ],
  [
    { 'unsafe-no-fsync': true },
    '3.5.30',
    'warning unsafe-no-fsync is on: a host that loses its power loses what the cluster has acknowledged',
  ],
  ...['1', 'T', 'TRUE'].map(
    (on): Rule => [
      { 'enable-log-rotation': on },
      '3.7.3',
      'enable-log-rotation needs exactly one file in log-outputs, found 0: etcd does not start',
    ],
  ),
  ...['1', 't', 'True'].flatMap((on): readonly Rule[] => [
    [
      { 'experimental-enable-lease-checkpoint-persist': on },
      '3.5.30',
      'experimental-enable-lease-checkpoint-persist needs experimental-enable-lease-checkpoint',
    ],
    [
      {
        'experimental-enable-lease-checkpoint-persist': true,
        'experimental-enable-lease-checkpoint': on,
      },
      '3.5.30',
    ],
    [
      { 'feature-gates': `LeaseCheckpointPersist=${on}` },
      '3.7.3',
      'feature gate LeaseCheckpointPersist needs LeaseCheckpoint: etcd does not start',
    ],
    [{ 'feature-gates': `LeaseCheckpoint=${on},LeaseCheckpointPersist=${on}` }, '3.7.3'],
  ]),
  ...[
    'LeaseCheckpointPersist=true,AllAlpha=true',
    'AllAlpha=1',
    'AllAlpha=true,LeaseCheckpoint=false,LeaseCheckpointPersist=false',
    'LeaseCheckpointPersist=true,LeaseCheckpointPersist=false',
  ].map((gates): Rule => [{ 'feature-gates': gates }, '3.7.3']),
  ...[
    'AllAlpha=false,LeaseCheckpointPersist=true',
    'AllBeta=true,LeaseCheckpointPersist=true',
    'AllAlpha=true,LeaseCheckpoint=false',
    'LeaseCheckpoint=true,LeaseCheckpoint=false,LeaseCheckpointPersist=true',
  ].map(
    (gates): Rule => [
      { 'feature-gates': gates },
      '3.7.3',
      'feature gate LeaseCheckpointPersist needs LeaseCheckpoint: etcd does not start',
    ],
  ),
  [
    { 'feature-gates': 'InitialCorruptCheck=tRue' },
    '3.7.3',
    'feature gate InitialCorruptCheck is true or false, found "tRue"',
  ],
  [
    { 'feature-gates': 'InitialCorruptCheck=true=false' },
    '3.7.3',
    'feature gate InitialCorruptCheck is true or false, found "true=false"',
  ],
  [{ 'auto-compaction-mode': 'revision', 'auto-compaction-retention': 9_999_999 }, '3.7.3'],
  [
    { 'auto-compaction-mode': 'revision', 'auto-compaction-retention': '1h' },
    '3.7.3',
    'auto-compaction-retention is 1h, and auto-compaction-mode revision counts revisions: etcd takes nanoseconds for them',
  ],
  [{ 'auto-compaction-retention': 2_562_047 }, '3.7.3'],
  [
    { 'auto-compaction-mode': 'periodic', 'auto-compaction-retention': 2_562_048 },
    '3.5.30',
    'auto-compaction-retention is 2562048 hours, more than the 2562047 that etcd counts to',
  ],
  [{ 'discovery-srv': 'example.com' }, '3.5.30', 'discovery-srv is set by the hosts of the cluster'],
];

describe('a value of etcd_settings', () => {
  it.each(VALUES.map(([setting, value, version, said]) => ({ setting, value, version, said })))(
    '$setting: $value on $version',
    ({ setting, value, version, said }) => {
      const problems = settingsProblems({ [setting]: value }, version);
      const typed = problems.flatMap(({ message }) => / is .*?, and (must .*)$/.exec(message)?.[1] ?? []);
      expect(typed).toEqual(said === undefined ? [] : [said]);
    },
  );

  it('is judged before a version is known only where all versions agree', () => {
    expect(settingsProblems({ 'log-level': 'verbose' }, undefined)).toHaveLength(1);
    expect(settingsProblems({ logger: 'capnslog' }, undefined)).toEqual([]);
  });

  it('may be JSON, which an environment file carries unchanged', () => {
    const json = '{"maxsize": 100, "compress": true}';
    const settings = {
      'enable-log-rotation': true,
      'log-outputs': '/var/log/etcd/etcd.log',
      'log-rotation-config-json': json,
    };
    expect(settingsEnvironment(settings, '3.5.30')).toContainEqual(['ETCD_LOG_ROTATION_CONFIG_JSON', json]);
    for (const bad of ['nope', '[]', '{"max-size": 100}', '{"maxsize": "a"}'])
      expect(settingsProblems({ ...settings, 'log-rotation-config-json': bad }, '3.5.30')).toHaveLength(1);
  });
});

describe('etcd_settings together', () => {
  it.each(RULES.map(([settings, version, ...said]) => ({ settings, version, said })))(
    '$settings on $version',
    ({ settings, version, said }) => {
      const problems = settingsProblems(settings, version);
      expect(problems.map(({ level, message }) => `${level ? `${level} ` : ''}${message}`)).toEqual(said);
      expect(problems.filter(({ hint }) => hint === '')).toEqual([]);
    },
  );

  it('leave a cipher suite for the keys of the members, where TLS 1.3 is off', () => {
    const settings = {
      'cipher-suites': 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'tls-max-version': 'TLS1.2',
    };
    const said = (etcd_key_type: string) =>
      hostSettingsProblems({ name: 'a', vars: { etcd_settings: settings, etcd_key_type } }, '3.5.30');
    expect(said('rsa-2048')).toEqual([]);
    expect(said('ecdsa-256')).toMatchObject([{ hint: 'add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256' }]);
  });
});
