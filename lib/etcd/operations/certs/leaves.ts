import { sh } from '../../../dsl/shell/sh.ts';
import { printedByName } from '../../facts/etcdctl/asked.ts';
import { memberCertificate } from '../../facts/found-certificates.ts';
import { memberOf } from '../../model/cluster.ts';
import type { EtcdHost } from '../../surveyed.ts';

/** A certificate of a member, as it lies on its host. */
export interface Leaf {
  readonly file: (typeof FILES)[number];
  readonly pem: string;
}

const FILES = ['server.pem', 'peer.pem'] as const;

/** Certificates of members by their hosts: of those that run as the facts have them, of the others as they are read here. */
export async function readLeaves(
  hosts: readonly EtcdHost[],
): Promise<ReadonlyMap<EtcdHost, readonly Leaf[]>> {
  return new Map(await Promise.all(hosts.map(async (host) => [host, await leavesOf(host)] as const)));
}

async function leavesOf(host: EtcdHost): Promise<readonly Leaf[]> {
  const known = host.target.facts.reading?.certificates ?? [];
  const found = known.length === FILES.length ? known : await readFiles(host);
  return found.flatMap(({ file, pem }) => (pem === undefined ? [] : [{ file, pem }]));
}

async function readFiles(host: EtcdHost) {
  const { certDir } = memberOf(host.target);
  const { out } = await host.read(
    'looking at its certificates',
    sh`for q_pem in ${[...FILES]}; do q_part "@$q_pem 0"; cat -- ${certDir}/"$q_pem" 2>/dev/null || :; done`,
  );
  const printed = printedByName(out);
  return FILES.flatMap((file) => memberCertificate(file, printed(file)?.out ?? '') ?? []);
}
