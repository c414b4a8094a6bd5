import type { Options } from '../cli/flags/options.ts';
import type { ExitCode } from '../errors.ts';
import { clustersOf } from './clusters.ts';
import { conduct } from './conduct.ts';
import { verbOf, wholeNumber } from './flags.ts';
import { concurrencyOf, orderOf, outputOf, patternsOf, textOf } from './ordered.ts';
import { createView } from './view/index.ts';

/** What `fleet` is asked for; resolves to the exit code. */
export async function fleet(options: Options): Promise<ExitCode> {
  const verb = verbOf(options);
  const redis = textOf(options.own.redis) ?? process.env.QUORATE_REDIS_URL;
  if (verb === 'run' && (redis ?? '') === '') return runHere(options);
  const { fleetOnRedis } = await import('./redis/index.ts');
  return fleetOnRedis(verb, options, redis);
}

/** Carries a fleet out on this machine alone. */
async function runHere(options: Options): Promise<ExitCode> {
  const order = orderOf(options);
  const jobs = clustersOf(patternsOf(options), wholeNumber(options, 'shards', 1));
  const { reports } = options;
  if (reports.length > 0) (await import('../report/write-report.ts')).checkReports(reports);
  const { localEngine } = await import('./local.ts');
  const view = await createView({ output: outputOf(options), run: order.run });
  try {
    return await conduct(localEngine(concurrencyOf(options)), order, jobs, view, reports);
  } finally {
    await view.close();
  }
}
