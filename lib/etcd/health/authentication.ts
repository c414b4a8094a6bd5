import { quote } from '../../dsl/sh.ts';
import type { MemberReading } from '../facts/read-member.ts';
import type { Member } from '../model/cluster.ts';

/** Error texts of etcd's API (rpctypes, auth/store.go) to who is nobody, or may not ask. */
const REFUSALS =
  /(?:etcdserver: (?:user name (?:is empty|not found)|permission denied|authentication failed)|auth: (?:user not found|permission denied))/;

/** etcd has authentication enabled, and the user of this member's certificate may not ask. */
export function isRefused({ unanswered = [], said }: MemberReading): boolean {
  return [said, ...unanswered.map((one) => one.said)].some((text) => REFUSALS.test(text));
}

/** What lets members be asked, in words to copy: etcd takes the common name of their certificates for their user. */
export function wayIn(member: Member, reading: MemberReading): string {
  const name = reading.certificates.find(({ commonName }) => commonName)?.commonName ?? member.name;
  const user = quote(name);
  return `authentication is enabled, and user ${name}, of its certificate, may not ask; as a user with role root: etcdctl user add ${user} --no-password; etcdctl user grant-role ${user} root`;
}
