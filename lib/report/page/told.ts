import type { RunEvent } from '../../runner/events.ts';
import type { TaskEvent } from '../diff/changes.ts';
import { Conclusions } from '../lines/conclusions.ts';
import type { ErrorEvent } from '../lines/errors.ts';
import { type RecapEvent, verdict } from '../lines/recap.ts';
import { eventOf, hostsOf, type RecordedRun } from '../record/read-runs.ts';
import type { Recorded } from '../record/recorder.ts';

type Timed<Kind extends RunEvent['event']> = Extract<Recorded, { event: Kind }>;

/** One run as a report tells it. */
export interface ToldRun {
  readonly id: string;
  readonly start: Timed<'start'> | undefined;
  /** Undefined where it was killed, or is not over. */
  readonly recap: RecapEvent | undefined;
  readonly check: boolean;
  readonly good: boolean;
  /** What became of it, in a line. */
  readonly verdict: string;
  /** Milliseconds since the epoch. */
  readonly begun: number;
  readonly ended: number;
}

/** What a report tells of one run, or of several together. */
export interface Told {
  readonly runs: readonly ToldRun[];
  /** All hosts in the order of their inventories, each with its own name, without that of a run. */
  readonly hosts: ReadonlyMap<string, { readonly own: string; readonly run: ToldRun }>;
  readonly events: readonly Recorded[];
  readonly tasks: readonly (TaskEvent & { readonly time: string })[];
  readonly errors: readonly (ErrorEvent & { readonly runId: string })[];
}

/** Joins runs. A host that several have had is told of once for each, by the end of its run's ID. */
export function tell(given: readonly RecordedRun[]): Told {
  const counts = new Map<string, number>();
  for (const run of given) for (const host of hostsOf(run)) counts.set(host, (counts.get(host) ?? 0) + 1);
  const hosts: [string, { own: string; run: ToldRun }][] = [];
  const runs: ToldRun[] = [];
  const events: Recorded[] = [];
  for (const one of given) {
    const run = toldRun(one);
    const name = (host: string) => ((counts.get(host) ?? 0) > 1 ? `${host} · ${run.id.slice(-6)}` : host);
    runs.push(run);
    for (const own of hostsOf(one)) hosts.push([name(own), { own, run }]);
    for (const event of one.events) events.push(renamed(event, name));
  }
  const of = <Kind extends RunEvent['event']>(kind: Kind) =>
    events.filter((event): event is Timed<Kind> => event.event === kind);
  return { runs, hosts: new Map(hosts), events, tasks: of('task'), errors: of('error') };
}

function toldRun(run: RecordedRun): ToldRun {
  const { id, events } = run;
  const start = eventOf(run, 'start');
  const recap = eventOf(run, 'recap');
  const conclusions = new Conclusions();
  for (const event of events) conclusions.take(event);
  const errors = events.filter((event) => event.event === 'error');
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const time of events.map((event) => Date.parse(event.time)))
    [first, last] = [Math.min(first, time), Math.max(last, time)];
  const end = recap ? verdict(recap, errors, conclusions.sentences) : undefined;
  return {
    id,
    start,
    recap,
    check: start?.check ?? recap?.check ?? false,
    good: end?.good ?? false,
    verdict: end?.text ?? 'the record ends before the run does: it was killed, or goes on',
    begun: start ? Date.parse(start.time) : first,
    ended: last,
  };
}

function renamed(event: Recorded, name: (host: string) => string): Recorded {
  if ('host' in event && event.host !== undefined) return { ...event, host: name(event.host) };
  if (event.event === 'recap') {
    const hosts = Object.entries(event.hosts).map(([host, counts]) => [name(host), counts] as const);
    return { ...event, hosts: Object.fromEntries(hosts) };
  }
  return event;
}
