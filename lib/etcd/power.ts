import { type Sh, sh } from '../dsl/shell/sh.ts';
import { processManager, stopPidFile } from '../resources/service/process.ts';
import { recordCommand } from './files/unit.ts';
import type { Member } from './model/cluster.ts';
import { bootstrapFile, confFile, loadedRecord, logFile, pidFile } from './model/paths.ts';
import { refuseUnlessStopped } from './stopped.ts';

/** Shell that stops a member, and fails where it does not end. */
export function stopMember(member: Member): Sh {
  const { manager, service } = member;
  const stop =
    manager === 'process' ? stopPidFile(pidFile(member)) : sh`systemctl stop ${`${service}.service`}`;
  return sh`${stop}
${refuseUnlessStopped(member)}`;
}

/** Shell that starts a member on the files that are there, and waits for nothing: a quorum may need the others. */
export function startMember(member: Member): Sh {
  const { manager, service, binDir } = member;
  if (manager === 'systemd') {
    return sh`systemctl reset-failed ${`${service}.service`} 2>/dev/null
systemctl start --no-block ${`${service}.service`}`;
  }
  return processManager.start(
    {
      manager,
      name: service,
      executable: `${binDir}/etcd`,
      before: sh`{ ${recordCommand(member)}; } >${loadedRecord(member)}`,
      environmentFiles: [confFile(member), bootstrapFile(member)],
      pidFile: pidFile(member),
      log: logFile(member),
      loads: [],
    },
    'start',
  );
}
