import { runId } from '../../../dsl/common/run-id.ts';
import { type Intent, isRun } from '../../facts/intent.ts';
import { memberOf } from '../../model/cluster.ts';
import { openOf } from '../../survey/intents.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { RestorePlace } from '../restore/shell.ts';
import { fromOf, targetOf, VERB, wordsOf } from './flags.ts';
import { type Found, lookAt } from './sources.ts';
import { hasJoined, type RecoverProgress } from './steps.ts';

/** How far a recovery has come. */
export interface Standing {
  /** What this verb has begun and not finished. */
  readonly open: Intent | undefined;
  /** ID of the run that began it, or of this one. */
  readonly run: string;
  readonly progress: readonly Found['progress'][];
  /** Data was set aside on some host: there is no way back to the cluster of before. */
  readonly moved: boolean;
  /** Hosts whose data the user has declared lost, in this run or the one that began. */
  readonly lost: readonly string[];
  /** Data is moved, and the host that it was to be made of is gone before anybody joined it: another one may take its place. */
  readonly orphaned: boolean;
  /** Runs before this one that have set data aside for another host's sake, the latest first. */
  readonly before: readonly string[];
}

/** Reads how far it has come. While nothing is moved, or nobody is there whom it was moved for, another `--from` begins anew. */
export async function standingOf(surveyed: Surveyed): Promise<Standing> {
  const { hosts } = surveyed;
  const { from, lost } = wordsOf(hosts);
  const open = openOf(hosts, VERB);
  const earlier = listed(open?.notes?.before).filter(isRun);
  const look = async (run: string, before: readonly string[]) =>
    (await lookAtAll(surveyed, run, false, before)).map(({ progress }) => progress);
  const found = await look(open?.runId ?? runId(), earlier);
  const moved = earlier.length > 0 || found.some((one) => one.moved);
  const orphaned = open !== undefined && moved && isOrphaned(found, fromOf(open.target));
  const anew = (!moved || orphaned) && from !== undefined && targetOf(from) !== open?.target;
  const run = (anew ? undefined : open?.runId) ?? runId();
  const before = anew && orphaned ? [open.runId, ...earlier] : earlier;
  const progress =
    before === earlier
      ? found.map((one) => (anew ? { ...one, prepared: false } : one))
      : await look(run, before);
  return {
    open,
    run,
    progress,
    moved,
    lost: [...new Set([...listed(open?.notes?.lost), ...lost])],
    orphaned,
    before,
  };
}

function listed(note: string | undefined): readonly string[] {
  return note?.split(',') ?? [];
}

/** What it was to be made of is not here, and nobody else has begun with it: no client has been let in. */
function isOrphaned(progress: readonly RecoverProgress[], survivor: string): boolean {
  const first = progress.find(({ host }) => host === survivor);
  const isGone = first === undefined || !(first.data || first.kept || first.prepared || first.placed);
  return isGone && !progress.some((one) => hasJoined(one) || one.healthy);
}

/** What each host has. */
export function lookAtAll(
  { hosts }: Surveyed,
  run: string,
  withLog: boolean,
  before: readonly string[],
): Promise<readonly Found[]> {
  return Promise.all(hosts.map((host) => lookAt(host, placeOf(host, run), withLog, before)));
}

/** Where a host keeps what is made in between. */
export function placeOf({ target }: EtcdHost, run: string): RestorePlace {
  return { member: memberOf(target), run, verb: VERB };
}
