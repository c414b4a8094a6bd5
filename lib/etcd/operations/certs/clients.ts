import { join } from 'node:path';
import type { PlayRun } from '../../../dsl/play.ts';
import { fromHere } from '../../../paths.ts';
import { bundlePath, fingerprint, readBundles, readIfAny } from '../../../pki/index.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { clusterPki } from '../../files/certificates.ts';
import type { Surveyed } from '../../surveyed.ts';
import type { OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { configLines } from './config-lines.ts';
import { surveyWithCas } from './rotation/state.ts';

/**
 * A client's bundle: made where there is none, made anew where it is due or its key is not on this machine. No member is
 * touched.
 */
export async function deriveClient(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  name: string,
): Promise<readonly OperationStep[]> {
  const { cluster, hosts } = surveyed;
  await surveyWithCas(run, surveyed, { issues: true });
  const [first] = hosts;
  if (first === undefined) return [];
  const pki = await clusterPki(first.target);
  const there = (await readBundles(cluster.pkiDir)).find((one) => one.name === name);
  const retired = there?.certPem && !there.hasKey ? [fingerprint(there.certPem)] : [];
  const due = (await pki.bundlesDue(retired)).includes(name);
  if (there && !due) return [];
  return [
    {
      host: 'control',
      title: there ? `make the bundle of ${name} anew` : `issue a bundle for ${name}`,
      ledger: ledger(tallyOf(hosts)),
      carryOut: async () => {
        await pki.issueBundle(name, await trustedByClients(surveyed), { retired });
      },
    },
  ];
}

/** Where it lies, and what goes into the configuration of programs that often use etcd. */
export function clientSaid({ cluster }: Surveyed, name: string): string {
  const urls = cluster.members.map(({ clientUrl }) => clientUrl);
  const folder = fromHere(join(cluster.pkiDir, 'clients', name));
  return [
    `${cluster.name}: the bundle of ${name} is in ${folder}: ca.pem, ${name}.pem, ${name}-key.pem`,
    ...configLines(name, urls),
  ].join('\n');
}

/** What clients are told to trust while two CAs are in use; undefined where it is the CA alone. */
export function trustedByClients({ cluster }: Surveyed): Promise<string | undefined> {
  return readIfAny(bundlePath(cluster.pkiDir));
}
