import { EXIT, QuorateError } from '../../../../errors.ts';
import type { Snapshot } from '../../../snapshots/index.ts';
import { byAge, partsOf } from '../../../snapshots/snapshot.ts';
import { livingId, type Surveyed } from '../../../surveyed.ts';
import { makesNewCluster } from '../../../verbs.ts';
import { plainName } from '../copies.ts';

/**
 * The newest snapshot of the cluster that lives: others of its name may belong to somebody else, and say nothing of it.
 * Where nobody answers, or none was taken since a restore, the newest of all. One that is dated in the future is the last choice. Throws 7 where there is none.
 */
export function chooseNewest<T extends { readonly snapshot: Snapshot }>(
  surveyed: Surveyed,
  all: readonly T[],
  where: string,
): T {
  const { name } = surveyed.cluster;
  const id = livingId(surveyed);
  const sorted = [...all].sort((a, b) => byAge(a.snapshot, b.snapshot));
  const [newest] = sorted;
  if (newest === undefined) throw none(`${name}: there is no verified snapshot to try ${where}`);
  const own = id === undefined ? newest : sorted.find(({ snapshot }) => snapshot.clusterId === id);
  if (own) return own;
  if (isRenewedSince(surveyed, newest.snapshot)) return newest;
  throw none(
    `${name}: none of the verified snapshots ${where} is of this cluster: its ID is ${id}, that of the newest, ${newest.snapshot.file}, ${newest.snapshot.clusterId}`,
  );
}

/** Those names whose time is later. */
export function newerThan({ file }: Snapshot, names: readonly string[]): readonly string[] {
  const stamp = partsOf(file)?.stamp ?? '';
  return names.filter((name) => (partsOf(plainName(name))?.stamp ?? '') > stamp);
}

/** Its hosts remember that it was restored, or recovered, after that; IDs of runs begin with their time. */
function isRenewedSince({ hosts }: Surveyed, { file, run }: Snapshot): boolean {
  const stamp = partsOf(file)?.stamp ?? '';
  return hosts.some(({ target: { facts } }) => {
    const { intent } = facts;
    if (intent?.done === undefined || intent.givenUp || !makesNewCluster(intent.verb)) return false;
    return [intent.runId, intent.done].includes(run) || intent.done > stamp;
  });
}

function none(message: string): QuorateError {
  return new QuorateError(message, {
    exitCode: EXIT.unhealthy,
    hint: 'take one: run backup without --drill',
  });
}
