import { setTimeout as sleep } from 'node:timers/promises';
import type { HoldPlace } from '../../dsl/play.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Host } from '../../transport/host.ts';
import type { AuditNote } from '../audit.ts';
import { type HeldLock, takeLock } from './lock.ts';

/** How often one that is held is asked for again, in ms. */
const AGAIN = 1000;

export interface LockOptions {
  /** What is said of this run to who is refused. */
  readonly note?: AuditNote | undefined;
  /** Milliseconds to wait for a lock that another run holds; 0. */
  readonly wait?: number | undefined;
  /** Told once for each lock that is waited for. */
  readonly waiting?: (message: string) => void;
  /** Somebody asked to end. */
  readonly stopping?: () => boolean;
}

/** See `takeLock`. */
interface Wish {
  readonly create: boolean;
  readonly holds?: readonly HoldPlace[] | undefined;
  /** Until when (ms since 1970) to wait for a lock that somebody has; as long as `--lock-wait` says, from now on. */
  readonly until?: number;
}

/** The run locks that a run holds, each once: hosts that act for others may be among those that are changed themselves. */
export class Locks {
  readonly #held = new Map<string, Promise<HeldLock | undefined>>();
  readonly #options: LockOptions;

  constructor(options: LockOptions = {}) {
    this.#options = options;
  }

  /** Until when to wait for those that are taken from now on, of however many hosts; ms since 1970. */
  deadline(): number {
    return Date.now() + (this.#options.wait ?? 0);
  }

  /** Takes the lock of a host unless it is held already, and tells whether it did; see `takeLock`. */
  async take(host: Host, stateDir: string, wish: Wish): Promise<boolean> {
    const key = `${host.name} ${stateDir}`;
    if ((await this.#held.get(key)) !== undefined) return false;
    const taken = this.#takeInTime(host, stateDir, wish);
    this.#held.set(key, taken);
    try {
      return (await taken) !== undefined;
    } catch (error) {
      this.#held.delete(key);
      throw error;
    }
  }

  /** Lets go of one, which another run may have. */
  async giveBack(host: Host, stateDir: string): Promise<void> {
    const key = `${host.name} ${stateDir}`;
    const lock = await this.#held.get(key);
    this.#held.delete(key);
    await lock?.release();
  }

  async #takeInTime(
    host: Host,
    stateDir: string,
    { until = this.deadline(), ...wish }: Wish,
  ): Promise<HeldLock | undefined> {
    const { note, waiting, stopping } = this.#options;
    for (let tries = 0; ; tries++) {
      try {
        return await takeLock(host, stateDir, { ...wish, note });
      } catch (error) {
        const isHeld = error instanceof QuorateError && error.exitCode === EXIT.locked;
        const left = until - Date.now();
        if (!isHeld || left <= 0 || stopping?.()) throw error;
        if (tries === 0) waiting?.(`waiting: ${error.message}`);
        await sleep(Math.min(AGAIN, left));
      }
    }
  }

  async release(): Promise<void> {
    const all = [...this.#held.values()];
    this.#held.clear();
    await Promise.allSettled(all.map(async (lock) => (await lock)?.release()));
  }
}
