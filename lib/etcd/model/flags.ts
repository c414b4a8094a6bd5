import { closest, distance } from 'fastest-levenshtein';
import { EXIT, QuorateError } from '../../errors.ts';
import { cipherProblems, ruleProblems } from './setting-rules.ts';
import { valueProblem } from './setting-values.ts';

/**
 * Server flags of etcd by minor version, from `etcd --help` of 3.3.27, 3.4.45, 3.5.33 and 3.6.14: the first
 * list whole, then what each minor added and took away. etcd itself ignores names it does not know.
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

const LATER: Readonly<Record<string, { readonly added: string; readonly removed: string }>> = {
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
      experimental-stop-grpc-service-on-defrag experimental-txn-mode-write-with-shared-buffer
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
      downgrade-check-time enable-distributed-tracing experimental-snapshot-catchup-entries
      experimental-warning-unary-request-duration feature-gates log-format max-learners memory-mlock
      peer-skip-client-san-verification snapshot-catchup-entries warning-apply-duration
      warning-unary-request-duration watch-progress-notify-interval
`,
    removed: `
      enable-v2 experimental-enable-v2v3 proxy proxy-dial-timeout proxy-failure-wait proxy-read-timeout
      proxy-refresh-interval proxy-write-timeout
`,
  },
};

const MINORS: readonly string[] = ['3.3', ...Object.keys(LATER)];

/** Flags that came with a patch release, not with the minor. Source: etcd's changelogs. */
const SINCE: Readonly<Record<string, readonly string[]>> = {
  'unsafe-no-fsync': ['3.4.10'],
  'experimental-watch-progress-notify-interval': ['3.4.11'],
  'experimental-warning-apply-duration': ['3.4.16'],
  'experimental-enable-lease-checkpoint-persist': ['3.4.20'],
  'max-concurrent-streams': ['3.4.20', '3.5.5'],
  'listen-client-http-urls': ['3.4.25', '3.5.8'],
  'tls-min-version': ['3.4.25', '3.5.8'],
  'tls-max-version': ['3.4.25', '3.5.8'],
  'next-cluster-version-compatible': ['3.4.32'],
};

/** Settings that the roles make from variables of their own. */
const MANAGED: Readonly<Record<string, string>> = {
  name: 'etcd_member_name',
  'data-dir': 'etcd_data_dir',
  'wal-dir': 'etcd_wal_dir',
  'listen-peer-urls': 'etcd_peer_listen_address and etcd_peer_port',
  'listen-client-urls': 'etcd_listen_address and etcd_client_port',
  'initial-advertise-peer-urls': 'etcd_peer_address and etcd_peer_port',
  'advertise-client-urls': 'etcd_address and etcd_client_port',
  'initial-cluster': 'the hosts of the cluster',
  'initial-cluster-token': 'the bootstrap',
  'initial-cluster-state': 'the bootstrap',
  'cert-file': 'etcd_cert_dir',
  'key-file': 'etcd_cert_dir',
  'trusted-ca-file': 'etcd_cert_dir',
  'client-cert-auth': 'always on',
  'peer-cert-file': 'etcd_cert_dir',
  'peer-key-file': 'etcd_cert_dir',
  'peer-trusted-ca-file': 'etcd_cert_dir',
  'peer-client-cert-auth': 'always on',
  'auto-tls': 'always off: the certificates are our own',
  'peer-auto-tls': 'always off: the certificates are our own',
  'force-new-cluster': 'no role: it discards members',
  discovery: 'the hosts of the cluster',
  'discovery-endpoints': 'the hosts of the cluster',
  'discovery-srv': 'the hosts of the cluster',
  'discovery-srv-name': 'the hosts of the cluster',
  'discovery-token': 'the hosts of the cluster',
};

/** What one of `etcd_settings` cannot be. */
export interface SettingProblem {
  readonly message: string;
  readonly hint: string;
  /** A warning lets the run go on. */
  readonly level?: 'warning';
}

/**
 * What is wrong with `etcd_settings`: a name that is ours, that the version does not have, or a value that no
 * environment file can carry. Before the version is known, only a name that no version has counts.
 */
export function settingsProblems(
  settings: Readonly<Record<string, unknown>>,
  version: string | undefined,
): readonly SettingProblem[] {
  const names = Object.entries(settings);
  if (names.length > 0 && version !== undefined && !MINORS.includes(minorOf(version)))
    return [unknownVersion(version)];
  const single = names.flatMap(
    ([name, value]) =>
      nameProblem(name, version) ?? textProblem(name, value) ?? typeProblem(name, value, version) ?? [],
  );
  // What is wrong by itself is not judged together with others.
  return single.length > 0 || version === undefined ? single : ruleProblems(settings, version);
}

