import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { logFile } from '../model/paths.ts';

/** Command that prints the log of a member, the latest line first: its journal, or its file where systemd does not run it. */
export function memberLog(member: Member): Sh {
  return member.manager === 'systemd'
    ? sh`journalctl --no-pager --output=cat --reverse --unit ${member.service}.service`
    : sh`tac ${logFile(member)}`;
}
