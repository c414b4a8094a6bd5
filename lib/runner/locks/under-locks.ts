import { EXIT, QuorateError } from '../../errors.ts';
import type { LoopHost } from '../loop-host.ts';
import type { Session } from '../session.ts';

type Lockable = LoopHost<unknown>;

/**
 * Works under the run locks of hosts: of all that belong together with one that has changes, or two runs with
 * another `--limit` each would restart two members of one cluster at once; of hosts that are free of each other
 * (`apart`), each for itself.
 */
export async function underLocks(
  session: Session,
  hosts: readonly Lockable[],
  { apart, work }: { readonly apart: boolean; readonly work: () => Promise<void> },
): Promise<void> {
  try {
    await (apart ? lockEach(session, hosts) : lockAll(session, hosts));
    await work();
  } finally {
    // Those of an approved plan are kept until all of it is done.
    if (!session.options.approval) await session.locks.release();
  }
}

/**
 * All or none, one by one in the order of the inventory, which is the same for every run: whoever loses, loses to a run
 * that only wants later ones, so of those that race one always goes on. A host without records of ours gets one only
 * where `create` says so.
 */
export async function lockAll<Facts>(
  session: Session,
  hosts: readonly LoopHost<Facts>[],
  create: (host: LoopHost<Facts>) => boolean = (host) => host.changesItself,
): Promise<void> {
  const until = session.locks.deadline();
  for (const host of hosts.filter(({ target }) => !session.failed(target.name)))
    await session.locks.take(host.host, host.stateDir, { create: create(host), holds: host.holds, until });
}

/**
 * Side by side; one that somebody has fails, and the others go on. Where it is waited for, none after it in the order
 * of the inventory is kept meanwhile: two runs would wait for each other.
 */
async function lockEach(session: Session, hosts: readonly Lockable[]): Promise<void> {
  const each = (some: readonly Lockable[], work: (host: Lockable) => Promise<unknown>) =>
    session.each(some, nameOf, async (host) => void (await work(host)));
  const take = (host: Lockable, until: number) =>
    session.locks.take(host.host, host.stateDir, { create: host.changesItself, holds: host.holds, until });
  const until = session.locks.deadline();
  for (let rest = hosts; rest.length > 0; ) {
    if (Date.now() >= until) {
      await each(rest, (host) => take(host, until));
      return;
    }
    const refused = new Set<Lockable>();
    const taken = new Set<Lockable>();
    await each(rest, async (host) => {
      try {
        if (await take(host, NOT_AT_ALL)) taken.add(host);
      } catch (error) {
        if (!(error instanceof QuorateError) || error.exitCode !== EXIT.locked) throw error;
        refused.add(host);
      }
    });
    const first = rest.findIndex((host) => refused.has(host));
    if (first < 0) return;
    const later = rest.slice(first + 1);
    await each(
      later.filter((host) => taken.has(host)),
      (host) => session.locks.giveBack(host.host, host.stateDir),
    );
    await each(rest.slice(first, first + 1), (host) => take(host, until));
    rest = later;
  }
}

const NOT_AT_ALL = 0;

function nameOf({ target }: Lockable): string {
  return target.name;
}
