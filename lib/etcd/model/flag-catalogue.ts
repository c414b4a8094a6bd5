import { compareVersions, isTooNew, MINORS, type Minor, minorOf } from './versions.ts';

/**
 * Server flags of etcd by minor version, from the programs 3.3.27, 3.4.45, 3.5.33, 3.6.16 and 3.7.3: the first list
 * whole, then what each minor added and took away. etcd itself ignores names it does not know. `--help` is not proof:
 * 3.5 has a flag that it does not list, and 3.7 lists `discovery` and `discovery-proxy`, which it does not have.
 */
const FIRST = `
  advertise-client-urls auth-token auth-token-ttl auto-compaction-mode auto-compaction-retention
  auto-tls ca-file cert-file cipher-suites client-cert-auth client-crl-file cors data-dir debug
  discovery discovery-fallback discovery-proxy discovery-srv election-timeout enable-pprof enable-v2
  experimental-corrupt-check-time experimental-enable-v2v3 experimental-initial-corrupt-check
  experimental-peer-skip-client-san-verification force-new-cluster grpc-keepalive-interval
  grpc-keepalive-min-time grpc-keepalive-timeout heartbeat-interval initial-advertise-peer-urls
  initial-cluster initial-cluster-state initial-cluster-token initial-election-tick-advance key-file
  listen-client-urls listen-metrics-urls listen-peer-urls log-output log-package-levels
  max-request-bytes max-snapshots max-txn-ops max-wals metrics name peer-auto-tls peer-ca-file
  peer-cert-allowed-cn peer-cert-file peer-client-cert-auth peer-crl-file peer-key-file
  peer-trusted-ca-file proxy proxy-dial-timeout proxy-failure-wait proxy-read-timeout
  proxy-refresh-interval proxy-write-timeout quota-backend-bytes snapshot-count strict-reconfig-check
  trusted-ca-file wal-dir
`;

const LATER: Readonly<Record<Exclude<Minor, '3.3'>, { readonly added: string; readonly removed: string }>> = {
  '3.4': {
    added: `
      backend-batch-interval backend-batch-limit bcrypt-cost client-cert-allowed-hostname
      discovery-srv-name enable-grpc-gateway experimental-backend-bbolt-freelist-type
      experimental-compaction-batch-limit experimental-enable-lease-checkpoint
      experimental-enable-lease-checkpoint-persist experimental-warning-apply-duration
      experimental-watch-progress-notify-interval host-whitelist listen-client-http-urls log-level
      log-outputs logger max-concurrent-streams next-cluster-version-compatible peer-cert-allowed-hostname
      pre-vote tls-max-version tls-min-version unsafe-no-fsync
`,
    removed: `
      ca-file log-output peer-ca-file
`,
  },
  '3.5': {
    added: `
      backend-bbolt-freelist-type client-cert-file client-key-file enable-log-rotation
      experimental-bootstrap-defrag-threshold-megabytes experimental-compact-hash-check-enabled
      experimental-compact-hash-check-time experimental-compaction-sleep-interval
      experimental-distributed-tracing-address experimental-distributed-tracing-instance-id
      experimental-distributed-tracing-sampling-rate experimental-distributed-tracing-service-name
      experimental-downgrade-check-time experimental-enable-distributed-tracing experimental-memory-mlock
      experimental-snapshot-catchup-entries experimental-stop-grpc-service-on-defrag
      experimental-txn-mode-write-with-shared-buffer
      log-rotation-config-json peer-client-cert-file peer-client-key-file raft-read-timeout
      raft-write-timeout self-signed-cert-validity socket-reuse-address socket-reuse-port v2-deprecation
`,
    removed: `
      debug experimental-backend-bbolt-freelist-type log-package-levels next-cluster-version-compatible
`,
  },
  '3.6': {
    added: `
      bootstrap-defrag-threshold-megabytes compact-hash-check-time compaction-batch-limit
      compaction-sleep-interval corrupt-check-time discovery-cacert discovery-cert discovery-dial-timeout
      discovery-endpoints discovery-insecure-skip-tls-verify discovery-insecure-transport
      discovery-keepalive-time discovery-keepalive-timeout discovery-key discovery-password
      discovery-request-timeout discovery-token discovery-user distributed-tracing-address
      distributed-tracing-instance-id distributed-tracing-sampling-rate distributed-tracing-service-name
      downgrade-check-time enable-distributed-tracing
      experimental-warning-unary-request-duration feature-gates log-format max-learners memory-mlock
      peer-skip-client-san-verification snapshot-catchup-entries warning-apply-duration
      warning-unary-request-duration watch-progress-notify-interval
`,
    removed: `
      enable-v2 experimental-enable-v2v3 proxy proxy-dial-timeout proxy-failure-wait proxy-read-timeout
      proxy-refresh-interval proxy-write-timeout
`,
  },
  '3.7': {
    added: '',
    removed: `
      discovery discovery-proxy experimental-bootstrap-defrag-threshold-megabytes
      experimental-compact-hash-check-enabled experimental-compact-hash-check-time
      experimental-compaction-batch-limit experimental-compaction-sleep-interval
      experimental-corrupt-check-time experimental-distributed-tracing-address
      experimental-distributed-tracing-instance-id experimental-distributed-tracing-sampling-rate
      experimental-distributed-tracing-service-name experimental-downgrade-check-time
      experimental-enable-distributed-tracing experimental-enable-lease-checkpoint
      experimental-enable-lease-checkpoint-persist experimental-initial-corrupt-check
      experimental-memory-mlock experimental-peer-skip-client-san-verification
      experimental-snapshot-catchup-entries experimental-stop-grpc-service-on-defrag
      experimental-txn-mode-write-with-shared-buffer experimental-warning-apply-duration
      experimental-warning-unary-request-duration experimental-watch-progress-notify-interval
`,
  },
};

