import type { Host } from '../transport/host.ts';
import { type HeldLock, takeLock } from './lock.ts';

/** The run locks that a run holds, each once: hosts that act for others may be among those that are changed themselves. */
export class Locks {
  readonly #held = new Map<string, Promise<HeldLock | undefined>>();

  /** Takes the lock of a host unless it is held already; see `takeLock`. */
  async take(host: Host, stateDir: string, options: { readonly create: boolean }): Promise<void> {
    const key = `${host.name} ${stateDir}`;
    if ((await this.#held.get(key)) !== undefined) return;
    const taken = takeLock(host, stateDir, options);
    this.#held.set(key, taken);
    await taken;
  }

  async release(): Promise<void> {
    const all = [...this.#held.values()];
    this.#held.clear();
    await Promise.allSettled(all.map(async (lock) => (await lock)?.release()));
  }
}
