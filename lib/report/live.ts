import type { HostStates } from './host-states.ts';
import type { Settings } from './settings.ts';

/** The part of the screen that is redrawn while a run goes on. */
export interface Live {
  start(): void;
  /** Prints lines that stay, above the live part. */
  print(lines: readonly string[]): void;
  suspend<T>(work: () => Promise<T>): Promise<T>;
  /** Takes the live part off the screen for good. */
  stop(): Promise<void>;
}

export function createLive({ stdout }: Settings, _states: HostStates): Live {
  return {
    start() {},
    print(lines) {
      for (const line of lines) stdout.write(`${line}\n`);
    },
    suspend: (work) => work(),
    async stop() {},
  };
}