/** Flags that came with a patch release, not with the minor. Source: etcd's changelogs. */
const SINCE: Readonly<Record<string, readonly string[]>> = {
  'unsafe-no-fsync': ['3.4.10'],
  'experimental-watch-progress-notify-interval': ['3.4.11'],
  'experimental-warning-apply-duration': ['3.4.16'],
  'experimental-enable-lease-checkpoint-persist': ['3.4.20', '3.5.2'],
  'max-concurrent-streams': ['3.4.20', '3.5.5'],
  'listen-client-http-urls': ['3.4.25', '3.5.8'],
  'tls-min-version': ['3.4.25', '3.5.8'],
  'tls-max-version': ['3.4.25', '3.5.8'],
  'next-cluster-version-compatible': ['3.4.32'],
  'experimental-compact-hash-check-enabled': ['3.5.5'],
  'experimental-compact-hash-check-time': ['3.5.5'],
  'experimental-distributed-tracing-sampling-rate': ['3.5.11'],
  'experimental-snapshot-catchup-entries': ['3.5.14'],
  'experimental-stop-grpc-service-on-defrag': ['3.5.14'],
  'experimental-compaction-sleep-interval': ['3.5.16'],
};

/** What flags of 3.5 became in 3.6 beside losing `experimental-`: a gate. 3.6 takes either, 3.7 the gate alone. */
const GATES_OF_FLAGS: Readonly<Record<string, string>> = {
  'experimental-initial-corrupt-check': 'InitialCorruptCheck',
  'experimental-compact-hash-check-enabled': 'CompactHashCheck',
  'experimental-enable-lease-checkpoint': 'LeaseCheckpoint',
  'experimental-enable-lease-checkpoint-persist': 'LeaseCheckpointPersist',
  'experimental-txn-mode-write-with-shared-buffer': 'TxnModeWriteWithSharedBuffer',
  'experimental-stop-grpc-service-on-defrag': 'StopGRPCServiceOnDefrag',
};

/** What `feature-gates` may name, by the minor that it came with. */
const GATES: Partial<Readonly<Record<Minor, readonly string[]>>> = {
  '3.6': [
    'AllAlpha',
    'AllBeta',
    'CompactHashCheck',
    'InitialCorruptCheck',
    'LeaseCheckpoint',
    'LeaseCheckpointPersist',
    'SetMemberLocalAddr',
    'StopGRPCServiceOnDefrag',
    'TxnModeWriteWithSharedBuffer',
  ],
  '3.7': ['FastLeaseKeepAlive', 'PriorityRequest'],
};

/** Flags that a version takes and does nothing with, since when. Source: `etcd --help`. */
const WITHOUT_EFFECT: Readonly<Record<string, Minor>> = { 'v2-deprecation': '3.6' };

/** The names, without dashes, that a version's server knows; of its minor one when the patch is left out. */
export function flagsOf(version: string): ReadonlySet<string> {
  const flags = new Set(words(FIRST));
  for (const [later, { added, removed }] of Object.entries(LATER)) {
    if (!reached(version, later as Minor)) break;
    for (const name of words(added)) flags.add(name);
    for (const name of words(removed)) flags.delete(name);
  }
  return new Set([...flags].filter((name) => isSince(name, version)));
}

/** Whatever a server of some version that is known here takes. */
export const ALL_FLAGS: readonly string[] = [...new Set(MINORS.flatMap((minor) => [...flagsOf(minor)]))];

/** The patch release of the version's minor that a flag came with; undefined when it came with the minor. */
export function sinceWhen(name: string, version: string): string | undefined {
  return SINCE[name]?.find((since) => minorOf(since) === minorOf(version));
}

/** The gates that a version's server knows. */
export function gatesOf(version: string): readonly string[] {
  return MINORS.flatMap((minor) => (reached(version, minor) ? (GATES[minor] ?? []) : []));
}

/** The gate that took the place of a flag. */
export function gateOf(name: string): string | undefined {
  return GATES_OF_FLAGS[name];
}

/** The flag that did before what a gate does. */
export function flagOfGate(gate: string): string | undefined {
  return Object.keys(GATES_OF_FLAGS).find((flag) => GATES_OF_FLAGS[flag] === gate);
}

/** Whether the version takes the flag and does nothing with it. */
export function isWithoutEffect(name: string, version: string): boolean {
  const since = WITHOUT_EFFECT[name];
  return since !== undefined && reached(version, since);
}

/** What is newer than all that is known here is taken for the newest. */
function reached(version: string, minor: Minor): boolean {
  return isTooNew(version) || MINORS.indexOf(minorOf(version) as Minor) >= MINORS.indexOf(minor);
}

function isSince(name: string, version: string): boolean {
  const since = sinceWhen(name, version);
  return since === undefined || version === minorOf(version) || compareVersions(version, since) >= 0;
}

function words(list: string): readonly string[] {
  return list.trim().split(/\s+/).filter(Boolean);
}
