import type { Task } from '../lib/dsl/task.ts';
import type { Member } from '../lib/etcd/model.ts';
import { group, user } from '../lib/resources/account.ts';

/**
 * The user and group that a member runs as, where it has one of its own. Several roles need
 * them and each runs alone, too; the runner drops the repeats.
 */
export function etcdAccount(member: Member): readonly Task[] {
  if (member.user === undefined || member.group === undefined) return [];
  return [
    group({ name: member.group }),
    user({ name: member.user, group: member.group, home: member.dataDir }),
  ];
}
