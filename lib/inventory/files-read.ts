import { PerRun } from '../dsl/common/per-run.ts';

const read = new PerRun(() => new Map<string, Buffer>());

/** Files that this run has read for its inventory, by path, with the bytes that were read: a plan rests on them. */
export function filesRead(): ReadonlyMap<string, Buffer> {
  return read.own;
}

export function noteRead(file: string, bytes: Buffer): void {
  read.own.set(file, bytes);
}
