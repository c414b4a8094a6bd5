import type { PlannedTask, PlayRun } from '../../dsl/play.ts';
import type { MemberCertificate } from '../../pki/index.ts';
import { issuedCertificate, needsIssuing } from '../../resources/issued-certificate.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { clusterPki, memberSans } from '../files/certificates.ts';
import { memberOf } from '../model/cluster.ts';
import { pairFiles } from '../model/paths.ts';
import { clustersOf, type EtcdHost } from '../surveyed.ts';

/**
 * Refuses certificates that are due and could not be issued, for want of the CA's key or its passphrase, say, and
 * warns, once a cluster, of what cfssl's files ask for and do not get. All that decides lies on control: a check
 * says so as well, and a run before it changes anything.
 */
export async function admitIssuing(run: PlayRun<EtcdFacts>): Promise<void> {
  for (const { hosts } of clustersOf(run)) {
    const [first] = hosts;
    const due = hosts.flatMap(dueCertificates);
    if (!first || due.length === 0) continue;
    const pki = await clusterPki(first.target);
    for (const warning of await pki.foresee(due)) run.log('warning', warning);
  }
}

/** A task of a member's certificate. */
export function isCertificate({ task }: Pick<PlannedTask, 'task'>): boolean {
  return issuedCertificate.wishOf(task) !== undefined;
}

/** The certificates of a member that its plan makes. */
export function dueCertificates({ target, plan }: EtcdHost): readonly MemberCertificate[] {
  const member = memberOf(target);
  const due = plan
    .filter(({ changes }) => needsIssuing(changes))
    .map(({ task }) => issuedCertificate.wishOf(task)?.path);
  const { retired } = target.facts.cluster ?? {};
  return (['server', 'peer'] as const)
    .filter((kind) => due.includes(pairFiles(member, kind).cert))
    .map((kind) => ({ name: member.name, kind, sans: memberSans(target), retired }));
}
