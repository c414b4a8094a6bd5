import { joinSh, sh } from '../../../dsl/shell/sh.ts';
import type { Printed } from '../../facts/etcdctl/answers.ts';
import { ASK, printedByName } from '../../facts/etcdctl/asked.ts';
import { AS_NOBODY, authenticationOf } from '../../facts/etcdctl/words.ts';
import { wayIn } from '../../health/authentication.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { refusal, refuse } from '../../refusal.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { etcdctl } from '../common/etcdctl.ts';

/**
 * Refuses (3) newcomers who are not users of etcd with the role root, where its users are in force: late patches would not
 * even say whether such a member works, so it would never count as started. Asked through a member that works.
 */
export async function refuseStrangers(asker: EtcdHost, coming: readonly Member[]): Promise<void> {
  const { facts } = asker.target;
  const user = facts.reading?.certificates.find(({ commonName }) => commonName)?.commonName;
  // With one common name for all, the newcomer is who the others are.
  if (coming.length === 0 || user !== memberOf(asker.target).name) return;
  const asked = coming.map(({ name }, i) => sh`q_ask ${`user${i}`} q_etcdctl user get ${name} || :`);
  const { out } = await asker.read(
    'asking for the users of newcomers',
    etcdctl(asker, joinSh([ASK, sh`q_ask nobody q_etcdctl ${[...AS_NOBODY]} || :`, ...asked])),
  );
  const printed = printedByName(out);
  const nobody = printed('nobody');
  if (nobody === undefined || authenticationOf(nobody) !== 'on') return;
  refuse(
    coming
      .filter((_member, i) => isStranger(printed(`user${i}`)))
      .map((member) => refusal(member, wayIn(member, { certificates: [] }, memberOf(asker.target)))),
  );
}

/** What says nothing of the user, as to an asker who may not know, is for the looks at the members themselves. */
function isStranger(printed: Printed | undefined): boolean {
  if (printed?.code === 0) return !/^Roles:(.* )?root( |$)/m.test(printed.out);
  return /user name not found/.test(printed?.err ?? '');
}
