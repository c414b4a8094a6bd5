import { randomBytes } from 'node:crypto';
import { PerRun } from './per-run.ts';

const ids = new PerRun(
  () => `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`,
);

/** Of this run: `20261126T231500Z-1a2b3c`. Sorts by time, and tells apart what two people start at once. */
export function runId(): string {
  return ids.own;
}
