import { partsOf, SKEW, type Snapshot } from './snapshot.ts';

/** So many hours, days, weeks and months keep a snapshot, their last one. */
export interface Keep {
  readonly hours: number;
  readonly days: number;
  readonly weeks: number;
  readonly months: number;
}

/** Reads `24h 7d 4w 12m`, also with commas; undefined for `all`. What is left out keeps none. */
export function parseKeep(text: string): Keep | undefined {
  if (text.trim() === 'all') return undefined;
  const count = (unit: string) => Number(new RegExp(`(\\d+)${unit}`).exec(text)?.[1] ?? 0);
  return { hours: count('h'), days: count('d'), weeks: count('w'), months: count('m') };
}

interface Moment {
  readonly now?: number;
  readonly taken?: readonly string[];
  readonly before?: ReadonlyMap<string, string>;
}

/**
 * The snapshots that may go: those that are the last of no hour, day, week or month that is still to keep one. Periods
 * count by what they have, so a cluster that rests for a year loses nothing. The newest stays in any case, and so does
 * whatever has a name that is not ours. A name that is later than now is from a clock that was wrong: it counts for no
 * period, and stays.
 *
 * @param files Names, of one cluster.
 * @param options.now In milliseconds.
 * @param options.taken What this run has taken stays, whatever its name says.
 * @param options.before Verbs that have taken a file before their first step: the last of each verb stays.
 */
export function thinned(
  files: readonly string[],
  keep: Keep | undefined,
  { now = Date.now(), taken = [], before = new Map() }: Moment = {},
): readonly string[] {
  if (keep === undefined) return [];
  const latest = stampOf(now + SKEW);
  const known = files
    .flatMap((file) => {
      const stamp = partsOf(file)?.stamp;
      return stamp === undefined || stamp > latest ? [] : [{ file, stamp }];
    })
    .sort((a, b) => (a.stamp < b.stamp ? 1 : a.stamp > b.stamp ? -1 : a.file < b.file ? 1 : -1));
  const oldestFirst = known.map(({ file }) => file).reverse();
  const lastOfVerbs = new Map(
    oldestFirst.filter((file) => before.has(file)).map((file) => [before.get(file), file]),
  );
  const stay = new Set([...oldestFirst.slice(-1), ...lastOfVerbs.values(), ...taken]);
  for (const [count, periodOf] of rules(keep)) {
    const seen = new Set<string>();
    for (const { file, stamp } of known) {
      const period = periodOf(stamp);
      if (seen.has(period)) continue;
      if (seen.size === count) break;
      seen.add(period);
      stay.add(file);
    }
  }
  return known.map(({ file }) => file).filter((file) => !stay.has(file));
}

/** The same of snapshots with different cluster IDs, each thinned alone: a restore takes none away of what was before it. */
export function thinnedApart(
  snapshots: readonly Pick<Snapshot, 'file' | 'clusterId' | 'before'>[],
  keep: Keep | undefined,
  moment?: Moment,
): readonly string[] {
  const ids = new Set(snapshots.map(({ clusterId }) => clusterId));
  const before = new Map(snapshots.flatMap((one) => (one.before ? [[one.file, one.before] as const] : [])));
  return [...ids].flatMap((id) =>
    thinned(
      snapshots.filter(({ clusterId }) => clusterId === id).map(({ file }) => file),
      keep,
      { ...moment, before },
    ),
  );
}

/** As names of snapshots have it: `20261127T101500Z`. */
export function stampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** By UTC, of stamps like `20261127T101500Z`. */
function rules({ hours, days, weeks, months }: Keep): readonly [number, (stamp: string) => string][] {
  return [
    [hours, (stamp) => stamp.slice(0, 11)],
    [days, (stamp) => stamp.slice(0, 8)],
    [weeks, weekOf],
    [months, (stamp) => stamp.slice(0, 6)],
  ];
}

/** Weeks begin on Monday; 1 January 1970 was a Thursday. */
function weekOf(stamp: string): string {
  const [year, month, day] = [stamp.slice(0, 4), stamp.slice(4, 6), stamp.slice(6, 8)].map(Number);
  const days = Date.UTC(year ?? 0, (month ?? 1) - 1, day) / 86_400_000;
  return String(Math.floor((days + 3) / 7));
}
