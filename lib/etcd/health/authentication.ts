import { quote } from '../../dsl/shell/sh.ts';
import { wrapperLine } from '../etcdctl-line.ts';
import { isDenied } from '../facts/etcdctl/words.ts';
import type { MemberReading } from '../facts/read-member.ts';
import type { Member } from '../model/cluster.ts';
import type { EtcdHost } from '../surveyed.ts';
import { type NamedCluster, verbLine } from '../verb-line.ts';
import { RENEWING } from '../verbs.ts';

/** etcd has authentication enabled, and the user of this member's certificate may not ask. */
export function isRefused({ unanswered = [], said }: MemberReading): boolean {
  return [said, ...unanswered.map((one) => one.said)].some(isDenied);
}

/**
 * What lets a member be asked, in lines to copy: etcd takes the common name of its certificate for its user.
 *
 * @param asker On whose host they are run: its own, unless that is yet to be set up.
 */
export function wayIn(
  member: Member,
  { certificates, closed, askedAt }: Pick<MemberReading, 'certificates' | 'closed' | 'askedAt'>,
  asker: Member = member,
): string {
  const name = certificates.find(({ commonName }) => commonName)?.commonName ?? member.name;
  const user = quote(name);
  // The script of an earlier release looks for no other place.
  const at = closed && askedAt !== undefined ? `ETCDCTL_ENDPOINTS=${askedAt} ` : '';
  const lines = [`user add ${user} --no-password`, `user grant-role ${user} root`]
    .map((command) => `${at}${wrapperLine(asker, `--user=root ${command}`)}`)
    .join('; ');
  const where = asker.local ? 'here' : `on ${asker.host}`;
  return `authentication is enabled, and user ${name}, of its certificate, may not ask; as a user with role root, ${where}: ${lines}; ${asRoot({ name: member.cluster })}`;
}

/** A certificate whose common name is root is root's: the way in where the password is lost. */
export function asRoot(cluster: NamedCluster): string {
  const [make, revoke] = [
    ['--client', 'root'],
    ['--revoke', 'root'],
  ].map((words) => verbLine('certs', cluster, ...words));
  return `where root's password is lost: ${make}, copy that bundle to the host, then the same with its --cert and --key in place of --user, and ${revoke} in the end`;
}

/**
 * Verbs that have made another cluster and wait for its users to let the members in, which nobody else can do: what helps
 * them there passes.
 */
export function waitingForUsers(hosts: readonly EtcdHost[]): readonly string[] {
  const refused = hosts.some(({ target: { facts } }) => facts.reading && isRefused(facts.reading));
  return refused ? RENEWING : [];
}
