import type { QuorateError } from '../../errors.ts';
import type { KnownMember } from '../facts/formed.ts';
import { answersFromFacts } from '../health/ask.ts';
import { strayIdentities } from '../health/identity.ts';
import type { Cluster, Member } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';
import { type EtcdHost, livingList, mostSaid, type Surveyed } from '../surveyed.ts';
import { verbLine } from '../verb-line.ts';

/** The members as most healthy ones list them; where none can be asked, as most of our records have them. */
export function knownMembers(hosts: readonly EtcdHost[]): readonly KnownMember[] {
  const recorded = hosts.flatMap(({ target: { facts } }) => (facts.formed ? [facts.formed] : []));
  return livingList(hosts) ?? mostSaid(recorded) ?? [];
}

/** So many members vote: as `knownMembers` has them, else as the inventory does. */
export function votersOf({ cluster, hosts }: Surveyed): number {
  return knownMembers(hosts).filter(({ learner }) => learner !== true).length || cluster.members.length;
}

/**
 * Members that vote, and that the inventory does not have, or has at another address. Firewalls and
 * certificates made from such an inventory cut them off, and with them goes the quorum. Whoever cannot have
 * a vote that counts (a learner, one that never started) is left to the gate.
 */
export function membershipProblems(surveyed: Surveyed): readonly QuorateError[] {
  const { cluster, hosts } = surveyed;
  const known = knownMembers(hosts);
  const isListed = ({ peerUrl }: Member) => known.some(({ peerUrls }) => peerUrls.includes(peerUrl));
  const astray = strayProblems(surveyed);
  if (astray.length > 0) return astray;
  return inOrder(cluster, known.filter(votes)).flatMap((one) => {
    if (cluster.members.some(({ peerUrl }) => one.peerUrls.includes(peerUrl))) return [];
    const namesake = cluster.members.find((member) => member.name === one.name && !isListed(member));
    return namesake ? atAnotherAddress(surveyed, one, namesake) : notInInventory(surveyed, one);
  });
}

/** Processes that run as another member than their host's; only those that may be the member itself, where `copies` is false. */
export function strayProblems(surveyed: Surveyed, copies = true): readonly QuorateError[] {
  return strayIdentities(answersFromFacts(surveyed)).flatMap(({ host, isCopy, said }) => {
    if (isCopy && !copies) return [];
    const what = isCopy ? 'says how both get their own' : 'says what to compare';
    return [refusal({ host }, `it ${said}`, `${verbLine('doctor', surveyed.cluster)} ${what}`)];
  });
}

/** As the inventory has them, others last; etcd lists members by ID, which is another order in each cluster. */
function inOrder({ members }: Cluster, known: readonly KnownMember[]): readonly KnownMember[] {
  const names = members.map(({ name }) => name);
  const place = ({ name }: KnownMember) => (names.includes(name) ? names.indexOf(name) : names.length);
  return [...known].sort((a, b) => place(a) - place(b));
}

function votes({ learner, clientUrls }: KnownMember): boolean {
  return learner !== true && clientUrls?.length !== 0;
}

function atAnotherAddress({ cluster }: Surveyed, one: KnownMember, member: Member): QuorateError {
  return refusal(
    member,
    `${cluster.name} knows member ${described(one)} at ${one.peerUrls.join(' ')}, the inventory says ${member.peerUrl}`,
    `put etcd_address and etcd_peer_port back; or move the member: ${verbLine('members', cluster)}`,
  );
}

function notInInventory({ cluster }: Surveyed, one: KnownMember): QuorateError {
  return refusal(
    cluster,
    `member ${described(one)} at ${one.peerUrls.join(' ')} votes, and is not in the inventory`,
    `put it back; or let it leave: ${verbLine('members', cluster, '--remove', one.name || (one.id ?? 'ID'))}`,
  );
}

function described({ name, id }: KnownMember): string {
  return id === undefined ? name : `${name} (${id})`.trim();
}
