import { quote } from '../../dsl/shell/sh.ts';
import { isDenied } from '../facts/etcdctl/words.ts';
import type { MemberReading } from '../facts/read-member.ts';
import type { Member } from '../model/cluster.ts';

/** etcd has authentication enabled, and the user of this member's certificate may not ask. */
export function isRefused({ unanswered = [], said }: MemberReading): boolean {
  return [said, ...unanswered.map((one) => one.said)].some(isDenied);
}

/** What lets members be asked, in words to copy: etcd takes the common name of their certificates for their user. */
export function wayIn(member: Member, reading: Pick<MemberReading, 'certificates'>): string {
  const name = reading.certificates.find(({ commonName }) => commonName)?.commonName ?? member.name;
  const user = quote(name);
  return `authentication is enabled, and user ${name}, of its certificate, may not ask; as a user with role root: etcdctl user add ${user} --no-password; etcdctl user grant-role ${user} root`;
}