/** The same for the variables of a host, with its name. */
export function hostSettingsProblems(
  { name, vars }: { readonly name: string; readonly vars: Readonly<Record<string, unknown>> },
  version: string | undefined,
): readonly SettingProblem[] {
  const settings = (vars.etcd_settings ?? {}) as Readonly<Record<string, unknown>>;
  const problems = [
    ...settingsProblems(settings, version),
    ...cipherProblems(settings, String(vars.etcd_key_type)),
  ];
  return problems.map((problem) => ({ ...problem, message: `etcd_settings of ${name}: ${problem.message}` }));
}

/** `etcd_settings` as environment variables. Throws exit code 1 for what a version does not have. */
export function settingsEnvironment(
  settings: Readonly<Record<string, unknown>>,
  version: string,
): readonly (readonly [name: string, value: string])[] {
  const problem = settingsProblems(settings, version).find(({ level }) => level !== 'warning');
  if (problem) {
    const { message, hint } = problem;
    throw new QuorateError(`etcd_settings: ${message}`, { exitCode: EXIT.usage, hint });
  }
  return Object.entries(settings).map(
    ([name, value]) => [`ETCD_${name.toUpperCase().replaceAll('-', '_')}`, String(value)] as const,
  );
}

/** The names, without dashes, that a version's server knows; of its minor one when the patch is left out. */
export function flagsOf(version: string): ReadonlySet<string> {
  const minor = minorOf(version);
  const flags = new Set(words(FIRST));
  for (const [later, { added, removed }] of Object.entries(LATER)) {
    if (MINORS.indexOf(later) > MINORS.indexOf(minor)) break;
    for (const name of words(added)) flags.add(name);
    for (const name of words(removed)) flags.delete(name);
  }
  return new Set([...flags].filter((name) => isSince(name, version)));
}

function nameProblem(name: string, version: string | undefined): SettingProblem | undefined {
  const managed = MANAGED[name];
  if (managed !== undefined) return { message: `${name} is set by ${managed}`, hint: 'take it out' };
  const known =
    version === undefined ? MINORS.flatMap((minor) => [...flagsOf(minor)]) : [...flagsOf(version)];
  if (known.includes(name)) return undefined;
  const have = version === undefined ? 'no etcd known here has a' : `etcd ${version} has no`;
  return { message: `${have} setting ${name}`, hint: nameHint(name, version, known) };
}

/** What was meant, else where the name is known; a name of another version is no slip of more than a letter. */
function nameHint(name: string, version: string | undefined, known: readonly string[]): string {
  const having = MINORS.filter((minor) => flagsOf(minor).has(name));
  const near = nearest(name, known, having.length > 0 ? 1 : 3);
  if (near !== undefined) return `did you mean ${near}?`;
  const since = SINCE[name]?.find((one) => minorOf(one) === minorOf(version ?? ''));
  if (since !== undefined) return `it came with ${since}`;
  if (having.length > 0) return `${having.join(', ')} ${having.length > 1 ? 'have' : 'has'} it`;
  return 'names are those of etcd --help, without dashes in front';
}

/** JSON has double quotes, and is carried in single ones. */
function textProblem(name: string, value: unknown): SettingProblem | undefined {
  const text = String(value);
  if (!/[\\$`\r\n\0]|'.*"|".*'/.test(text)) return undefined;
  return {
    message: `the value of ${name} has quotes of both kinds, a backslash, dollar, backtick or newline: ${JSON.stringify(text)}`,
    hint: 'an environment file cannot carry it unchanged',
  };
}

/** Of what a flag takes; before the version is known, only what no version takes. */
function typeProblem(name: string, value: unknown, version: string | undefined): SettingProblem | undefined {
  const minors = version === undefined ? MINORS.filter((minor) => flagsOf(minor).has(name)) : [version];
  const said = minors.map((one) => valueProblem(name, value, one));
  const [wanted] = said;
  if (wanted === undefined || said.includes(undefined)) return undefined;
  return { message: `${name} is ${JSON.stringify(value)}, and ${wanted}`, hint: 'see etcd --help' };
}

/** The name that was meant: spelt almost so, or what a flag is called before or after its time as an experiment. */
function nearest(name: string, known: readonly string[], within: number): string | undefined {
  const dashed = name
    .replaceAll('_', '-')
    .toLowerCase()
    .replace(/^etcd-|^--/, '');
  const prefix = 'experimental-';
  const other = dashed.startsWith(prefix) ? dashed.slice(prefix.length) : prefix + dashed;
  if (known.includes(other)) return other;
  const near = closest(dashed, [...known]);
  return distance(dashed, near) <= within ? near : undefined;
}

function unknownVersion(version: string): SettingProblem {
  return {
    message: `etcd ${version} is not one of the versions known here: ${MINORS.join(', ')}`,
    hint: 'set etcd_version to a release of one of these',
  };
}

function isSince(name: string, version: string): boolean {
  const patch = version.split('.')[2];
  const first = SINCE[name]?.find((since) => minorOf(since) === minorOf(version));
  return first === undefined || patch === undefined || Number(patch) >= Number(first.split('.')[2]);
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function words(list: string): readonly string[] {
  return list.trim().split(/\s+/).filter(Boolean);
}
