import type { Snapshot } from '../../snapshots/index.ts';
import { isOfFuture } from '../../snapshots/snapshot.ts';

const UNITS: readonly (readonly [seconds: number, unit: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** `3 h` of 3 h 20 min: for people who ask how old something is. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [size, unit] = UNITS.find(([least]) => seconds >= least) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** `20.5 MiB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const at = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** at;
  return `${at === 0 ? value : value.toFixed(1)} ${units[at]}`;
}

/** What is in a snapshot, for a line about it. */
export function contentText({ revision, keys, size, age, version, before }: Snapshot): string {
  const old = isOfFuture({ age }) ? 'dated in the future' : `${ageText(age)} old`;
  return `${old}, revision ${revision}, ${keys} keys, ${sizeText(size)}, etcd ${version}${before ? `, before ${before}` : ''}`;
}
