import { EXIT, QuorateError } from '../../errors.ts';
import type { KnownMember } from '../facts/formed.ts';
import type { Cluster, Member } from '../model/cluster.ts';
import type { EtcdHost } from './survey.ts';

/** The members as a healthy one lists them; where none can be asked, as our records have them. */
export function knownMembers(hosts: readonly EtcdHost[]): readonly KnownMember[] {
  const facts = hosts.map(({ target }) => target.facts);
  const listed = facts.flatMap(({ reading }) =>
    reading?.healthy && reading.members ? [reading.members] : [],
  );
  const recorded = facts.flatMap(({ formed }) => (formed ? [formed] : []));
  return [...listed, ...recorded][0] ?? [];
}

/**
 * Members that vote, and that the inventory does not have, or has at another address. Firewalls and
 * certificates made from such an inventory cut them off, and with them goes the quorum. Whoever cannot have
 * a vote that counts (a learner, one that never started) is left to the gate.
 */
export function membershipProblems(cluster: Cluster, known: readonly KnownMember[]): readonly QuorateError[] {
  const isListed = ({ peerUrl }: Member) => known.some(({ peerUrls }) => peerUrls.includes(peerUrl));
  return inOrder(cluster, known.filter(votes)).flatMap((one) => {
    if (cluster.members.some(({ peerUrl }) => one.peerUrls.includes(peerUrl))) return [];
    const namesake = cluster.members.find((member) => member.name === one.name && !isListed(member));
    return namesake ? atAnotherAddress(cluster, one, namesake) : notInInventory(cluster, one);
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

function atAnotherAddress({ name }: Cluster, one: KnownMember, member: Member): QuorateError {
  const { host, service, peerUrl } = member;
  return new QuorateError(
    `${host}: ${name} knows member ${described(one)} at ${one.peerUrls.join(' ')}, the inventory says ${peerUrl}`,
    {
      exitCode: EXIT.refused,
      host,
      hint: `put etcd_address and etcd_peer_port back; to move the member, stop ${service} there and tell the cluster first: etcdctl member update ${one.id ?? 'ID'} --peer-urls=${peerUrl}`,
    },
  );
}

function notInInventory({ name }: Cluster, one: KnownMember): QuorateError {
  return new QuorateError(
    `${name}: member ${described(one)} at ${one.peerUrls.join(' ')} votes, and is not in the inventory`,
    {
      exitCode: EXIT.refused,
      hint: `put it back; or take it out of the cluster first, since this playbook removes nobody: etcdctl member remove ${one.id ?? 'ID'}`,
    },
  );
}

function described({ name, id }: KnownMember): string {
  return id === undefined ? name : `${name} (${id})`;
}
