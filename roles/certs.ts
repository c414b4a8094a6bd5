import type { Role, Target } from '../lib/dsl/role.ts';
import type { Task } from '../lib/dsl/task.ts';
import { etcdAccount } from '../lib/etcd/account.ts';
import type { EtcdFacts } from '../lib/etcd/facts/index.ts';
import { trustedRecord } from '../lib/etcd/facts/kept.ts';
import { clusterPki, memberSans } from '../lib/etcd/files/certificates.ts';
import { type Member, memberOf } from '../lib/etcd/model/cluster.ts';
import { caFile, crlFile, pairFiles } from '../lib/etcd/model/paths.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import { fingerprints } from '../lib/pki/index.ts';
import { LaterContent, LaterFile } from '../lib/resources/content/later.ts';
import { directory } from '../lib/resources/directory.ts';
import { file } from '../lib/resources/file.ts';
import { issuedCertificate } from '../lib/resources/issued-certificate.ts';

/** The cluster's CA, and a server and a peer certificate of each member's own. */
export const certs: Role<EtcdFacts> = {
  name: 'certs',
  description: 'the CA on control; server and peer certificates on the hosts',
  vars: declare(
    ...MEMBER_VARS,
    'etcd_extra_sans',
    'etcd_pki_dir',
    'etcd_key_type',
    'etcd_ca_expiry',
    'etcd_cert_expiry',
    'etcd_cert_renew_before',
  ),
  tasks(target) {
    const member = memberOf(target);
    const root = member.user === undefined ? {} : { owner: 'root' };
    const ca = caContent(target);
    const trusted = target.facts.cluster?.trustPem ?? ca;
    return [
      ...etcdAccount(member),
      directory(member.certDir, { mode: '0755', ...root, title: 'the certificate directory exists' }),
      trustedCa(member, trusted),
      caRecord(member, trusted),
      ...revoked(target, member),
      leaf(target, member, 'server', ca),
      leaf(target, member, 'peer', ca),
    ];
  },
};

/** The CA as it is, or as the run will make it. */
function caContent(target: Target<EtcdFacts>): string | LaterContent {
  const { caPem } = target.facts.cluster ?? {};
  return caPem ?? new LaterContent(async () => (await (await clusterPki(target)).ensureCa()).pem);
}

/**
 * Members read their CA at the start only. Where they live it is this one (the survey refuses another), so
 * putting it back needs no turn; and it must be there when the gate asks.
 */
function trustedCa(member: Member, content: string | LaterContent): Task {
  const root = member.user === undefined ? {} : { owner: 'root', group: 'root' };
  return file(caFile(member), { content, mode: '0644', ...root, title: "the cluster's CA is trusted" });
}

/** etcd reads it for each connection, once etcd.conf names it. */
function revoked({ name, facts }: Target<EtcdFacts>, member: Member): readonly Task[] {
  const list = facts.cluster?.crl;
  if (list === undefined || list.keeps.includes(name)) return [];
  const root = member.user === undefined ? {} : { owner: 'root', group: 'root' };
  const title = 'revoked certificates of clients are on the list';
  const content = new LaterFile(list.lay, list.sha256);
  return [file(crlFile(member), { content, mode: '0644', ...root, title })];
}

/** Which CA the host was set up with, among root's records: another one is refused from here on. */
function caRecord(member: Member, ca: string | LaterContent): Task {
  const root = member.user === undefined ? {} : { owner: 'root', group: 'root' };
  const text = (pem: string) =>
    fingerprints(pem)
      .map((one) => `${one}\n`)
      .join('');
  const content = typeof ca === 'string' ? text(ca) : new LaterContent(async () => text(await ca.produce()));
  return file(trustedRecord(member), {
    content,
    mode: '0644',
    ...root,
    title: "the cluster's CA is on record",
  });
}

function leaf(
  target: Target<EtcdFacts>,
  member: Member,
  kind: 'server' | 'peer',
  ca: string | LaterContent,
): Task {
  const { user, group, name } = member;
  const pair = pairFiles(member, kind);
  const sans = memberSans(target);
  const { retired, newKeys: newKey } = target.facts.cluster ?? {};
  return issuedCertificate(pair.cert, {
    keyPath: pair.key,
    ...(user !== undefined && { owner: user }),
    ...(group !== undefined && { group }),
    sans,
    ca,
    // Before the survey there is nothing to compare with.
    renewBefore: target.facts.cluster?.renewBefore[kind] ?? 0,
    ...(retired && { retired }),
    issue: async () => (await clusterPki(target)).issueMember(name, kind, sans, { retired, newKey }),
    title: `${name} has its ${kind} certificate`,
  });
}
