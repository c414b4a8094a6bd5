import type { Difference } from '../../dsl/resource.ts';
import type { Sh } from '../../dsl/sh.ts';
import type { Change } from '../../dsl/task.ts';
import { UNKNOWN, type World } from '../../dsl/world.ts';
import { processManager } from './process.ts';
import { systemdManager } from './systemd.ts';

/** A file that a service reads when it starts. */
export interface Loaded {
  readonly path: string;
  /** Digest that a start must have recorded for it; by default of the whole file as it will be. */
  readonly digest?: string;
}

/** When a service counts as started. */
export interface Ready {
  /** Succeeds once the service does its work; awaited after a start. */
  readonly until: Sh;
  /** Seconds. */
  readonly timeout: number;
  /** Picks from the log lines of this start, on standard input, the one that tells why it failed. */
  readonly telling?: Sh;
}

interface ServiceBase {
  /** Name of the unit, without `.service`. */
  readonly name: string;
  readonly loads: readonly Loaded[];
  readonly ready?: Ready;
}

export interface SystemdService extends ServiceBase {
  readonly manager: 'systemd';
  /** The unit, where it is one of ours. */
  readonly unitPath?: string;
  /** Files that it writes its log to, besides the journal. */
  readonly logs?: readonly string[];
}

export interface ProcessService extends ServiceBase {
  readonly manager: 'process';
  readonly executable: string;
  /** Runs before every start; a failure ends it. */
  readonly before: Sh;
  /** `KEY="value"` lines, all of its environment; a file that is missing is passed over. */
  readonly environmentFiles: readonly string[];
  /** Holds pid and start time. */
  readonly pidFile: string;
  readonly log: string;
}

export type ServiceDesired = SystemdService | ProcessService;

/** What a manager knows of a service. */
export interface Running {
  /** `starting`: there is a process, which waits for something or has just begun. */
  readonly state: 'running' | 'starting' | 'stopped' | 'failed';
  readonly enabled: boolean;
  /** systemd has an older unit loaded than the one on disk. */
  readonly stale: boolean;
  /** Names this start for good: another one has another. */
  readonly start: string | undefined;
  /** Seconds since the epoch. */
  readonly since: number | undefined;
}

/** What differs between managers: shell to read and to act. */
export interface ServiceManager<Desired extends ServiceDesired> {
  /** Prints nothing that `parse` would not understand; no line is `==`. */
  probe(desired: Desired): Sh;
  parse(out: string): Running;
  /** Makes the manager know what is on disk, and keep it for the next boot where that is among the changes. */
  prepare(desired: Desired, actions: Actions): Sh;
  /** Starts it, by a restart whatever runs, or waits for one that is starting; ends once it is ready. */
  start(desired: Desired, how: 'start' | 'wait'): Sh;
}

/** Kinds and properties of changes. */
export type Actions = ReadonlySet<string>;

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
 * What keeps a service from running, enabled, on the files as they are wanted. `outdated` names files that its start
 * has loaded otherwise. One that is still starting does no work that a restart could interrupt, and on other files it
 * may wait for ever: it is started anew.
 */
export function lifecycleDifferences(
  { name }: ServiceDesired,
  observed: Running,
  outdated: readonly string[],
  world: World,
): readonly Difference[] {
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
  const outdated = loads.flatMap(({ path, digest }, i) => {
    const wanted = digest ?? world.path(path).state?.sha256 ?? onDisk[i];
    return wanted === UNKNOWN || wanted !== recorded[i] ? [names[i] as string] : [];
  });
  return outdated.length === 0 && stale ? [`${name}.service`] : outdated;
}
