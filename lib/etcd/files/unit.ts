import { joinSh, raw, type Sh, sh } from '../../dsl/shell/sh.ts';
import { dropInDigest } from '../facts/unit-facts.ts';
import { bindsPrivileged, type Member } from '../model/cluster.ts';
import { variableOf } from '../model/flags.ts';
import {
  bootstrapFile,
  caFile,
  confFile,
  dropInDir,
  loadedRecord,
  memberUnitPath,
  runtimeDir,
  writableDirs,
} from '../model/paths.ts';
import { awaitAddresses } from './awaited-address.ts';
import { BOOTSTRAP_KEYS_SED } from './etcd-conf.ts';

/**
 * The systemd unit of a member, for the systemd that is there. Notes on the less obvious lines:
 * - every setting comes from the environment files; the second one exists during a bootstrap only
 * - `UnsetEnvironment` has the last word, so what `etcd.conf` sets is not on it: a proxy set for the whole host must not
 *   stand between members, and no dangerous flag of etcd comes from there
 * - `ExecStartPre=-` waits for the member's address and records what is about to be loaded; its failure must not keep
 *   etcd down
 * - READY is sent once there is quorum, so a member that waits for its peers is started again after a while: the
 *   rest of the boot does not wait for ever, and a large database still has the time it takes to load
 */
