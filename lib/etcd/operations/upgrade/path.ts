import { compareVersions, minorOf, newestOf } from '../../model/versions.ts';

/** Why there is no way to a version, or none yet. */
export interface NoWay {
  readonly message: string;
  readonly hint: string;
}

/** From which release on a minor can be left for the next. Source: etcd's upgrade guides, and what the lab has seen. */
const LEAVE_FROM: Readonly<Record<string, { readonly release: string; readonly why: string }>> = {
  '3.5': { release: '3.5.26', why: 'what 3.6 cannot join is mended in 3.5.24 to 3.5.26' },
  '3.6': { release: '3.6.11', why: 'etcd asks for it before 3.7' },
};

export interface Way {
  /** The lowest version that a member runs, and the highest. */
  readonly from: string;
  readonly highest: string;
  readonly to: string;
  /** Releases to stop at, as the user says. */
  readonly via: readonly string[];
}

/**
 * The versions that all members go through, one minor after another, the last being the wanted one: those of `via`, else
 * what runs already, else the newest that is known. Empty where all is reached.
 *
 * @example
 * wayUp({ from: '3.5.30', highest: '3.5.30', to: '3.7.3', via: [] }); // ['3.6.16', '3.7.3']
 */
export function wayUp({ from, highest, to, via }: Way): readonly string[] | NoWay {
  const stops: string[] = [];
  const at = () => stops.at(-1) ?? from;
  for (const minor of minorsBetween(from, to)) {
    const isLast = minor === minorOf(to);
    stops.push(...stopsIn(minor, { from: at(), highest, to, via }));
    const leave = isLast ? undefined : LEAVE_FROM[minor];
    if (leave !== undefined && compareVersions(at(), leave.release) < 0) {
      const newest = newestOf(minor) ?? leave.release;
      if (via.some((one) => minorOf(one) === minor)) return tooOld(at(), leave);
      stops.push(newest);
    }
    if (!isLast && minorOf(at()) !== minor) return notKnown(minor);
  }
  return stops;
}

/** The way down, where etcd has one: one minor after another. */
export function wayDown({ highest, to, via }: Way): readonly string[] | NoWay {
  if (compareVersions(to, '3.5.0') < 0 || minorOf(highest) === '3.5') {
    if (minorOf(highest) === minorOf(to)) return [to];
    return { message: `etcd cannot go down from ${minorOf(highest)} to ${minorOf(to)}`, hint: WHERE_DOWN };
  }
  const stops = [...minorsBetween(to, highest)].reverse().slice(1);
  if (stops.length === 0) return [to];
  return stops.map((minor) =>
    minor === minorOf(to)
      ? to
      : (via.find((one) => minorOf(one) === minor) ?? newestOf(minor) ?? `${minor}.0`),
  );
}

const WHERE_DOWN =
  'it can from 3.7 to 3.6, and from 3.6 to 3.5; else a snapshot restored into the older one is the way';

function stopsIn(minor: string, { from, highest, to, via }: Way): readonly string[] {
  const isAhead = (version: string) => compareVersions(version, from) > 0;
  const named = via.filter((one) => minorOf(one) === minor && isAhead(one) && compareVersions(one, to) < 0);
  if (minor === minorOf(to)) return [...named, ...(isAhead(to) ? [to] : [])];
  if (named.length > 0) return named;
  if (minor === minorOf(from)) return [];
  const running = minorOf(highest) === minor ? highest : undefined;
  const stop = running ?? newestOf(minor);
  return stop === undefined ? [] : [stop];
}

/** `3.5`, `3.6`, `3.7` from 3.5.30 to 3.7.3. */
function minorsBetween(from: string, to: string): readonly string[] {
  const [major = '3', first = '0'] = from.split('.');
  const last = Number(to.split('.')[1]);
  const count = Math.max(0, last - Number(first) + 1);
  return Array.from({ length: count }, (_, i) => `${major}.${Number(first) + i}`);
}

function tooOld(at: string, { release, why }: { readonly release: string; readonly why: string }): NoWay {
  return {
    message: `from etcd ${at} there is no way to the next minor: ${why}`,
    hint: `name ${release} or later in --via, best ${newestOf(minorOf(release))}`,
  };
}

function notKnown(minor: string): NoWay {
  return { message: `no release of etcd ${minor} is known here to stop at`, hint: 'name one with --via' };
}
