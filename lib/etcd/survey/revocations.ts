import { sha256 } from '../../dsl/path.ts';
import type { PlayRun } from '../../dsl/play.ts';
import {
  certificatesIn,
  covers,
  crlPath,
  listOf,
  type PkiOptions,
  type RevocationList,
  readCa,
  readCrl,
  readList,
  readNextCa,
  readPreviousCas,
  signersUnder,
  takeInLists,
  whyUnsigned,
} from '../../pki/index.ts';
import type { ClusterFacts, EtcdFacts, WantedList } from '../facts/index.ts';
import { pkiOptions } from '../files/certificates.ts';
import { memberOf, quorum } from '../model/cluster.ts';
import { crlFile } from '../model/paths.ts';
import { clusterFacts, type EtcdHost, type Surveyed } from '../surveyed.ts';

/**
 * The list of revoked certificates that hosts are to have: what control and any of them have, since who is revoked stays
 * so, whatever machine did it. Where it cannot be signed here, hosts keep what control lacks, and a warning says so.
 *
 * @param caPem The CA in use.
 */
export async function revocations(
  run: Pick<PlayRun<EtcdFacts>, 'log'>,
  surveyed: Surveyed,
  caPem: string | undefined,
): Promise<Pick<ClusterFacts, 'crl'>> {
  const { cluster, hosts } = surveyed;
  const [first] = hosts;
  const own = await readCrl(cluster.pkiDir);
  const strange = hosts.some(({ target: { facts } }) => facts.kept.crl && !own?.equals(facts.kept.crl));
  if (first === undefined || !strange) return own === undefined ? {} : { crl: ownList(cluster.pkiDir, own) };
  const lists = await listsOnHosts(surveyed, caPem);
  const crl = await united(run, surveyed, pkiOptions(first.target), lists);
  return crl === undefined ? {} : { crl };
}

/** The lists that hosts have, each once: as far as a CA of this cluster has signed them, others say nothing of its clients. */
export async function listsOnHosts(
  { cluster, hosts }: Surveyed,
  caPem: string | undefined,
): Promise<ReadonlyMap<EtcdHost, RevocationList>> {
  const { pkiDir } = cluster;
  const [ca, next, previous] = await Promise.all([
    readCa(pkiDir),
    readNextCa(pkiDir),
    readPreviousCas(pkiDir),
  ]);
  const trusted = [caPem, ca, next, ...previous].flatMap((one) => one ?? []);
  const cas = await signersUnder(pkiDir, trusted.join(''));
  const known = new Map<string, Promise<RevocationList | undefined>>();
  const found = new Map<EtcdHost, RevocationList>();
  for (const host of hosts) {
    const { crl } = host.target.facts.kept;
    if (crl === undefined) continue;
    const key = sha256(crl);
    const parsed = known.get(key) ?? listOf(crl, [...cas, ...trustedByMost({ cluster, hosts })]);
    known.set(key, parsed);
    const list = await parsed;
    if (list) found.set(host, list);
  }
  return found;
}

/** The lists of revoked certificates that members are to look at, DER: `own`, that of control, and those that `listsOnHosts` finds. */
export async function listsThatCount(surveyed: Surveyed, own?: Buffer): Promise<readonly Buffer[]> {
  const haveAny = surveyed.hosts.some(({ target: { facts } }) => facts.kept.crl !== undefined);
  const signed = haveAny
    ? await listsOnHosts(surveyed, clusterFacts(surveyed)?.caPem)
    : new Map<EtcdHost, RevocationList>();
  return [...(own ? [own] : []), ...[...signed.values()].map(({ der }) => der)];
}

/** Also of a CA that is lost here: one host alone cannot bring in another. */
function trustedByMost({ cluster, hosts }: Surveyed): readonly string[] {
  const all = hosts.flatMap(({ target }) => [
    ...new Set(certificatesIn(target.facts.caPem ?? '').map((one) => one.toString())),
  ]);
  const needed = quorum(cluster.members.length);
  return [...new Set(all)].filter((pem) => all.filter((one) => one === pem).length >= needed);
}

function ownList(dir: string, der: Buffer): WantedList {
  const laid = { source: crlPath(dir), sha256: sha256(der) };
  return { sha256: laid.sha256, keeps: [], lay: async () => laid };
}

async function united(
  run: Pick<PlayRun<EtcdFacts>, 'log'>,
  { cluster }: Surveyed,
  options: PkiOptions,
  onHosts: ReadonlyMap<EtcdHost, RevocationList>,
): Promise<WantedList | undefined> {
  const own = await readList(options.dir);
  const lists = [...(own ? [own] : []), ...onHosts.values()];
  const whole = lists.find((one) => lists.every((other) => covers(one, other)));
  const why = whole ? undefined : await whyUnsigned(options);
  if (why === undefined) {
    if (lists.length === 0) return undefined;
    const laying = once(() => layDown(options, lists));
    return { sha256: whole && sha256(whole.der), keeps: [], lay: laying };
  }
  const [best] = lists;
  if (best === undefined) return undefined;
  const keeps = [...onHosts].filter(([, list]) => !covers(best, list)).map(([host]) => host.target);
  const names = keeps.map((target) => `${target.name}:${crlFile(memberOf(target))}`).join(', ');
  run.log(
    'warning',
    `${cluster.name}: revoked by another machine, and kept as it is: ${names}. The other hosts do not have all of it: ${why}`,
  );
  return {
    sha256: sha256(best.der),
    keeps: keeps.map(({ name }) => name),
    lay: once(() => layDown(options, [best])),
  };
}

async function layDown(options: PkiOptions, lists: readonly RevocationList[]) {
  await takeInLists(options, lists);
  return { source: crlPath(options.dir), sha256: sha256((await readCrl(options.dir)) ?? '') };
}

/** All hosts of a run ask for it. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= work());
}
