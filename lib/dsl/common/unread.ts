import { PerRun } from './per-run.ts';

interface Unread {
  /** Hosts of the play under way that nobody has looked at: left out with `--limit`, in a later batch of `serial`, or not reached. */
  names: readonly string[];
  /** Somebody makes a thing only where no host has it: all batches are looked at before the first is changed. */
  matters: boolean;
}

export const unread = new PerRun<Unread>(() => ({ names: [], matters: false }));
