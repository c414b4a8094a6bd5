import type { QuorateError } from '../../errors.ts';
import { fingerprints } from '../../pki/index.ts';
import { quorum } from '../model/cluster.ts';
import { refusal } from '../refusal.ts';
import type { Surveyed } from '../surveyed.ts';

/**
 * The CA that a strict majority of all members has, those included that were not reached: one file that somebody
 * changed must not become everybody's. Whole files are compared, certificate by certificate. A refusal where there
 * is no such majority.
 */
export function caOfHosts({ cluster, hosts }: Surveyed): string | QuorateError {
  const alike = new Map<string, { readonly pem: string; readonly names: string[] }>();
  for (const { target } of hosts) {
    const pem = target.facts.caPem;
    if (pem === undefined) continue;
    const entry = alike.get(trusts(pem)) ?? { pem, names: [] };
    entry.names.push(target.name);
    alike.set(trusts(pem), entry);
  }
  const needed = quorum(cluster.members.length);
  const ruling = [...alike.values()].find(({ names }) => names.length >= needed);
  if (ruling) return ruling.pem;
  const said = [...alike].map(([what, { names }]) => `${what} on ${names.join(', ')}`);
  return refusal(
    cluster,
    `there is no CA in ${cluster.pkiDir}, and fewer than ${needed} of its ${cluster.members.length} members have the same one: ${said.join('; ') || 'none has any'}`,
    'copy that folder from who made the cluster; or see that all hosts can be reached, and which of them has another CA',
  );
}

/**
 * Hosts that were set up with another CA than this one, by their record, or without one by the file that is there.
 * `passing` has CAs that hosts may trust, some or all of them, while one takes another's place.
 */
export function caProblems(
  { cluster, hosts }: Surveyed,
  ca: string,
  passing: readonly string[] = [],
): readonly QuorateError[] {
  const wanted = trusts(ca);
  const passes = passing.flatMap(fingerprints);
  return hosts.flatMap(({ target }) => {
    const { data, formed, kept, caPem } = target.facts;
    if (data !== 'present' && formed === undefined) return [];
    const recorded = kept.trusted.length > 0 ? kept.trusted.join(' ') : undefined;
    const has = recorded ?? (caPem === undefined ? undefined : trusts(caPem));
    const isOurs = has === undefined || has === wanted || has.split(' ').every((one) => passes.includes(one));
    if (isOurs) return [];
    return refusal(
      { host: target.name },
      `its CA has SHA-256 ${has}, ${cluster.name} here has ${wanted} (${cluster.pkiDir})`,
      'it lives under another CA: use the folder of who made it; it is not this cluster unless the two are the same',
    );
  });
}

function trusts(pem: string): string {
  return fingerprints(pem).join(' ');
}
