import type { Role, Target } from '../lib/dsl/role.ts';
import type { Task } from '../lib/dsl/task.ts';
import type { EtcdFacts } from '../lib/etcd/facts.ts';
import { type Member, memberOf } from '../lib/etcd/model.ts';
import { clusterPki, memberSans, parseDuration } from '../lib/etcd/pki.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/vars.ts';
import { certificate } from '../lib/resources/certificate.ts';
import { directory } from '../lib/resources/directory.ts';
import { file, LaterContent } from '../lib/resources/file.ts';
import { etcdAccount } from './account.ts';

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
    return [
      ...etcdAccount(member),
      directory({ path: member.certDir, mode: '0755', ...root }, { title: `${member.certDir} exists` }),
      caFile(target, member),
      leaf(target, member, 'server'),
      leaf(target, member, 'peer'),
    ];
  },
};

/** Members read their CA at the start only, so a change of it waits for the member's turn. */
function caFile(target: Target<EtcdFacts>, member: Member): Task {
  const content =
    target.facts.cluster?.caPem ??
    new LaterContent(async () => (await (await clusterPki(target)).ensureCa()).pem);
  const root = member.user === undefined ? {} : { owner: 'root', group: 'root' };
  return file(
    { path: `${member.certDir}/ca.pem`, content, mode: '0644', ...root },
    { title: "the cluster's CA is trusted", inTurn: true },
  );
}

function leaf(target: Target<EtcdFacts>, member: Member, kind: 'server' | 'peer'): Task {
  const { certDir, user, group, name } = member;
  const sans = memberSans(target);
  return certificate(
    {
      path: `${certDir}/${kind}.pem`,
      keyPath: `${certDir}/${kind}-key.pem`,
      ...(user !== undefined && { owner: user }),
      ...(group !== undefined && { group }),
      sans,
      caPem: target.facts.cluster?.caPem,
      renewBefore: parseDuration(String(target.vars.etcd_cert_renew_before)),
      issue: async () => (await clusterPki(target)).issueMember(name, kind, sans),
    },
    { title: `${name} has its ${kind} certificate` },
  );
}
