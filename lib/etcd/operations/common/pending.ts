import { commandLine } from '../../../command-line.ts';
import { isDue, type PlannedTask } from '../../../dsl/play.ts';
import { memberService } from '../../files/member-service.ts';
import { refusal } from '../../refusal.ts';
import { isCertificate } from '../../survey/admit-certificates.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';

/**
 * Refuses (3) what is due by the plans of hosts: a restart loads whatever differs from the inventory then, and what has
 * nothing to do with the verb is not to come along with it. Certificates that are due may, since the key of an old CA may
 * be what is lost; so may the start of a member that rests.
 *
 * @param isOwn What the verb itself is about.
 * @param words What `site` is to be told to make the changes first.
 */
export function refusePending(
  { cluster, hosts }: Surveyed,
  isOwn: (planned: PlannedTask, host: EtcdHost) => boolean = () => false,
  ...words: readonly string[]
): void {
  const pending = hosts.flatMap((host) =>
    host.plan
      .filter((one) => isDue(one) && !isCertificate(one) && !isStart(one) && !isOwn(one, host))
      .map(({ task }) => `${host.target.name}: ${task.title}`),
  );
  if (pending.length === 0) return;
  throw refusal(
    cluster,
    ['the inventory asks for other changes, which each restart would bring along:', ...pending].join('\n  '),
    `${[commandLine('site'), ...words].join(' ')} makes them first`,
  );
}

function isStart({ task, changes }: PlannedTask): boolean {
  return memberService.wishOf(task) !== undefined && changes.every(({ kind }) => kind === 'start');
}
