import { hostname } from 'node:os';
import type { Options } from '../../cli/flags/options.ts';
import { runId } from '../../dsl/common/run-id.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { conduct } from '../conduct.ts';
import type { FleetView } from '../events.ts';
import { usage, type Verb, wholeNumber } from '../flags.ts';
import type { Job, Order } from '../order.ts';
import { concurrencyOf, orderOf, outputOf, patternsOf, textOf, time } from '../ordered.ts';
import { fleetName } from '../project.ts';
import { createView } from '../view/index.ts';
import { shownUrl, unreachable } from './connection.ts';
import { addRun, openQueues, type Queues } from './queues.ts';

/** What `fleet` does with Redis; resolves to the exit code. */
export async function fleetOnRedis(verb: Verb, options: Options, url: string | undefined): Promise<ExitCode> {
  const shown = shownUrl(url);
  const [, word, stray] = options.words;
  if (stray !== undefined && !['run', 'schedule'].includes(verb)) throw usage(`unexpected argument ${stray}`);
  switch (verb) {
    case 'run':
      return run(options, url);
    case 'worker':
      if (word !== undefined) throw usage(`unexpected argument ${word}`);
      return worker(options, url, shown);
    case 'status':
      return looking(url, options, async (queues, view) => {
        const { listRuns, showRun } = await import('./status.ts');
        const watch = options.own.watch === true;
        return word === undefined && !watch
          ? listRuns(queues, view)
          : showRun(queues, word ?? 'last', watch, view);
      });
    case 'cancel':
      return looking(url, options, async (queues, view) => {
        const message = await (await import('./again.ts')).cancelNamed(queues, word);
        view.emit({ event: 'log', level: 'info', message });
        return EXIT.ok;
      });
    case 'retry':
      return looking(url, options, async (queues, view) => {
        const { order, jobs } = await (await import('./again.ts')).onceMore(queues, word);
        return begin(queues, order, jobs, options, view);
      });
    case 'logs':
      return looking(url, options, async (queues) =>
        (await import('./logs.ts')).showLogs(queues, word, options),
      );
    case 'schedule':
      return looking(url, options, async (queues, view) =>
        (await import('./schedule.ts')).schedule(queues, options, view),
      );
  }
}

async function run(options: Options, url: string | undefined): Promise<ExitCode> {
  if (options.own.concurrency !== undefined)
    throw usage('with Redis the workers say how many jobs they do at once', 'fleet worker --concurrency N');
  const { reports } = options;
  if (reports.length > 0) (await import('../../report/write-report.ts')).checkReports(reports);
  const wanted = orderOf(options);
  const { pinned } = await import('./pin.ts');
  const shards = wholeNumber(options, 'shards', 1);
  const { order, jobs, notices } = await pinned(wanted, patternsOf(options), shards);
  return looking(url, options, (queues, view) => {
    for (const message of notices) view.emit({ event: 'log', level: 'warning', message });
    return begin(queues, order, jobs, options, view);
  });
}

/** Adds a run, and stays with it until it has ended, unless that is not wanted. */
async function begin(
  queues: Queues,
  order: Order,
  jobs: readonly Job[],
  { own, reports }: Options,
  view: FleetView,
): Promise<ExitCode> {
  if (own.detach === true) {
    await addRun(queues, order, jobs);
    const message = `run ${order.run}: fleet status ${order.run} tells how it goes`;
    view.emit({ event: 'log', level: 'info', message });
    return EXIT.ok;
  }
  const { redisEngine } = await import('./follow.ts');
  return conduct(redisEngine(queues), order, jobs, view, reports);
}

async function worker(options: Options, url: string | undefined, shown: string): Promise<ExitCode> {
  const name = textOf(options.own.name) ?? `${hostname()}-${process.pid}`;
  const concurrency = concurrencyOf(options);
  const takeover = time(options.own.takeover, 'takeover', '30s');
  if (takeover < 1000)
    throw usage('--takeover is at least 1s: a worker must have time to say that it is there');
  const output = outputOf(options) === 'json' ? 'json' : 'plain';
  const fleet = fleetName(options);
  return withQueues(url, fleet, { output, forever: true }, async (queues, view) => {
    const message = `worker ${name} of fleet ${fleet}: ${concurrency} at once, from Redis at ${shown}`;
    view.emit({ event: 'log', level: 'info', message });
    const { work } = await import('./worker.ts');
    return work(queues, { name, concurrency, takeover }, view);
  });
}

/** For who is there for a while. */
function looking(
  url: string | undefined,
  options: Options,
  work: (queues: Queues, view: FleetView) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withQueues(url, fleetName(options), { output: outputOf(options), forever: false }, work);
}

async function withQueues(
  url: string | undefined,
  fleet: string,
  { output, forever }: { readonly output: 'pretty' | 'plain' | 'json'; readonly forever: boolean },
  work: (queues: Queues, view: FleetView) => Promise<ExitCode>,
): Promise<ExitCode> {
  let view: FleetView | undefined;
  const queues = await openQueues(url, fleet, {
    forever,
    tell: (message) => view?.emit({ event: 'log', level: 'warning', message }),
  });
  try {
    view = await createView({ output, run: runId() });
    return await work(queues, view);
  } catch (error) {
    if (queues.redis.status !== 'end') throw error;
    throw unreachable(`${shownUrl(url)}, which was there,`, error as Error);
  } finally {
    await view?.close();
    await queues.close();
  }
}
