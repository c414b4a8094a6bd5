import type { DrillState } from '../../../../dsl/states/drill-state.ts';
import type { Snapshot } from '../../../snapshots/index.ts';
import { ageText } from '../wording.ts';
import type { Judgement } from './judge.ts';

/** What came of it, as data. */
export function stateOf(tried: {
  readonly cluster: string;
  readonly host: string;
  readonly from: string;
  readonly snapshot: Snapshot;
  readonly fetchMs: number;
  readonly seconds: number | undefined;
  readonly judged: Judgement;
}): DrillState {
  const { cluster, host, from, snapshot, fetchMs, seconds, judged } = tried;
  return {
    cluster,
    host,
    file: snapshot.file,
    from,
    revision: snapshot.revision,
    ageSeconds: Math.max(0, Math.round(snapshot.age / 1000)),
    behind: judged.behind ?? null,
    fetchSeconds: Math.round(fetchMs / 10) / 100,
    restoreSeconds: seconds ?? null,
    same: judged.same,
    apart: judged.apart ?? null,
    problems: judged.problems,
  };
}

const WHAT: Readonly<Record<string, string>> = {
  hash: 'the hash of all keys',
  count: 'their number',
  keys: 'the content of the first 100',
};

/**
 * The same for people.
 *
 * @example
 * prod: prod-20261127T101500Z-r1234.db of etcd02 restores, on etcd02: revision 1234; as the cluster has it at that revision:
 * the hash of all keys, their number, the content of the first 100. RPO: 3 h, 12 revisions. RTO: 1.42 s
 */
export function drillText(state: DrillState): string {
  const { cluster, file, from, host, revision, ageSeconds, behind, fetchSeconds, restoreSeconds } = state;
  const compared =
    state.apart === null
      ? `as the cluster has it at that revision: ${state.same.map((one) => WHAT[one] ?? one).join(', ') || 'nothing could be compared'}`
      : `not compared with the cluster: ${state.apart}`;
  const lost = behind === null ? 'nobody can say how many revisions' : `${behind} revisions`;
  const brought = fetchSeconds > 0 ? `, and ${fetchSeconds} s to bring it to the host` : '';
  return `${cluster}: ${file} of ${from} restores, on ${host}: revision ${revision}; ${compared}. RPO: ${ageText(ageSeconds * 1000)}, ${lost}. RTO: ${restoreSeconds} s${brought}`;
}
