import { PerRun } from '../../dsl/common/per-run.ts';
import type { Target } from '../../dsl/role.ts';
import { type MemberCertificate, openPki, type Pki, type PkiOptions } from '../../pki/index.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { clusterOf, memberOf } from '../model/cluster.ts';

const opened = new PerRun(() => new Map<string, Promise<Pki>>());

/** The PKI of a target's cluster on control; hosts of one run share it. */
export function clusterPki(target: Target<EtcdFacts>): Promise<Pki> {
  const options = pkiOptions(target);
  let pki = opened.own.get(options.dir);
  if (!pki) {
    pki = openPki(options);
    opened.own.set(options.dir, pki);
  }
  return pki;
}

/** After its CA has changed: what issues is read anew when it is wanted next. */
export function forgetPki(target: Target<EtcdFacts>): void {
  opened.own.delete(clusterOf(target).pkiDir);
}

/** The certificates of a target's cluster, as the inventory wants them. */
export function pkiOptions(target: Target<EtcdFacts>): PkiOptions {
  const { vars, facts } = target;
  const cluster = clusterOf(target);
  return {
    dir: cluster.pkiDir,
    cluster: cluster.name,
    caName: `${cluster.name} etcd CA`,
    keyType: String(vars.etcd_key_type),
    caExpiry: String(vars.etcd_ca_expiry),
    certExpiry: String(vars.etcd_cert_expiry),
    renewBefore: String(vars.etcd_cert_renew_before),
    addresses: cluster.members.flatMap(({ address, peerAddress }) => [...new Set([address, peerAddress])]),
    // A cluster that lives under a CA never gets another one, also when this folder is lost.
    ...(facts.cluster?.caPem !== undefined && { trusted: facts.cluster.caPem }),
  };
}

/** Both certificates of a member, as the inventory wants them. */
export function memberCertificates(target: Target<EtcdFacts>): readonly MemberCertificate[] {
  return (['server', 'peer'] as const).map((kind) => {
    return { name: memberOf(target).name, kind, sans: memberSans(target) };
  });
}

/** The names and addresses of a member's certificates: its own, loopback, and what the inventory adds. */
export function memberSans(target: Target<EtcdFacts>): readonly string[] {
  const { name, address, listenAddress, peerAddress, peerListenAddress } = memberOf(target);
  const extra = target.vars.etcd_extra_sans as readonly string[];
  const further = target.facts.cluster?.furtherHosts ?? [];
  return [
    ...new Set([
      address,
      ...(listenAddress ? [listenAddress] : []),
      peerAddress,
      ...(peerListenAddress ? [peerListenAddress] : []),
      name,
      'localhost',
      '127.0.0.1',
      ...extra,
      ...further,
    ]),
  ];
}
