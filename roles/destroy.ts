import { dirname } from 'node:path';
import type { Role, Target } from '../lib/dsl/role.ts';
import { type Sh, sh } from '../lib/dsl/sh.ts';
import type { Task } from '../lib/dsl/task.ts';
import { type Member, memberOf } from '../lib/etcd/model/cluster.ts';
import { memberUnitPath, pidFile } from '../lib/etcd/model/paths.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import { asideSuffix, type DestroyFacts, purges } from '../lib/etcd/operations/destroy/strategy.ts';
import { command } from '../lib/resources/command.ts';
import { stopPidFile } from '../lib/resources/service/process.ts';
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
    const unit = memberUnitPath(member);
    const paths = manifest.filter(
      (path) => path.startsWith('/') && path !== member.dataDir && !path.startsWith(member.stateDir),
    );
    return [
      ...(manifest.includes(unit) ? [unitStopped(member)] : []),
      ...(member.manager === 'process' ? [processStopped(member)] : []),
      ...firewallGone(target),
      data(target, member),
      filesGone(member, paths),
      ...manifest.flatMap((line) => (line.startsWith('user:') ? [userGone(line.slice(5))] : [])),
      command({
        name: `${member.stateDir} is gone`,
        run: sh`${refuseUnlessStopped(member)}
rm -rf -- ${member.stateDir}; rmdir -- ${dirname(member.stateDir)} 2>/dev/null || :`,
        unless: sh`[ ! -d ${member.stateDir} ]`,
      }),
    ];
  },
};

function unitStopped(member: Member): Task {
  const unit = `${member.service}.service`;
  return command({
    name: `${unit} is stopped and disabled`,
    run: sh`systemctl stop ${unit}; systemctl disable --quiet ${unit}; systemctl reset-failed ${unit} 2>/dev/null
${refuseUnlessStopped(member)}`,
    unless: sh`${isStopped(member)} && [ "$(systemctl is-enabled ${unit} 2>/dev/null)" != enabled ]`,
  });
}

function processStopped(member: Member): Task {
  return command({
    name: `${member.name} is stopped`,
    run: stopPidFile(pidFile(member)),
    unless: isStopped(member),
  });
}

/** A unit that is starting, stopping or waiting for its next try has processes, or will; one that is not there is inactive. */
function isStopped(member: Member): Sh {
  if (member.manager === 'process') return sh`[ ! -f ${pidFile(member)} ]`;
  return sh`case $(systemctl show -p ActiveState ${`${member.service}.service`}) in *=inactive | *=failed) : ;; *) false ;; esac`;
}

/**
 * Ends an apply unless the member is stopped now, whatever was seen or done before: nothing is taken from under a
 * running etcd.
 */
function refuseUnlessStopped(member: Member): Sh {
  const wanted = `${member.service} is not stopped, wanted inactive or failed: nothing further is moved or removed`;
  const found =
    member.manager === 'process'
      ? sh`:`
      : sh`systemctl show -p ActiveState -p SubState ${`${member.service}.service`}`;
  return sh`if ! ${isStopped(member)}; then echo ${wanted}; ${found}; exit 1; fi`;
}

function data(target: Target<DestroyFacts>, member: Member): Task {
  const { dataDir, service } = member;
  const purge = purges(target);
  const aside = `${dataDir}.${service}.${asideSuffix()}`;
  return command({
    name: purge ? `${dataDir} is gone` : `${dataDir} is set aside`,
    run: sh`${refuseUnlessStopped(member)}
${purge ? sh`rm -rf -- ${dataDir}` : sh`mv -- ${dataDir} ${aside}`}`,
    unless: sh`[ ! -d ${dataDir} ]`,
  });
}

/**
 * Files, then the directories that are empty by then: deepest first. A directory with something of others
 * inside stays.
 */
function filesGone(member: Member, paths: readonly string[]): Task {
  const ours = [...paths].sort().reverse();
  return command({
    name: 'the files of the manifest are gone',
    run: sh`${refuseUnlessStopped(member)}
for q_path in ${ours}; do
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
