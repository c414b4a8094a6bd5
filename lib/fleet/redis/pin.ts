import { EXIT, QuorateError } from '../../errors.ts';
import { clustersOf } from '../clusters.ts';
import { codeDigest, InventoryDigests } from '../digest.ts';
import type { Job, Order } from '../order.ts';

/** The order and its jobs, with digests of what is meant: as code and inventories are on this machine, now. */
export async function pinned(
  order: Order,
  patterns: readonly string[],
  shards: number,
): Promise<{ readonly order: Order; readonly jobs: readonly Job[] }> {
  const code = codeDigest(order.playbook);
  if (code === undefined)
    throw new QuorateError(`there is no playbook ${order.name} on this machine`, { exitCode: EXIT.usage });
  const digests = new InventoryDigests(order, code);
  const jobs: Job[] = [];
  for (const job of clustersOf(patterns, shards)) jobs.push({ ...job, digest: await digests.of(job) });
  return { order: { ...order, code }, jobs };
}
