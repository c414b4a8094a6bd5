import { commandLine } from '../../../command-line.ts';
import type { QuorateError } from '../../../errors.ts';
import { quorum } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { type NamedCluster, verbLine } from '../../verb-line.ts';

/** A host of the inventory, or a recorded member that it lacks, as far as it decides whether the quorum is lost. */
export interface Witness {
  readonly host: string;
  readonly reached: boolean;
  /** Not reached from this machine, and answers a host that is. */
  readonly answersOthers: boolean;
  /** There is data with its raft log. */
  readonly data: boolean;
  /** A linearizable read goes through its member. */
  readonly healthy: boolean;
  /** Its member knows a leader. */
  readonly follows: boolean;
}

/**
 * Why nothing is to be recovered: there is a quorum, or there may be one; undefined where it is lost as far as anybody
 * can see from here.
 *
 * @param voters Members of the cluster that is lost.
 * @param lost Hosts whose data the user has declared lost.
 */
export function whyNotLost(
  cluster: NamedCluster,
  witnesses: readonly Witness[],
  voters: number,
  lost: readonly string[],
): QuorateError | undefined {
  const names = (some: readonly Witness[]) => some.map(({ host }) => host).join(', ');
  const healthy = witnesses.filter((one) => one.healthy);
  if (healthy.length > 0) {
    return refusal(
      cluster,
      `it has a quorum: ${names(healthy)} ${healthy.length === 1 ? 'reads' : 'read'} and ${healthy.length === 1 ? 'writes' : 'write'} with it; nothing is to be recovered`,
      `${commandLine('status')} shows it, ${verbLine('members', cluster, '--replace', 'NAME')} puts a new member in the place of a dead one`,
    );
  }
  const following = witnesses.filter((one) => one.follows);
  if (following.length > 0) {
    return refusal(
      cluster,
      `${names(following)} ${following.length === 1 ? 'follows' : 'follow'} a leader: there is a quorum, or there was one a moment ago`,
      `run again in a minute; ${commandLine('doctor')} looks for causes`,
    );
  }
  const hidden = witnesses.filter((one) => one.answersOthers);
  if (hidden.length > 0) {
    return refusal(
      cluster,
      `${names(hidden)} ${hidden.length === 1 ? 'is' : 'are'} not reached from here, and ${hidden.length === 1 ? 'its member answers' : 'their members answer'} the other hosts: not lost`,
      'let this machine reach them, and run again',
    );
  }
  const kept = keptBy(witnesses, lost);
  if (kept.length === 0) {
    return refusal(
      cluster,
      'no host that was reached has data of a member: there is nothing to recover from',
      `restore a snapshot: ${verbLine('restore', cluster, '--from', 'FILE')}; ${verbLine('backup', cluster, '--list')} shows which there are`,
    );
  }
  const needed = quorum(voters);
  if (kept.length < needed) return undefined;
  const dead = kept.length - needed + 1;
  // One that must not be started as it is would keep a run from starting the others.
  const limit = witnesses.some(({ reached, data }) => reached && !data)
    ? ` -l ${kept.map(({ host }) => host).join(',')}`
    : '';
  return refusal(
    cluster,
    `${voters} voters, quorum ${needed}, and ${kept.length} have their data: ${names(kept)}; once they run there is a quorum, and nothing is lost`,
    `start them: ${commandLine('site')}${limit}, and ${commandLine('doctor')} says why they do not; where ${dead === 1 ? 'one of them is' : `${dead} of them are`} beyond that, say so: --lost ${kept
      .slice(-dead)
      .map(({ host }) => host)
      .join(',')}`,
  );
}

/** There is a quorum again, or will be once those run that have their data. */
export function isBack(witnesses: readonly Witness[], voters: number, lost: readonly string[]): boolean {
  return witnesses.some(({ healthy }) => healthy) || keptBy(witnesses, lost).length >= quorum(voters);
}

function keptBy(witnesses: readonly Witness[], lost: readonly string[]): readonly Witness[] {
  return witnesses.filter(({ data, host }) => data && !lost.includes(host));
}
