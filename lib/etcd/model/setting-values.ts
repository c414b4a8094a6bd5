import { isIP } from 'node:net';
import { goBool, goDuration, goWhole } from './go-values.ts';
import { list } from './settings.ts';
import { compareVersions, minorOf } from './versions.ts';

/** What a setting's value must be, in words for the user; undefined when it is that. */
type Check = (value: string, version: string) => string | undefined;

/**
 * Why etcd would not take the value of a setting, or would take it and do nothing with it: `must be …`. Types are those of
 * etcd's flags, tried against 3.3.25 to 3.7.3. An empty value is as good as none. What is known by no type is text.
 */
export function valueProblem(name: string, value: unknown, version: string): string | undefined {
  const text = String(value);
  if (text === '') return undefined;
  return CHECKS[name.replace(/^experimental-/, '')]?.(text, version);
}

/** A whole number of at least `least`, at most what the flag's type holds. */
function whole(least: bigint, most: bigint, unit = ''): Check {
  return (value) => {
    const number = goWhole(value);
    if (number !== undefined && number >= least && number <= most) return undefined;
    const from = least < -(2n ** 31n) ? '' : ` from ${least}`;
    const to = most >= 2n ** 62n ? '' : ` to ${most}`;
    return `must be a whole number${from}${to}${unit}`;
  };
}

const UINT = whole(0n, 2n ** 64n - 1n);
const INT = whole(-(2n ** 63n), 2n ** 63n - 1n);

/** Values that etcd knows; `since` leaves out those of later versions. */
function oneOf(values: string, { ignoreCase = false } = {}): Check {
  const known = values.split(' ');
  return (value) =>
    known.includes(ignoreCase ? value.toLowerCase() : value)
      ? undefined
      : `must be one of ${known.join(', ')}`;
}

const bool: Check = (value) => (goBool(value) === undefined ? 'must be true or false' : undefined);

/** At least this many milliseconds: etcd ends when the interval of a ticker is shorter than it takes. */
function durationFrom(least: number, words: string): Check {
  return (value) => {
    const given = goDuration(value);
    if (given === undefined) return 'must be a duration with its unit, as 5s or 1h30m';
    return given < least ? `must be a duration ${words}` : undefined;
  };
}

const duration = durationFrom(-Infinity, '');

/** Hours without a unit; revisions, by `auto-compaction-mode`, have none. What is shorter than a second compacts before there is anything. */
const retention: Check = (value) => {
  if (/^\+?\d+$/.test(value) && BigInt(value) < 2n ** 63n) return undefined;
  const given = goDuration(value);
  if (given === undefined || given < 0) return 'must be a number or a duration, as 1h';
  return given === 0 || given >= 1000 ? undefined : 'must be a number or a duration, as 1h, of at least 1s';
};

/** Bytes, none for etcd's own, less for no quota. With too few the first write of a member raises the alarm. */
const quota: Check = (value, version) => {
  const given = goWhole(value);
  if (given === undefined || given <= 0n || given >= LEAST_QUOTA) return INT(value, version);
  return `must be a number of bytes from ${LEAST_QUOTA}, or no member takes a write`;
};

/** An empty database has 20 KiB, and grows with the first keys. */
const LEAST_QUOTA = 65_536n;

/** Absolute: a member has no directory of its own to begin from. */
const path: Check = (value) => (value.startsWith('/') ? undefined : 'must be an absolute path');

const urls: Check = (value) => {
  const bad = list(value).find((url) => !isListenUrl(url));
  return bad === undefined ? undefined : `must have URLs as https://10.0.0.1:2381, found "${bad}"`;
};

function isListenUrl(text: string): boolean {
  const [, host = '', port = ''] = /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[^:/[\]]+):(\d+)$/.exec(text) ?? [];
  return (
    (host === 'localhost' || isIP(host.replace(/[[\]]/g, '')) !== 0) &&
    Number(port) > 0 &&
    Number(port) < 65536
  );
}

