import type { Difference } from '../../dsl/resource.ts';
import type { Sh } from '../../dsl/shell/sh.ts';
import type { Change } from '../../dsl/task.ts';
import { UNKNOWN, type World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { processManager } from './process.ts';
import { systemdManager, unitPath } from './systemd.ts';
import type { Actions, Running, ServiceDesired, ServiceManager } from './types.ts';

export function actionsOf(changes: readonly Change[]): Actions {
  return new Set(changes.flatMap(({ kind, property }) => [kind, property]));
}

export function managerOf<Desired extends ServiceDesired>(desired: Desired): ServiceManager<Desired> {
  return (desired.manager === 'systemd' ? systemdManager : processManager) as ServiceManager<Desired>;
}

/** Shell that starts a service, if that is among the changes. */
export function startOf(desired: ServiceDesired, changes: readonly Change[]): Sh | undefined {
  const actions = actionsOf(changes);
  if (!actions.has('start') && !actions.has('restart')) return undefined;
  // One that is starting on what is wanted is left to it: a restart would throw away how far it has got.
  const waits = !actions.has('loaded') && changes.some(({ before }) => before === 'starting');
  return managerOf(desired).start(desired, waits ? 'wait' : 'start');
}

/**
 * List what keeps a service from running, enabled, on the wanted files. `outdated`: files its start loaded in another
 * version. A service still starting is restarted too: it does no work yet, and on wrong files it may wait for ever.
 */
export function lifecycleDifferences(
  { name }: ServiceDesired,
  observed: Running,
  outdated: readonly string[],
  world: World,
): readonly Difference[] {
  if (observed.masked !== undefined) requireUnmasked(name, observed.masked, world);
  const enabled: readonly Difference[] = observed.enabled
    ? []
    : [{ kind: 'update', property: 'enabled', before: 'disabled', after: 'enabled' }];
  // An earlier task may stop it.
  const state = world.unit(name).state?.state === 'stopped' ? 'stopped' : observed.state;
  const loads = (kind: 'start' | 'restart'): readonly Difference[] =>
    outdated.length === 0
      ? []
      : [
          {
            kind,
            property: 'loaded',
            before: `other ${outdated.join(', ')}`,
            after: 'the files as they are',
          },
        ];
  if (state === 'running') return [...enabled, ...loads('restart')];
  const start: Difference = { kind: 'start', property: 'state', before: state, after: 'running' };
  return [...enabled, start, ...(state === 'starting' ? loads('start') : [])];
}

/** Somebody has shut it off for a reason. A unit that an earlier task writes to /etc goes before a mask in /run. */
function requireUnmasked(name: string, how: string, world: World): void {
  const runtime = how === 'masked-runtime';
  if (runtime && world.path(unitPath(`${name}.service`)).state) return;
  throw new QuorateError(
    `${name}.service is masked${runtime ? ' until the next boot' : ''}: nothing may start it`,
    {
      exitCode: EXIT.failed,
      hint: `find out who did that, and why; systemctl unmask ${runtime ? '--runtime ' : ''}${name}.service takes it back`,
    },
  );
}

/**
 * Names of loaded files whose digest at the start is not the wanted one: all of them without a record of that start.
 * `onDisk` has the digests of the files as they are, for those that no earlier task writes.
 */
export function outdatedFiles(
  { name, loads }: ServiceDesired,
  recorded: readonly string[] | undefined,
  onDisk: readonly string[],
  stale: boolean,
  world: World,
): readonly string[] {
  const names = loads.map(({ path }) => path.split('/').at(-1) ?? path);
  if (recorded?.length !== loads.length) return loads.length === 0 && stale ? [`${name}.service`] : names;
  const outdated = loads.flatMap(({ path, digest, alike = [] }, i) => {
    const wanted = digest ?? world.path(path).state?.sha256 ?? onDisk[i];
    const isLoaded = wanted === recorded[i] || alike.includes(recorded[i] ?? '');
    return wanted === UNKNOWN || !isLoaded ? [names[i] as string] : [];
  });
  return outdated.length === 0 && stale ? [`${name}.service`] : outdated;
}
