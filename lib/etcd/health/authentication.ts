import { quote } from '../../dsl/shell/sh.ts';
import { isDenied } from '../facts/etcdctl/words.ts';
import type { MemberReading } from '../facts/read-member.ts';
import type { Member } from '../model/cluster.ts';
import { type NamedCluster, verbLine } from '../verb-line.ts';

/** etcd has authentication enabled, and the user of this member's certificate may not ask. */
export function isRefused({ unanswered = [], said }: MemberReading): boolean {
  return [said, ...unanswered.map((one) => one.said)].some(isDenied);
}

/** What lets members be asked, in words to copy: etcd takes the common name of their certificates for their user. */
export function wayIn(member: Member, reading: Pick<MemberReading, 'certificates'>): string {
  const name = reading.certificates.find(({ commonName }) => commonName)?.commonName ?? member.name;
  const user = quote(name);
  return `authentication is enabled, and user ${name}, of its certificate, may not ask; as a user with role root: etcdctl user add ${user} --no-password; etcdctl user grant-role ${user} root; ${asRoot({ name: member.cluster })}`;
}

/** A certificate whose common name is root is root's: the way in where the password is lost. */
export function asRoot(cluster: NamedCluster): string {
  const [make, revoke] = [
    ['--client', 'root'],
    ['--revoke', 'root'],
  ].map((words) => verbLine('certs', cluster, ...words));
  return `where root's password is lost: ${make}, then the same with --cert and --key of that bundle in place of --user, and ${revoke} in the end`;
}
