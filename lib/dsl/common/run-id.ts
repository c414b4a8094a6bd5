import { randomInt } from 'node:crypto';
import { PerRun } from './per-run.ts';

const ids = new PerRun(() => newRunId(new Date()));

/** The ID of this run: `20261126T231500Z-1a2b3c`. Sorts by time, and tells apart what two people start at once. */
export function runId(): string {
  return ids.own;
}

/** The ID of a run that begins then. Three hex digits for the milliseconds and three of chance follow the second. */
export function newRunId(began: Date): string {
  const second = began.toISOString().replace(/[-:]|\.\d+/g, '');
  return `${second}-${hex(began.getUTCMilliseconds())}${hex(randomInt(0x1000))}`;
}

function hex(number: number): string {
  return number.toString(16).padStart(3, '0');
}