const origins: Check = (value) => {
  const bad = list(value).find((one) => one !== '*' && !/^https?:\/\/[^/:]+:\d+$/.test(one));
  return bad === undefined
    ? undefined
    : `must have origins with their port, as https://a.example:443, found "${bad}"`;
};

/** Those of Go that etcd may be told of: TLS 1.2 and before. Source: crypto/tls. */
const CIPHERS = [
  ...['RSA', 'ECDHE_RSA', 'ECDHE_ECDSA'].flatMap((kind) =>
    [
      'AES_128_CBC_SHA',
      'AES_256_CBC_SHA',
      'AES_128_CBC_SHA256',
      'AES_128_GCM_SHA256',
      'AES_256_GCM_SHA384',
    ].map((rest) => `TLS_${kind}_WITH_${rest}`),
  ),
  ...['TLS_RSA_WITH_RC4_128_SHA', 'TLS_ECDHE_RSA_WITH_RC4_128_SHA', 'TLS_ECDHE_ECDSA_WITH_RC4_128_SHA'],
  ...['TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['', '_SHA256'].flatMap((end) =>
    ['RSA', 'ECDSA'].map((kind) => `TLS_ECDHE_${kind}_WITH_CHACHA20_POLY1305${end}`),
  ),
];

/** One of these must be among them, or HTTP/2 refuses to serve. */
export const HTTP2_CIPHERS = ['RSA', 'ECDSA'].map((kind) => `TLS_ECDHE_${kind}_WITH_AES_128_GCM_SHA256`);

const ciphers: Check = (value) => {
  const given = list(value);
  const unknown = given.find((one) => !CIPHERS.includes(one));
  if (unknown !== undefined) return `must have cipher suites by Go's names, found "${unknown}"`;
  return given.some((one) => HTTP2_CIPHERS.includes(one))
    ? undefined
    : `must have one that HTTP/2 requires: ${HTTP2_CIPHERS.join(' or ')}`;
};

const outputs: Check = (value, version) => {
  const given = list(value);
  const words = ['default', 'stdout', 'stderr', ...(isBefore(version, '3.4') ? [] : ['systemd/journal'])];
  const bad = given.find((one) => !words.includes(one) && !one.startsWith('/'));
  if (bad !== undefined) return `must have ${words.join(', ')} or absolute paths, found "${bad}"`;
  return given.includes('default') && given.length > 1
    ? 'must have default alone, or leave it out'
    : undefined;
};

/** The keys that etcd's logger reads; another one makes it end with a Go stack. */
const ROTATION: Readonly<Record<string, 'number' | 'boolean'>> = {
  maxsize: 'number',
  maxage: 'number',
  maxbackups: 'number',
  localtime: 'boolean',
  compress: 'boolean',
};

const rotation: Check = (value) => {
  const shape =
    'must be JSON as {"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}';
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return shape;
    const fits = Object.entries(parsed).every(
      ([key, one]) =>
        typeof one === ROTATION[key] && (typeof one !== 'number' || (Number.isInteger(one) && one >= 0)),
    );
    return fits ? undefined : shape;
  } catch {
    return shape;
  }
};

/** `simple`, or `jwt` with a method and a key to sign with. */
const token: Check = (value) => {
  const [kind, ...options] = value.split(',');
  const names = options.map((one) => one.split('=')[0]);
  if (kind === 'simple') return undefined;
  const isWhole = names.includes('sign-method') && (names.includes('priv-key') || names.includes('pub-key'));
  return kind === 'jwt' && isWhole
    ? undefined
    : 'must be simple, or jwt with sign-method and a key: jwt,pub-key=PATH,priv-key=PATH,sign-method=RS256';
};

const LEVELS = 'debug info warn error dpanic panic fatal';
const tlsVersion = oneOf('TLS1.2 TLS1.3');

