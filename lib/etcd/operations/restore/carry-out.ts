import type { ActOptions, PlayRun } from '../../../dsl/play.ts';
import { type Sh, sh } from '../../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { dataVersions, newestVersion } from '../../facts/data-version.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { judgeCluster } from '../../health/judge.ts';
import type { Cluster } from '../../model/cluster.ts';
import { stopMember } from '../../power.ts';
import { refusal } from '../../refusal.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { clearHost, sentFile } from '../common/left-over.ts';
import { openInTurn } from '../common/open-turn.ts';
import type { Source } from './file-source.ts';
import { refuseNewer } from './fit.ts';
import { VERB } from './flags.ts';
import { keptIn, nextDir, openToClients, prepare, type RestorePlace, startClosed } from './shell.ts';
import type { RestoreKind } from './steps.ts';
import { placeData } from './swap.ts';
import { askRestored } from './whole.ts';

/** What a step has at hand. */
export interface AtHand {
  readonly run: PlayRun<EtcdFacts>;
  readonly surveyed: Surveyed;
  readonly source: Source;
}

/** Does what a step says, on this host. Throws where it is not done. */
export async function restoreStep(
  kind: RestoreKind,
  host: EtcdHost,
  place: RestorePlace,
  atHand: AtHand,
): Promise<void> {
  switch (kind) {
    case 'prepare':
      return prepareOn(host, place, atHand);
    case 'stop':
      return act(host, 'stopping etcd', stopMember(place.member));
    case 'place':
      await act(host, 'putting the restored data in place', placeData(place));
      atHand.run.log('info', `${host.target.name}: its old data is kept in ${keptIn(place)}`);
      return;
    case 'start':
      return act(host, 'starting etcd', startClosed(place.member));
    case 'wait':
      return waitForAll(atHand);
    case 'open':
      return openInTurn(atHand.run, atHand.surveyed, host, (one) =>
        act(one, 'opening it to clients', openToClients(place)),
      );
  }
}

/** On this host alone: the others still serve, and so does this one. */
async function prepareOn(
  host: EtcdHost,
  place: RestorePlace,
  { surveyed: { cluster }, source }: AtHand,
): Promise<void> {
  const seconds = Math.ceil(180 + (source.bytes / 2 ** 20) * 0.5);
  // Its room is wanted.
  await act(host, 'taking away what others have left', clearHost(place.member));
  await host.send('sending the snapshot', await source.path(), sentFile(place.member));
  await refuseNewerSent(host, place, source.name, otherwise(cluster));
  await act(host, 'restoring it beside the data', prepare(place, cluster, source.sha256), {
    seconds,
    grows: sh`${nextDir(place)}`,
    hint: otherwise(cluster),
  });
}

/** What the file itself tells: a description may be missing. */
async function refuseNewerSent(
  host: EtcdHost,
  { member }: RestorePlace,
  name: string,
  hint: string,
): Promise<void> {
  const { out } = await host.read('looking which version wrote it', dataVersions(sentFile(member)));
  const version = newestVersion(out);
  if (version !== undefined) refuseNewer(host.target, name, version, hint);
}

async function waitForAll({ run, surveyed, source: { known } }: AtHand): Promise<void> {
  const { cluster } = surveyed;
  const answers = await askRestored(run, surveyed);
  const findings = judgeCluster(answers);
  if (findings.length > 0) {
    const lines = findings.map(({ message }) => `  ${message}`);
    throw refusal(
      cluster,
      ['it did not become whole, and stays closed to clients:', ...lines].join('\n'),
      'once that is put right, the same command goes on',
    );
  }
  const revision = answers[0]?.reading?.status?.revision ?? 0;
  if (known && revision < known.revision) {
    throw refusal(
      cluster,
      `it is at revision ${revision}, and the snapshot at ${known.revision}: it stays closed`,
    );
  }
}

/** What is left where a snapshot cannot be restored: nothing of the cluster has been touched. */
function otherwise(cluster: Cluster): string {
  return `take another snapshot: ${verbLine(VERB, cluster, '--from', 'FILE')}; or leave all as it is: ${verbLine(VERB, cluster, '--give-up')}`;
}

async function act(
  host: EtcdHost,
  doing: string,
  shell: Sh,
  { hint, ...options }: ActOptions & { readonly hint?: string } = {},
): Promise<void> {
  const { code, out } = await host.act(doing, shell, options);
  if (code === 0) return;
  throw new QuorateError(
    `${host.target.name}: ${doing} failed: ${out.trim().split('\n').slice(-5).join('; ')}`,
    {
      exitCode: code === EXIT.untrusted ? EXIT.untrusted : EXIT.failed,
      host: host.target.name,
      ...(hint !== undefined && { hint }),
    },
  );
}
