import { dirname } from 'node:path';
import type { Role, Target } from '../lib/dsl/role.ts';
import { sh } from '../lib/dsl/sh.ts';
import type { Task } from '../lib/dsl/task.ts';
import { asideSuffix, type DestroyFacts, purges } from '../lib/etcd/destroy.ts';
import { pidFile } from '../lib/etcd/facts.ts';
import { type Member, memberOf } from '../lib/etcd/model.ts';
import { unitPath } from '../lib/etcd/unit.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/vars.ts';
import { command } from '../lib/resources/command.ts';
import { stopPidFile } from '../lib/resources/service-process.ts';
import { firewallGone } from './firewall.ts';

/** Takes away what runs have put on a host, and nothing else. Data is set aside unless it is to be purged. */
export const destroy: Role<DestroyFacts> = {
  name: 'destroy',
  description: 'takes away what runs have put on the hosts',
  vars: declare(...MEMBER_VARS),
  tasks(target) {
    const { manifest } = target.facts;
    if (manifest === undefined) return [];
    const member = memberOf(target);
    const unit = unitPath(member);
    const paths = manifest.filter(
      (path) => path.startsWith('/') && path !== member.dataDir && !path.startsWith(member.stateDir),
    );
    return [
      ...(manifest.includes(unit) ? [unitStopped(member)] : []),
      ...(member.manager === 'process' ? [processStopped(member)] : []),
      ...firewallGone(target),
      data(target, member),
      filesGone(paths),
      ...manifest.flatMap((line) => (line.startsWith('user:') ? [userGone(line.slice(5))] : [])),
      command({
        name: `${member.stateDir} is gone`,
        run: sh`rm -rf -- ${member.stateDir}; rmdir -- ${dirname(member.stateDir)} 2>/dev/null || :`,
        unless: sh`[ ! -d ${member.stateDir} ]`,
      }),
    ];
  },
};

function unitStopped({ service }: Member): Task {
  const unit = `${service}.service`;
  return command({
    name: `${unit} is stopped and disabled`,
    run: sh`systemctl disable --now --quiet ${unit}; systemctl reset-failed ${unit} 2>/dev/null; :`,
    unless: sh`[ "$(systemctl is-active ${unit})" != active ] && [ "$(systemctl is-enabled ${unit} 2>/dev/null)" != enabled ]`,
  });
}

function processStopped(member: Member): Task {
  const path = pidFile(member);
  return command({
    name: `${member.name} is stopped`,
    run: stopPidFile(path),
    unless: sh`[ ! -f ${path} ]`,
  });
}

function data(target: Target<DestroyFacts>, { dataDir, service }: Member): Task {
  const purge = purges(target);
  return command({
    name: purge ? `${dataDir} is gone` : `${dataDir} is set aside`,
    run: purge ? sh`rm -rf -- ${dataDir}` : sh`mv -- ${dataDir} ${`${dataDir}.${service}.${asideSuffix()}`}`,
    unless: sh`[ ! -d ${dataDir} ]`,
  });
}

/**
 * Files, then the directories that are empty by then: deepest first. A directory with something of others
 * inside stays.
 */
function filesGone(paths: readonly string[]): Task {
  const ours = [...paths].sort().reverse();
  return command({
    name: 'the files of the manifest are gone',
    run: sh`for q_path in ${ours}; do
  if [ -d "$q_path" ] && [ ! -L "$q_path" ]; then rmdir -- "$q_path" 2>/dev/null || :; else rm -f -- "$q_path" || exit; fi
done`,
    unless: sh`for q_path in ${ours}; do
  if [ -L "$q_path" ] || [ -f "$q_path" ]; then exit 1; fi
  if [ -d "$q_path" ] && [ -z "$(ls -A "$q_path")" ]; then exit 1; fi
done`,
  });
}

function userGone(name: string): Task {
  return command({
    name: `user ${name} is gone`,
    run: sh`if command -v userdel >/dev/null; then userdel ${name}; else deluser ${name}; fi`,
    unless: sh`! id ${name} >/dev/null 2>&1`,
  });
}
