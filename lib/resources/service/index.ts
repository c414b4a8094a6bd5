import type { Probe } from '../../dsl/probe.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import type { Sh } from '../../dsl/sh.ts';
import { UNKNOWN, type World } from '../../dsl/world.ts';
import { processManager } from './process.ts';
import { systemdManager } from './systemd.ts';

/** A file that a service reads when it starts. */
export interface Loaded {
  readonly path: string;
  /** Digest of what the record holds for it; by default of the whole file as it will be. */
  readonly digest?: string;
}

interface ServiceBase {
  /** Name of the unit, without `.service`. */
  readonly name: string;
  /** In the order of the record. */
  readonly loads: readonly Loaded[];
  /** The service writes `sha256sum` lines of `loads` here when it starts. */
  readonly record: string;
  /** Succeeds once the service does its work; awaited after a start. */
  readonly ready: { readonly until: Sh; readonly timeout: number };
  /** An environment file that exists from a first start until the service is ready. */
  readonly bootstrap: { readonly path: string; readonly content: string | undefined };
}

export interface SystemdService extends ServiceBase {
  readonly manager: 'systemd';
  readonly unitPath: string;
}

export interface ProcessService extends ServiceBase {
  readonly manager: 'process';
  readonly executable: string;
  /** Prints the lines of the record; under systemd the unit runs it. */
  readonly recordCommand: Sh;
  /** `KEY="value"` lines; a file that is missing is passed over. */
  readonly environmentFiles: readonly string[];
  /** Holds pid and start time. */
  readonly pidFile: string;
  readonly log: string;
}

export type ServiceDesired = SystemdService | ProcessService;

/** What a manager knows of a service. */
export interface ObservedService {
  readonly state: 'running' | 'stopped' | 'failed';
  readonly enabled: boolean;
  /** systemd has an older unit loaded than the one on disk, and that one is the wanted one. */
  readonly stale: boolean;
  /** The unit on disk is not the wanted one: it will be replaced, and systemd must be told. */
  readonly otherUnit: boolean;
  /** Digests from the record of the running service, in order; undefined without a record. */
  readonly record: readonly string[] | undefined;
  /** Digests on disk of `loads`, where no earlier task knows better. */
  readonly onDisk: readonly string[];
  readonly bootstrapLeft: boolean;
}

/** What differs between managers: shell to read and to act. */
export interface ServiceManager<Desired extends ServiceDesired> {
  probe(desired: Desired): Probe;
  parse(out: string, desired: Desired): ObservedService;
  /** `actions` holds the kinds and the properties of the changes. */
  apply(desired: Desired, actions: ReadonlySet<string>): Sh;
}

/**
 * A service that is enabled, runs, and runs with the files as they are wanted. Whether a restart is due
 * comes from state: from what it recorded when it started, not from what changed in this run.
 */
export const service = defineResource<ServiceDesired, ObservedService>({
  kind: 'service',
  name: (desired) => desired.name,
  title: (desired) => `${desired.name} is enabled and running`,
  owns: (desired) => [desired.record, desired.bootstrap.path],
  probe: (desired) => managerOf(desired).probe(desired),
  parse: (reading, desired) => managerOf(desired).parse(reading.out, desired),
  diff(desired, observed, world) {
    const differences: Difference[] = [];
    if (!observed.enabled) {
      differences.push({ kind: 'update', property: 'enabled', before: 'disabled', after: 'enabled' });
    }
    // An earlier task may stop it.
    const state = world.unit(desired.name).state?.state === 'stopped' ? 'stopped' : observed.state;
    if (state !== 'running') {
      differences.push({ kind: 'start', property: 'state', before: state, after: 'running' });
    } else {
      const outdated = outdatedFiles(desired, observed, world);
      if (outdated.length > 0) {
        differences.push({
          kind: 'restart',
          property: 'loaded',
          before: `other ${outdated.join(', ')}`,
          after: 'the files as they are',
        });
      }
    }
    if (differences.some(({ kind }) => kind === 'start' || kind === 'restart')) return differences;
    if (observed.otherUnit) {
      differences.push({ kind: 'update', property: 'unit', before: 'another', after: 'reloaded' });
    }
    if (observed.bootstrapLeft) {
      differences.push({ kind: 'remove', property: 'bootstrap', before: 'present', after: null });
    }
    return differences;
  },
  foresee: (desired, _observed, _changes, world) => world.unit(desired.name).willBe({ state: 'running' }),
  apply: (desired, changes) =>
    managerOf(desired).apply(desired, new Set(changes.flatMap(({ kind, property }) => [kind, property]))),
});

/** Names of loaded files whose digest at the start is not the wanted one. */
function outdatedFiles(desired: ServiceDesired, observed: ObservedService, world: World): readonly string[] {
  const names = desired.loads.map(({ path }) => path.split('/').at(-1) ?? path);
  if (observed.record === undefined) return names;
  const outdated = desired.loads.flatMap(({ path, digest }, i) => {
    const wanted = digest ?? world.path(path).state?.sha256 ?? observed.onDisk[i];
    return wanted === UNKNOWN || wanted !== observed.record?.[i] ? [names[i] as string] : [];
  });
  return outdated.length === 0 && observed.stale ? [`${desired.name}.service`] : outdated;
}

function managerOf<Desired extends ServiceDesired>(desired: Desired): ServiceManager<Desired> {
  return (desired.manager === 'systemd' ? systemdManager : processManager) as ServiceManager<Desired>;
}
