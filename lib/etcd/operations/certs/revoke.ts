import { sha256 } from '../../../dsl/path.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import {
  type ClientBundle,
  isOn,
  readBundles,
  readList,
  revokeBundle,
  wasRevoked,
  whyUnsigned,
} from '../../../pki/index.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { pkiOptions } from '../../files/certificates.ts';
import { refusal } from '../../refusal.ts';
import { listsOnHosts } from '../../survey/revocations.ts';
import { clusterFacts, type EtcdHost, type Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import type { OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { layingSteps, refuseOwnList } from './lists.ts';
import { surveyWithCas } from './rotation/state.ts';

/**
 * Takes the certificates of a client away: the list of revoked ones on control, then on each host, where etcd reads it
 * for each connection; the first time, members are restarted to look at it at all.
 */
export async function deriveRevocation(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  name: string,
): Promise<readonly OperationStep[]> {
  const { cluster } = surveyed;
  await surveyWithCas(run, surveyed);
  refuseOwnList(surveyed);
  const there = (await readBundles(cluster.pkiDir)).find((one) => one.name === name);
  if (there) await refuseUnsigned(surveyed, there);
  if (!there && !(await wasRevoked(cluster.pkiDir, name))) {
    throw refusal(
      cluster,
      `there is no client ${name} whose certificate could be revoked; nothing was changed`,
      `only what was issued with --client can be, and is noted in ${cluster.pkiDir}`,
    );
  }
  const list = clusterFacts(surveyed)?.crl;
  const isLaid = ({ name, facts: { kept } }: EtcdHost['target']) =>
    list === undefined ||
    list.keeps.includes(name) ||
    (kept.crl !== undefined && sha256(kept.crl) === list.sha256);
  const laying = await layingSteps(run, surveyed, ({ target }) => there !== undefined || !isLaid(target));
  return there ? [revocation(surveyed, name), ...laying] : laying;
}

function revocation(surveyed: Surveyed, name: string): OperationStep {
  const { hosts } = surveyed;
  return {
    host: 'control',
    title: `put every certificate of ${name} on the list of revoked ones`,
    ledger: ledger(tallyOf(hosts)),
    carryOut: async () => {
      const { target } = hosts[0]!;
      const others = await listsOnHosts(surveyed, target.facts.cluster?.caPem);
      await revokeBundle(pkiOptions(target), name, [...others.values()]);
    },
  };
}

/** A list is signed by the CA: told before anything is asked. What is on one already needs no other. */
async function refuseUnsigned(
  { cluster, hosts }: Surveyed,
  { serials }: Pick<ClientBundle, 'serials'>,
): Promise<void> {
  const list = await readList(cluster.pkiDir);
  if (list && isOn(list, serials)) return;
  const why = await whyUnsigned(pkiOptions(hosts[0]!.target));
  if (why === undefined) return;
  throw refusal(
    cluster,
    `no list of revoked certificates can be signed here: ${why}; nothing was changed`,
    `run it on a machine that has the key of the CA; where that is not yours, have the CA revoke serial ${serials.join(', ')}, take its list in with ${verbLine('certs', cluster, '--crl', 'FILE')}, and run this again`,
  );
}
