import { parsePath } from '../../dsl/path.ts';
import { partsOf, probe } from '../../dsl/probe.ts';
import { defineResource } from '../../dsl/resource.ts';
import { joinSh, type Sh, sh } from '../../dsl/sh.ts';
import { actionsOf, lifecycleDifferences, managerOf, outdatedFiles, startOf } from './lifecycle.ts';
import type { Running, ServiceDesired, ServiceOptions } from './types.ts';

interface ObservedService extends Running {
  /** Digests that this start has loaded, in order; undefined where nobody knows. */
  readonly loaded: readonly string[] | undefined;
  readonly onDisk: readonly string[];
}

/**
 * A service that is enabled, runs, and runs with the files as they are wanted. What a start has loaded is recorded
 * beside the manifest, with the name of that start. One that somebody else has started since is fine only if the
 * files are older than that start. Restarts come from this state, not from what changed in a run.
 */
export const service = defineResource<ServiceOptions, ServiceDesired, ObservedService>({
  kind: 'service',
  complete: (name, options) => ({ name, ...options }),
  name: ({ name }) => name,
  title: (desired) => `${desired.name} is enabled and running`,

  probe: (desired) =>
    probe(
      desired.loads.map(({ path }) => ({ path, how: 'digest' as const })),
      sh`${managerOf(desired).probe(desired)}
q_part
if [ -f ${record(desired)} ]; then cat ${record(desired)}; fi
q_part
stat -L -c %Y -- ${desired.loads.map(({ path }) => path)} 2>/dev/null`,
    ),

  parse(reading, desired) {
    const parts = partsOf(reading.out);
    const [own = '', recorded = '', times = ''] = parts.slice(desired.loads.length);
    const running = managerOf(desired).parse(own);
    const onDisk = desired.loads.map((_, i) => parsePath({ code: 0, out: parts[i] ?? '' })?.sha256 ?? '');
    return { ...running, onDisk, loaded: loadedBy(running, recorded, times, onDisk) };
  },

  diff: (desired, observed, world) =>
    lifecycleDifferences(
      desired,
      observed,
      outdatedFiles(desired, observed.loaded, observed.onDisk, observed.stale, world),
      world,
    ),

  foresee: (desired, _observed, _changes, world) => world.unit(desired.name).willBe({ state: 'running' }),

  apply(desired, changes) {
    const manager = managerOf(desired);
    const start = startOf(desired, changes);
    return joinSh([
      manager.prepare(desired, actionsOf(changes)),
      ...(start ? [sh`q_loaded=$(${digests(desired)})`, start, remember(desired)] : []),
    ]);
  },
});

/** In the state directory of the host. */
function record({ name }: ServiceDesired): Sh {
  return sh`"$q_state/started-"${name}`;
}

function digests({ loads }: ServiceDesired): Sh {
  return joinSh([sh`:`, ...loads.map(({ path }) => sh`q_sha256 ${path}`)]);
}

/** The name of this start, and what it has loaded. A start that goes wrong leaves the record of the one before. */
function remember(desired: ServiceDesired): Sh {
  return sh`{ ${managerOf(desired).probe(desired)}; printf 'loaded %s\n' $q_loaded; } | q_write ${record(desired)} 0644 '' ''`;
}

function loadedBy(
  { start, since }: Running,
  recorded: string,
  times: string,
  onDisk: readonly string[],
): readonly string[] | undefined {
  const lines = recorded.split('\n');
  if (
    start !== undefined &&
    lines.some((line) => line === `InvocationID=${start}` || line === `born ${start}`)
  ) {
    return lines.flatMap((line) => /^loaded ([0-9a-f]{64})$/.exec(line)?.[1] ?? []);
  }
  const changed = times.split('\n').filter(Boolean).map(Number);
  const older = since !== undefined && changed.every((time) => time < since);
  return older ? onDisk : undefined;
}
