import { PerRun } from './per-run.ts';

/** Hosts of the play under way that nobody has looked at: left out with `--limit`, in a later batch of `serial`, or not reached. */
export const unread = new PerRun<{ names: readonly string[] }>(() => ({ names: [] }));
