import { isDue, type PlayRun } from '../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { release as releaseOf } from '../../../resources/release.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { Settings } from './carry-out.ts';
import { planAt } from './turn.ts';

/**
 * Has every release on the way at hand before the first member is touched. Throws exit code 1 where one cannot be had,
 * 5 where it cannot be trusted.
 */
export async function fetchStops(
  run: PlayRun<EtcdFacts>,
  { cluster, hosts }: Surveyed,
  stops: readonly string[],
  settings: ReadonlyMap<string, Settings>,
): Promise<void> {
  const progress = (text: string) => run.log('info', text);
  const failed: unknown[] = [];
  for (const version of stops) {
    const fetch = async (host: EtcdHost) => {
      await planAt(host, version, settings.get(host.target.name) ?? {});
      const release = host.plan.find(({ task }) => releaseOf.wishOf(task));
      if (release && isDue(release)) await release.task.prepare?.(release.changes, { progress });
    };
    const done = await Promise.allSettled(hosts.map(fetch));
    failed.push(...done.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])));
  }
  const [error] = failed;
  if (error === undefined) return;
  if (!(error instanceof QuorateError) || error.exitCode !== EXIT.failed) throw error;
  throw new QuorateError(`${cluster.name}: nothing was changed: ${error.message}`, {
    exitCode: EXIT.usage,
    ...(error.hint !== undefined && { hint: error.hint }),
  });
}
