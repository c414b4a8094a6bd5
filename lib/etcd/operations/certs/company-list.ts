import { sha256 } from '../../../dsl/path.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { crlPath, layList, readArrivedList, readCrl } from '../../../pki/index.ts';
import type { EtcdFacts, WantedList } from '../../facts/index.ts';
import { clusterFacts, type Surveyed } from '../../surveyed.ts';
import type { OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { trustedByClients } from './clients.ts';
import { layingSteps, refuseOwnList } from './lists.ts';
import { surveyWithCas } from './rotation/state.ts';

/** Takes in the list of revoked certificates that a CA elsewhere has signed: on control, then on each host. */
export async function deriveList(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  path: string,
): Promise<readonly OperationStep[]> {
  const { cluster, hosts } = surveyed;
  const dir = cluster.pkiDir;
  await surveyWithCas(run, surveyed);
  refuseOwnList(surveyed);
  const own = await readCrl(dir);
  const all = [own, ...hosts.map(({ target }) => target.facts.kept.crl)].flatMap((one) => one ?? []);
  const inPlace = [...new Map(all.map((one) => [sha256(one), one])).values()];
  const trusted = `${clusterFacts(surveyed)?.caPem ?? ''}${(await trustedByClients(surveyed)) ?? ''}`;
  const { der } = await readArrivedList(path, { dir, trusted, own, inPlace });
  const laid = { source: crlPath(dir), sha256: sha256(der) };
  const crl: WantedList = { sha256: laid.sha256, keeps: [], lay: async () => laid };
  for (const { target } of hosts)
    if (target.facts.cluster) target.facts.cluster = { ...target.facts.cluster, crl };
  const laying = await layingSteps(run, surveyed, ({ target }) => !target.facts.kept.crl?.equals(der));
  if (own?.equals(der)) return laying;
  const taking = {
    host: 'control',
    title: `take in the list of revoked certificates, SHA-256 ${laid.sha256.slice(0, 16)}`,
    ledger: ledger(tallyOf(hosts)),
    carryOut: () => layList(dir, der),
  };
  return [taking, ...laying];
}
