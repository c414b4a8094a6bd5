import type { Options } from '../../cli/flags/options.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { FleetView } from '../events.ts';
import { usage, wholeNumber } from '../flags.ts';
import { orderOf, patternsOf, textOf } from '../ordered.ts';
import { pinned } from './pin.ts';
import { type Queues, runOptions } from './queues.ts';

/** A fleet at set times: adds one, or changes the one of its name; lists them; takes one away. */
export async function schedule(queues: Queues, options: Options, view: FleetView): Promise<ExitCode> {
  const { cron, tz, name, list, remove } = options.own;
  const say = (message: string) => view.emit({ event: 'log', level: 'info', message });
  if (list === true) return listSchedules(queues, view);
  if (typeof remove === 'string') {
    if (!(await queues.runs.removeJobScheduler(remove)))
      throw usage(`there is no schedule ${remove}`, 'fleet schedule --list');
    say(`schedule ${remove} is gone`);
    return EXIT.ok;
  }
  if (typeof cron !== 'string')
    throw usage('no time is named', "--cron '0 3 * * *', --list, or --remove NAME");
  const order = orderOf(options);
  const patterns = patternsOf(options);
  const shards = wholeNumber(options, 'shards', 1);
  // What could not begin now would not at night.
  const { jobs, notices } = await pinned(order, patterns, shards);
  for (const message of notices) view.emit({ event: 'log', level: 'warning', message });
  const id = textOf(name) ?? order.name;
  const next = await upsert(
    queues,
    id,
    { pattern: cron, tz: textOf(tz) ?? 'UTC' },
    { order, jobs: [], wave: 0, patterns, shards },
  );
  const when = next === undefined ? 'never' : next.toISOString();
  say(`schedule ${id}: ${order.name} on ${jobs.length} clusters, next at ${when}`);
  return EXIT.ok;
}

type Data = Parameters<Queues['runs']['add']>[1];

async function upsert(
  { runs }: Queues,
  id: string,
  repeat: { readonly pattern: string; readonly tz: string },
  data: Data,
): Promise<Date | undefined> {
  if (!/^[\w.@-]+$/.test(id))
    throw usage(`${JSON.stringify(id)} is not a name for a schedule`, '--name nightly');
  try {
    const first = await runs.upsertJobScheduler(id, repeat, { name: 'run', data, opts: runOptions() });
    return first?.opts.prevMillis === undefined ? undefined : new Date(first.opts.prevMillis);
  } catch (error) {
    throw usage(
      `--cron or --tz is not right: ${(error as Error).message}`,
      "--cron '0 3 * * *' --tz Europe/Berlin",
    );
  }
}

async function listSchedules({ runs }: Queues, view: FleetView): Promise<ExitCode> {
  const found = await runs.getJobSchedulers(0, 999, true);
  const schedules = found.map(({ key, pattern = '', tz = 'UTC', next, template }) => {
    const { order, patterns = [] } = template?.data ?? {};
    return {
      ...{ name: key, cron: pattern, tz, next: next === undefined ? null : new Date(next).toISOString() },
      ...{ playbook: order?.name ?? '', check: order?.check ?? false, clusters: patterns },
    };
  });
  view.emit({ event: 'schedules', schedules });
  return EXIT.ok;
}
