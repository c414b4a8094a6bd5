import { EXIT, QuorateError } from '../../errors.ts';
import { clustersOf } from '../clusters.ts';
import { codeDigest, InventoryDigests } from '../digest.ts';
import type { Job, Order } from '../order.ts';

/**
 * The order and its jobs, with digests of what is meant: as code and inventories are on this machine, now. `notices` say
 * what no digest covers.
 */
export async function pinned(
  order: Order,
  patterns: readonly string[],
  shards: number,
): Promise<{ readonly order: Order; readonly jobs: readonly Job[]; readonly notices: readonly string[] }> {
  const notices = new Set<string>();
  const notice = (what: string) => void notices.add(what);
  const code = codeDigest(order.playbook, undefined, notice);
  if (code === undefined)
    throw new QuorateError(`there is no playbook ${order.name} on this machine`, { exitCode: EXIT.usage });
  const digests = new InventoryDigests(order, code, notice);
  const jobs: Job[] = [];
  for (const job of clustersOf(patterns, shards)) jobs.push({ ...job, digest: await digests.of(job) });
  return { order: { ...order, code }, jobs, notices: [...notices] };
}
