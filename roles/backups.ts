import type { Role, Target } from '../lib/dsl/role.ts';
import { sh } from '../lib/dsl/shell/sh.ts';
import type { Task } from '../lib/dsl/task.ts';
import type { EtcdFacts } from '../lib/etcd/facts/index.ts';
import { backupScript } from '../lib/etcd/files/backup-script.ts';
import { type Member, memberOf } from '../lib/etcd/model/cluster.ts';
import { backupScriptFile, backupTimer } from '../lib/etcd/model/paths.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import { parseKeep } from '../lib/etcd/snapshots/thin.ts';
import { command } from '../lib/resources/command.ts';
import { file } from '../lib/resources/file.ts';
import { unitPath } from '../lib/resources/service/systemd.ts';
import { timer } from '../lib/resources/timer.ts';

/** Hosts that take snapshots by themselves, where a schedule is set: whoever leads then takes one. */
export const backups: Role<EtcdFacts> = {
  name: 'backups',
  description: 'a timer that takes and thins snapshots, where etcd_backup_schedule is set',
  vars: declare(...MEMBER_VARS, 'etcd_backup_schedule', 'etcd_backup_keep'),
  tasks(target) {
    const member = memberOf(target);
    const { etcd_backup_schedule: schedule, etcd_backup_keep: keep } = target.vars;
    if (typeof schedule !== 'string') return gone(target, member);
    return [
      file(backupScriptFile(member), {
        content: backupScript(member, parseKeep(String(keep))),
        mode: '0755',
        owner: 'root',
        group: 'root',
        title: 'the script that takes snapshots is there',
      }),
      timer(backupTimer(member), {
        calendar: schedule,
        run: sh`exec ${backupScriptFile(member)}`,
        persistent: true,
      }),
    ];
  },
};

/** A schedule that was set before, and is no more. */
function gone({ facts }: Target<EtcdFacts>, member: Member): readonly Task[] {
  if (!facts.backupTimer) return [];
  const name = backupTimer(member);
  const files = [unitPath(`${name}.timer`), unitPath(`${name}.service`), backupScriptFile(member)];
  return [
    command('no timer takes snapshots', {
      run: sh`systemctl disable --quiet --now ${`${name}.timer`}; rm -f -- ${files} && systemctl daemon-reload`,
      unless: sh`[ ! -e ${files[0] ?? ''} ]`,
    }),
  ];
}
