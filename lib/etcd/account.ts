import type { Task } from '../dsl/task.ts';
import { group } from '../resources/group.ts';
import { user } from '../resources/user/index.ts';
import type { Member } from './model/cluster.ts';

/**
 * The user and group that a member runs as, where it has one of its own. Several roles need
 * them and each runs alone, too; the runner drops the repeats.
 */
export function etcdAccount(member: Member): readonly Task[] {
  if (member.user === undefined || member.group === undefined) return [];
  return [
    group(member.group),
    user(member.user, { system: true, group: member.group, home: member.dataDir }),
  ];
}