export function etcdUnit(member: Member, systemd: number, conf: string): string {
  const { binDir, configDir, certDir, dataDir, user, group, service } = member;
  const walMount = member.walDir === undefined ? [] : [member.walDir];
  return [
    '[Unit]',
    `Description=etcd member ${member.name} of ${member.cluster}`,
    'Documentation=https://etcd.io/docs',
    'After=network-online.target time-sync.target',
    'Wants=network-online.target',
    `RequiresMountsFor=${[binDir, configDir, certDir, dataDir, ...walMount].join(' ')}`,
    ...(systemd >= 230 ? ['StartLimitIntervalSec=60', 'StartLimitBurst=5'] : []),
    '',
    '[Service]',
    'Type=notify',
    `User=${user}`,
    `Group=${group}`,
    `EnvironmentFile=${confFile(member)}`,
    `EnvironmentFile=-${bootstrapFile(member)}`,
    ...(systemd >= 235 ? strayVariables(conf).map((names) => `UnsetEnvironment=${names.join(' ')}`) : []),
    `RuntimeDirectory=${service}`,
    ...waits(conf),
    startPre(sh`{ ${recordCommand(member)}; } >${loadedRecord(member)}`),
    `ExecStart=${binDir}/etcd`,
    `TimeoutStartSec=${START_TIMEOUT}`,
    'Restart=on-failure',
    'RestartSec=2',
    'LimitNOFILE=65536',
    'OOMScoreAdjust=-900',
    ...hardening(member, systemd),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/**
 * The unit of `etcdUnit` as it was before it waited for an address. A process that was started by either is the same: a
 * member need not be restarted for the other one.
 */
export function unitWithoutWait(unit: string, conf: string): string {
  return waits(conf).reduce((text, line) => text.replace(`${line}\n`, ''), unit);
}

function waits(conf: string): readonly string[] {
  const wait = awaitAddresses(conf);
  return wait === undefined ? [] : [startPre(wait)];
}

function startPre(command: Sh): string {
  return `ExecStartPre=-/bin/sh -c ${unitWord(command.text)}`;
}

/** Seconds. systemd counts them anew for each try, and for each command of it. */
const START_TIMEOUT = 300;

/** What belongs to the host or the operator, and a member has no business with. */
function strayVariables(conf: string): readonly (readonly string[])[] {
  const set = new Set([...conf.matchAll(/^(ETCD_\w+)=/gm)].map(([, name]) => name));
  return [STRAY_VARIABLES, STRAY_FLAGS.map(variableOf).filter((name) => !set.has(name))];
}

/**
 * Flags that lose data, open a door or lead elsewhere. Not all of them: the unit would change with every setting, and
 * what is harmless in a drop-in stays.
 */
const STRAY_FLAGS = [
  ...['config-file', 'force-new-cluster', 'unsafe-no-fsync', 'wal-dir', 'proxy', 'host-whitelist', 'cors'],
  ...['auto-tls', 'peer-auto-tls', 'client-crl-file', 'peer-crl-file', 'peer-skip-client-san-verification'],
  ...['listen-metrics-urls', 'listen-client-http-urls', 'enable-pprof', 'auth-token', 'log-outputs'],
  ...['discovery', 'discovery-endpoints', 'discovery-srv', 'discovery-token', 'discovery-fallback'],
  'experimental-peer-skip-client-san-verification',
];

const STRAY_VARIABLES = [
  ...['HTTP', 'HTTPS', 'NO', 'ALL'].flatMap((kind) => [`${kind}_PROXY`, `${kind.toLowerCase()}_proxy`]),
  ...['API', 'CACERT', 'CERT', 'ENDPOINTS', 'KEY', 'PASSWORD', 'USER'].map((name) => `ETCDCTL_${name}`),
];

/** Shell that prints the digests of what a member is about to load, in the order of `loadedPaths`. */
export function recordCommand(member: Member): Sh {
  const digests = loadedPaths(member).map((path) => {
    if (path === confFile(member)) return sh`sed ${raw(BOOTSTRAP_KEYS_SED)} ${path} | sha256sum`;
    return path === dropInDir(member) ? dropInDigest(member) : sh`sha256sum <${path}`;
  });
  return joinSh(digests, '; ');
}

/** One argument in a unit (systemd.service(5), COMMAND LINES): quoted, without escapes, variables or specifiers. */
function unitWord(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&').replaceAll('$', '$$$$').replaceAll('%', '%%')}'`;
}

/** What a member reads once, at its start; leaf certificates are read again on every handshake. */
export function loadedPaths(member: Member): readonly string[] {
  const { binDir, manager } = member;
  const paths = [`${binDir}/etcd`, confFile(member), caFile(member)];
  return manager === 'systemd' ? [...paths, memberUnitPath(member), dropInDir(member)] : paths;
}

/** Directive and the first systemd that knows it; older ones would warn, some refuse. */
const HARDENING: readonly (readonly [since: number, directive: string])[] = [
  [0, 'UMask=0077'],
  [187, 'NoNewPrivileges=yes'],
  [209, 'PrivateDevices=yes'],
  [0, 'DevicePolicy=closed'],
  [0, 'PrivateTmp=yes'],
  [239, 'PrivateMounts=yes'],
  [214, 'ProtectHome=yes'],
  [245, 'ProtectClock=yes'],
  [242, 'ProtectHostname=yes'],
  [232, 'ProtectKernelTunables=yes'],
  [232, 'ProtectKernelModules=yes'],
  [244, 'ProtectKernelLogs=yes'],
  [232, 'ProtectControlGroups=yes'],
  [247, 'ProtectProc=invisible'],
  [247, 'ProcSubset=pid'],
  [233, 'RestrictNamespaces=yes'],
  [231, 'RestrictRealtime=yes'],
  [242, 'RestrictSUIDSGID=yes'],
  [0, 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6'],
  [235, 'LockPersonality=yes'],
  [231, 'MemoryDenyWriteExecute=yes'],
  [232, 'RemoveIPC=yes'],
  [235, 'KeyringMode=private'],
  [209, 'SystemCallArchitectures=native'],
  [231, 'SystemCallFilter=@system-service'],
  [231, 'SystemCallFilter=~@privileged @resources'],
];

function hardening(member: Member, systemd: number): readonly string[] {
  const places = writableDirs(member);
  const protect =
    systemd >= 231
      ? ['ProtectSystem=strict', `ReadWritePaths=${places.join(' ')}`]
      : ['ProtectSystem=full', `ReadWriteDirectories=${places.join(' ')}`];
  return [
    ...protect,
    // What a member can write it cannot run. A mount of its own is not covered by the one above it.
    ...(systemd >= 248 ? [`NoExecPaths=${[...places, runtimeDir(member), ...SCRATCH].join(' ')}`] : []),
    ...capabilities(member, systemd),
    ...HARDENING.filter(([since]) => systemd >= since).map(([, directive]) => directive),
  ];
}

/** Writable for every unit, though each has the first two to itself. */
const SCRATCH = ['/tmp', '/var/tmp', '-/dev/shm'];

/** None, but for a port below 1024, which a user namespace of its own would not open on the host. */
function capabilities(member: Member, systemd: number): readonly string[] {
  const wanted = bindsPrivileged(member) ? 'CAP_NET_BIND_SERVICE' : '';
  return [
    `CapabilityBoundingSet=${wanted}`,
    ...(systemd >= AMBIENT ? [`AmbientCapabilities=${wanted}`] : []),
    ...(systemd >= 232 && wanted === '' ? ['PrivateUsers=yes'] : []),
  ];
}

/** The first systemd that can hand a capability to a service which is not root's. */
export const AMBIENT = 229;
