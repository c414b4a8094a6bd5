import { joinSh, raw, type Sh, sh } from '../../dsl/sh.ts';
import { unitPath } from '../../resources/service/systemd.ts';
import { bootstrapFile, loadedRecord } from '../facts/index.ts';
import type { Member } from '../model/cluster.ts';
import { BOOTSTRAP_KEYS_SED } from './etcd-conf.ts';

/**
 * The systemd unit of a member, for the systemd that is there. Notes on the less obvious lines:
 * - every setting comes from the environment files; the second one exists during a bootstrap only
 * - `ExecStartPre=-` records what is about to be loaded; its failure must not keep etcd down
 * - READY is sent once there is quorum, so a start timeout would kill a member that waits for its peers
 */
export function etcdUnit(member: Member, systemd: number): string {
  const { binDir, configDir, certDir, dataDir, user, group, service } = member;
  return [
    '[Unit]',
    `Description=etcd member ${member.name} of ${member.cluster}`,
    'Documentation=https://etcd.io/docs',
    'After=network-online.target time-sync.target',
    'Wants=network-online.target',
    `RequiresMountsFor=${binDir} ${configDir} ${certDir} ${dataDir}`,
    ...(systemd >= 230 ? ['StartLimitIntervalSec=60', 'StartLimitBurst=5'] : []),
    '',
    '[Service]',
    'Type=notify',
    `User=${user}`,
    `Group=${group}`,
    `EnvironmentFile=${configDir}/etcd.conf`,
    `EnvironmentFile=-${bootstrapFile(member)}`,
    `RuntimeDirectory=${service}`,
    `ExecStartPre=-/bin/sh -c ${unitWord(sh`{ ${recordCommand(member)}; } >${loadedRecord(member)}`.text)}`,
    `ExecStart=${binDir}/etcd`,
    'TimeoutStartSec=0',
    'Restart=on-failure',
    'RestartSec=2',
    'LimitNOFILE=65536',
    'OOMScoreAdjust=-900',
    ...hardening(systemd, dataDir),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** Shell that prints the digests of what a member is about to load, in the order of `loadedPaths`. */
export function recordCommand(member: Member): Sh {
  const conf = `${member.configDir}/etcd.conf`;
  const digests = loadedPaths(member).map((path) =>
    path === conf ? sh`sed ${raw(BOOTSTRAP_KEYS_SED)} ${path} | sha256sum` : sh`sha256sum <${path}`,
  );
  return joinSh(digests, '; ');
}

/** One argument in a unit (systemd.service(5), COMMAND LINES): quoted, without escapes, variables or specifiers. */
function unitWord(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&').replaceAll('$', '$$$$').replaceAll('%', '%%')}'`;
}

/** Where it lies. */
export function memberUnitPath({ service }: Member): string {
  return unitPath(`${service}.service`);
}

/** What a member reads once, at its start; leaf certificates are read again on every handshake. */
export function loadedPaths(member: Member): readonly string[] {
  const { binDir, configDir, certDir, manager } = member;
  const paths = [`${binDir}/etcd`, `${configDir}/etcd.conf`, `${certDir}/ca.pem`];
  return manager === 'systemd' ? [...paths, memberUnitPath(member)] : paths;
}

/** Directive and the first systemd that knows it; older ones would warn, some refuse. */
const HARDENING: readonly (readonly [since: number, directive: string])[] = [
  [0, 'UMask=0077'],
  [187, 'NoNewPrivileges=yes'],
  [0, 'CapabilityBoundingSet='],
  [229, 'AmbientCapabilities='],
  [209, 'PrivateDevices=yes'],
  [0, 'DevicePolicy=closed'],
  [0, 'PrivateTmp=yes'],
  [232, 'PrivateUsers=yes'],
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

function hardening(systemd: number, dataDir: string): readonly string[] {
  const protect =
    systemd >= 231
      ? ['ProtectSystem=strict', `ReadWritePaths=${dataDir}`]
      : ['ProtectSystem=full', `ReadWriteDirectories=${dataDir}`];
  return [...protect, ...HARDENING.filter(([since]) => systemd >= since).map(([, directive]) => directive)];
}
