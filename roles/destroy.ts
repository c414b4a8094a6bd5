import { dirname } from 'node:path';
import { alone } from '../lib/dsl/alone.ts';
import type { Role, Target } from '../lib/dsl/role.ts';
import { sh } from '../lib/dsl/shell/sh.ts';
import type { Task } from '../lib/dsl/task.ts';
import { type Member, memberOf } from '../lib/etcd/model/cluster.ts';
import { backupTimer, memberUnitPath, pidFile } from '../lib/etcd/model/paths.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import type { DestroyFacts } from '../lib/etcd/operations/destroy/facts.ts';
import { isThrowAway, purges } from '../lib/etcd/operations/destroy/strategy.ts';
import { isStopped, refuseUnlessStopped } from '../lib/etcd/stopped.ts';
import { command } from '../lib/resources/command.ts';
import { stopPidFile } from '../lib/resources/service/process.ts';
import { unitPath } from '../lib/resources/service/systemd.ts';
import { setAside } from '../lib/resources/set-aside.ts';
import { firewallGone } from './firewall.ts';

/** Takes away what runs have put on a host, and nothing else. Data is set aside unless it is to be purged. */
export const destroy: Role<DestroyFacts> = {
  name: 'destroy',
  description: 'takes away what runs have put on the hosts',
  vars: declare(...MEMBER_VARS),
  tasks(target) {
    const { manifest, needed } = target.facts;
    if (manifest === undefined) return [];
    const users = manifest.flatMap((line) => (line.startsWith('user:') ? [line.slice(5)] : []));
    const member = memberOf(target);
    const unit = memberUnitPath(member);
    const paths = manifest.filter(
      (path) =>
        path.startsWith('/') &&
        !dataDirs(member).includes(path) &&
        !`${path}/`.startsWith(`${member.stateDir}/`),
    );
    return [
      ...(manifest.includes(unit) ? [unitStopped(member)] : []),
      ...(manifest.includes(unitPath(`${backupTimer(member)}.timer`)) ? [timerStopped(member)] : []),
      ...(member.manager === 'process' ? [processStopped(member)] : []),
      ...firewallGone(target),
      ...data(target, member),
      ...(isThrowAway(target) ? [snapshotsGone(member)] : []),
      filesGone(member, paths),
      ...users.filter((name) => !needed.has(name)).map(userGone),
      recordsGone(
        member,
        users.filter((name) => needed.has(name)),
      ),
    ];
  },
};

function unitStopped(member: Member): Task {
  const unit = `${member.service}.service`;
  return command(`${unit} is stopped and disabled`, {
    run: sh`systemctl stop ${unit}; systemctl disable --quiet ${unit}; systemctl reset-failed ${unit} 2>/dev/null
${refuseUnlessStopped(member)}`,
    unless: sh`${isStopped(member)} && [ "$(systemctl is-enabled ${unit} 2>/dev/null)" != enabled ]`,
  });
}

function timerStopped(member: Member): Task {
  const unit = `${backupTimer(member)}.timer`;
  return command(`${unit} is stopped and disabled`, {
    run: sh`systemctl disable --quiet --now ${unit}`,
    unless: sh`! systemctl is-active --quiet ${unit} && [ "$(systemctl is-enabled ${unit} 2>/dev/null)" != enabled ]`,
  });
}

function processStopped(member: Member): Task {
  return command(`${member.name} is stopped`, {
    run: stopPidFile(pidFile(member)),
    unless: isStopped(member),
  });
}

/** Only what the manifest lists: the survey refuses where it lists another directory than the inventory. */
function data(target: Target<DestroyFacts>, member: Member): readonly Task[] {
  const { service, user } = member;
  const purge = purges(target);
  const ours = dataDirs(member).filter((path) => target.facts.manifest?.includes(path));
  return ours.map((path) =>
    setAside(path, {
      label: `${service}.destroyed`,
      purge,
      asRoot: user !== undefined,
      service,
      stop: refuseUnlessStopped(member),
      title: purge ? `${path} is gone` : `${path} is set aside`,
    }),
  );
}

/** Keep nothing of the sample on this machine; snapshots of other clusters stay, whatever is purged. */
function snapshotsGone({ backupDir, stateDir }: Member): Task {
  return command('its snapshots are gone', {
    // Beside the records, as the sample has it: a folder that the inventory moved elsewhere may hold others.
    run: sh`rm -rf -- ${backupDir}`,
    unless: sh`[ ${dirname(backupDir)} != ${dirname(stateDir)} ] || [ ! -d ${backupDir} ]`,
  });
}

/** A raft log on a disk of its own is data like the rest. */
function dataDirs({ dataDir, walDir }: Member): readonly string[] {
  return walDir === undefined ? [dataDir] : [dataDir, walDir];
}

/**
 * Files, then the directories that are empty after that: deepest first. A directory with something of others
 * inside stays.
 */
function filesGone(member: Member, paths: readonly string[]): Task {
  const ours = [...paths].sort().reverse();
  return command('the files of the manifest are gone', {
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
  return command(`user ${name} is gone`, {
    run: sh`${alone}
if command -v userdel >/dev/null; then userdel ${name}; else deluser ${name}; fi`,
    unless: sh`! id ${name} >/dev/null 2>&1`,
  });
}

/** A user that stays for another service of ours is on that one's record from now on: the last one takes it away. */
function recordsGone(member: Member, staying: readonly string[]): Task {
  const { stateDir } = member;
  const all = dirname(stateDir);
  const handOver = sh`for q_file in ${all}/*/manifest; do
  if [ -f "$q_file" ] && [ "$q_file" != ${stateDir}/manifest ]; then q_add "$q_file" ${staying.map((name) => `user:${name}`)} || exit; break; fi
done`;
  return command(`${stateDir} is gone`, {
    run: sh`${refuseUnlessStopped(member)}
${staying.length > 0 ? handOver : sh`:`}
rm -rf -- ${stateDir}; rmdir -- ${all} 2>/dev/null || :`,
    unless: sh`[ ! -d ${stateDir} ]`,
  });
}
