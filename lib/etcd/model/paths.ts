import { dirname } from 'node:path';
import { unitPath } from '../../resources/service/systemd.ts';
import type { Member } from './cluster.ts';

/** `etcd.conf`: the environment that a member starts with. */
export function confFile({ configDir }: Member): string {
  return `${configDir}/etcd.conf`;
}

/** etcdctl for people, with the member's own certificate and URL. */
export function etcdctlWrapper({ configDir }: Member): string {
  return `${configDir}/etcdctl`;
}

/** Where a bootstrap keeps `new` and its token: gone after a reboot, removed once there is quorum. */
export function bootstrapFile({ manager, service, stateDir }: Member): string {
  return manager === 'systemd' ? `/run/quorate-${service}.env` : `${stateDir}/bootstrap.env`;
}

/** Where a starting member records the digests of what it loads. */
export function loadedRecord(member: Member): string {
  return `${runtimeDir(member)}/loaded`;
}

/** A directory that lives as long as the member's process does, and is written by it. */
export function runtimeDir({ manager, service, stateDir }: Member): string {
  return manager === 'systemd' ? `/run/${service}` : stateDir;
}

/** Process and start time of a member that is a plain process. */
export function pidFile({ stateDir, service }: Member): string {
  return `${stateDir}/${service}.pid`;
}

/** Where a member that is a plain process writes. */
export function logFile({ stateDir, service }: Member): string {
  return `${stateDir}/${service}.log`;
}

/** Where a host records that its member has been part of a quorum. Written after a start, which waits for it. */
export function formedRecord({ stateDir }: Member): string {
  return `${stateDir}/formed`;
}

/** Version and digest of the binaries that were installed. */
export function releaseRecord({ stateDir }: Member): string {
  return `${stateDir}/release`;
}

/** The unit of a member, where it is ours. */
export function memberUnitPath({ service }: Member): string {
  return unitPath(`${service}.service`);
}

/** Where drop-ins of that unit lie. */
export function dropInDir(member: Member): string {
  return `${memberUnitPath(member)}.d`;
}

/** A script by which the host takes snapshots, and the timer that runs it, without its ending. */
export function backupScriptFile({ configDir }: Member): string {
  return `${configDir}/take-snapshot`;
}

export function backupTimer({ service }: Member): string {
  return `${service}-backup`;
}

/** The CA that a member trusts. */
export function caFile({ certDir }: Member): string {
  return `${certDir}/ca.pem`;
}

/** The list of certificates that a member refuses from clients. It must be there once etcd.conf names it. */
export function crlFile({ certDir }: Member): string {
  return `${certDir}/client.crl`;
}

/** A certificate of a member and its key: `server` is shown to clients, `peer` to members. */
export function pairFiles({ certDir }: Member, kind: 'server' | 'peer'): { cert: string; key: string } {
  return { cert: `${certDir}/${kind}.pem`, key: `${certDir}/${kind}-key.pem` };
}

/** Where the raft log lies: in the data directory, unless `etcd_wal_dir` says otherwise. */
export function walPath({ walDir, dataDir }: Member): string {
  return walDir ?? `${dataDir}/member/wal`;
}

/** Directories outside its runtime directory that a member writes to. */
export function writableDirs(member: Member): readonly string[] {
  const { dataDir, walDir, logFiles } = member;
  return [
    ...new Set([
      dataDir,
      ...[...(walDir === undefined ? [] : [walDir]), ...logFiles].map((path) => dirname(path)),
    ]),
  ];
}
