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
  const folders = new Set<string>();
  const leftOut = (folder: string) => void folders.add(folder);
  const code = codeDigest(order.playbook, undefined, leftOut);
  if (code === undefined)
    throw new QuorateError(`there is no playbook ${order.name} on this machine`, { exitCode: EXIT.usage });
  const digests = new InventoryDigests(order, code, leftOut);
  const jobs: Job[] = [];
  for (const job of clustersOf(patterns, shards)) jobs.push({ ...job, digest: await digests.of(job) });
  const notices = [...folders].map(
    (folder) => `${folder} has more than 10,000 files: nobody looks whether workers have the same ones`,
  );
  return { order: { ...order, code }, jobs, notices };
}