const CHECKS: Readonly<Record<string, Check>> = {
  ...each(
    `auto-tls client-cert-auth compact-hash-check-enabled debug discovery-insecure-skip-tls-verify
     discovery-insecure-transport enable-distributed-tracing enable-grpc-gateway enable-lease-checkpoint
     enable-lease-checkpoint-persist enable-log-rotation enable-pprof enable-v2 initial-corrupt-check
     initial-election-tick-advance memory-mlock next-cluster-version-compatible peer-skip-client-san-verification
     pre-vote socket-reuse-address socket-reuse-port stop-grpc-service-on-defrag strict-reconfig-check
     txn-mode-write-with-shared-buffer unsafe-no-fsync`,
    bool,
  ),
  ...each(
    `auth-token-ttl bootstrap-defrag-threshold-megabytes max-txn-ops max-wals proxy-dial-timeout proxy-failure-wait
     proxy-read-timeout proxy-refresh-interval proxy-write-timeout self-signed-cert-validity
     snapshot-catchup-entries snapshot-count`,
    UINT,
  ),
  // Above or below, an index is out of range, no member may join, or a compaction never ends.
  ...each('compaction-batch-limit max-learners max-snapshots', whole(0n, 2n ** 63n - 1n)),
  'backend-batch-limit': INT,
  ...each(
    `backend-batch-interval compaction-sleep-interval discovery-dial-timeout discovery-keepalive-time
     discovery-keepalive-timeout discovery-request-timeout downgrade-check-time grpc-keepalive-interval
     grpc-keepalive-min-time grpc-keepalive-timeout raft-read-timeout raft-write-timeout warning-apply-duration warning-unary-request-duration watch-progress-notify-interval`,
    duration,
  ),
  ...each(
    'client-cert-file client-crl-file client-key-file peer-client-cert-file peer-client-key-file peer-crl-file',
    path,
  ),
  ...each('listen-client-http-urls listen-metrics-urls', urls),
  'auth-token': token,
  'auto-compaction-mode': oneOf('periodic revision'),
  'auto-compaction-retention': retention,
  'backend-bbolt-freelist-type': oneOf('array map'),
  'bcrypt-cost': whole(4n, 31n),
  'compact-hash-check-time': durationFrom(1e-6, 'of more than 0'),
  'corrupt-check-time': (value, version) =>
    (isBefore(version, '3.6') ? duration : durationFrom(0, 'from 0, which is never'))(value, version),
  'cipher-suites': ciphers,
  cors: origins,
  'distributed-tracing-sampling-rate': whole(0n, 1_000_000n),
  'election-timeout': whole(1n, 50_000n, ' (milliseconds)'),
  'heartbeat-interval': whole(1n, 50_000n, ' (milliseconds)'),
  'log-format': oneOf('json console'),
  'log-level': (value, version) => oneOf(LEVELS, { ignoreCase: !isBefore(version, '3.5') })(value, version),
  'log-output': oneOf('default stdout stderr'),
  'log-outputs': outputs,
  'log-rotation-config-json': rotation,
  logger: (value, version) => oneOf(isBefore(version, '3.5') ? 'capnslog zap' : 'zap')(value, version),
  'max-concurrent-streams': whole(0n, 2n ** 32n - 1n),
  // A member publishes itself by a request, and adds to the most for what is around one.
  'max-request-bytes': whole(1024n, 2n ** 62n),
  metrics: oneOf('basic extensive'),
  proxy: oneOf('off'),
  'quota-backend-bytes': quota,
  'tls-max-version': tlsVersion,
  'tls-min-version': tlsVersion,
  'v2-deprecation': (value, version) =>
    oneOf(
      `not-yet write-only ${isBefore(version, '3.6') ? '' : 'write-only-skip-check '}write-only-drop-data gone`,
    )(value, version),
};

function each(names: string, check: Check): Readonly<Record<string, Check>> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, check]));
}

/** By major and minor. */
export function isBefore(version: string, minor: string): boolean {
  return compareVersions(`${minorOf(version)}.0`, `${minor}.0`) < 0;
}
