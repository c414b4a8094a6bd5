import type { Serial } from '../dsl/play.ts';

/**
 * Hosts in batches, as Ansible's `serial` has it: a number of them, or a part of all; of a list each entry is one batch,
 * and the last is repeated until all hosts have had their turn. Without it all are one batch.
 */
export function batchesOf<T>(hosts: readonly T[], serial: Serial | undefined): readonly (readonly T[])[] {
  const sizes = serial === undefined ? [] : [serial].flat().map((one) => sizeOf(one, hosts.length));
  const batches: T[][] = [];
  for (let at = 0; at < hosts.length; at += batches.at(-1)?.length ?? 0) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)] ?? hosts.length;
    batches.push(hosts.slice(at, at + size));
  }
  return batches.length > 0 ? batches : [[]];
}

/** At least one host, or it would never end; 0 is all of them, as in Ansible. */
function sizeOf(one: number | string, all: number): number {
  if (typeof one === 'string') return Math.max(1, Math.floor((Number.parseFloat(one) * all) / 100));
  return one === 0 ? all : one;
}

/** More hosts of a batch have failed than may. */
export function isTooMany(failed: number, batch: number, maxFailPercentage = 0): boolean {
  return (failed * 100) / Math.max(1, batch) > maxFailPercentage;
}
