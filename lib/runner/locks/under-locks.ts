import type { LoopHost } from '../loop-host.ts';
import type { Session } from '../session.ts';

/**
 * Works under the run locks of hosts: of all that belong together with one that has changes, or two runs with
 * another `--limit` each would restart two members of one cluster at once. They are taken one by one in the
 * order of the inventory, which is the same for every run: whoever loses, loses to a run that only wants
 * later ones, so of those that race one always goes on.
 */
export async function underLocks(
  session: Session,
  hosts: readonly LoopHost<unknown>[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await lockAll(session, hosts);
    await work();
  } finally {
    // Those of an approved plan are kept until all of it is done.
    if (!session.options.approval) await session.locks.release();
  }
}

/** One by one, in the order of the inventory; a host without records of ours gets one only where `create` says so. */
export async function lockAll<Facts>(
  session: Session,
  hosts: readonly LoopHost<Facts>[],
  create: (host: LoopHost<Facts>) => boolean = (host) => host.changesItself,
): Promise<void> {
  for (const host of hosts.filter(({ target }) => !session.failed(target.name)))
    await session.locks.take(host.host, host.stateDir, { create: create(host), holds: host.holds });
}
