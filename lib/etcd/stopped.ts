import { type Sh, sh } from '../dsl/shell/sh.ts';
import type { Member } from './model/cluster.ts';
import { pidFile } from './model/paths.ts';

/** A process that was killed leaves its file. A unit that is starting, stopping or waiting for its next try has processes, or will; one that is not there is inactive. */
export function isStopped(member: Member): Sh {
  if (member.manager === 'process') {
    const path = pidFile(member);
    return sh`{ if [ -f ${path} ] && read -r q_pid q_born <${path} && q_lives "$q_pid" "$q_born"; then false; fi; }`;
  }
  return sh`case $(systemctl show -p ActiveState ${`${member.service}.service`}) in *=inactive | *=failed) : ;; *) false ;; esac`;
}

/**
 * Ends an apply unless the member is stopped now, whatever was seen or done before: nothing is taken from under a
 * running etcd.
 */
export function refuseUnlessStopped(member: Member): Sh {
  const wanted = `${member.service} is not stopped, wanted inactive or failed: nothing further is moved or removed`;
  const found =
    member.manager === 'process'
      ? sh`:`
      : sh`systemctl show -p ActiveState -p SubState ${`${member.service}.service`}`;
  return sh`if ! ${isStopped(member)}; then echo ${wanted}; ${found}; exit 1; fi`;
}
