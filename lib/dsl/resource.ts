import type { Probe } from './probe.ts';
import type { Sh } from './sh.ts';
import type { Change, Guard, PrepareContext, Prepared, Reading, Task, World } from './task.ts';

/** The part of a change that a resource states itself. */
export type Difference = Omit<Change, 'resource' | 'certainty'> & Partial<Pick<Change, 'certainty'>>;

/** A kind of task: how one sort of thing is read, compared and changed. */
export interface Resource<Desired, Observed> {
  /** `file`, `service`…; the first half of a task's resource id. */
  readonly kind: string;
  /** The thing's name on the host: a path, a unit, a user. */
  name(desired: Desired): string;
  /** Default title; reads as an outcome. */
  title(desired: Desired): string;
  probe(desired: Desired): Sh | Probe | undefined;
  /** Absence is a value, not an error. */
  parse(reading: Reading, desired: Desired): Observed;
  /** Pure; certainty is `certain` unless it says otherwise. */
  diff(desired: Desired, observed: Observed, world: World): readonly Difference[];
  /** Records in the world what holds after `changes`, so that later diffs see it. */
  foresee?(desired: Desired, observed: Observed, changes: readonly Change[], world: World): void;
  prepare?(desired: Desired, changes: readonly Change[], context: PrepareContext): Promise<Prepared>;
  apply(desired: Desired, changes: readonly Change[], prepared: Prepared): Sh;
  owns?(desired: Desired): readonly string[];
  /** See `Task.guard`. */
  guard?(desired: Desired): Guard;
}

export interface TaskOptions {
  readonly title?: string;
  /** See `Task.inTurn`. */
  readonly inTurn?: boolean | Task['inTurn'];
}

/** Makes the function that roles call: `file({ path, content })` gives a task. */
export function defineResource<Desired, Observed>(
  resource: Resource<Desired, Observed>,
): (desired: Desired, options?: TaskOptions) => Task {
  return (desired, options = {}) => {
    const id = `${resource.kind}:${resource.name(desired)}`;
    const prepare = resource.prepare?.bind(resource);
    return {
      title: options.title ?? resource.title(desired),
      resource: id,
      inTurn: typeof options.inTurn === 'function' ? options.inTurn : () => options.inTurn === true,
      owns: resource.owns?.(desired) ?? [],
      probe: resource.probe(desired),
      diff(reading, world) {
        const observed = resource.parse(reading, desired);
        const changes = resource
          .diff(desired, observed, world)
          .map((difference) => ({ certainty: 'certain' as const, ...difference, resource: id }));
        resource.foresee?.(desired, observed, changes, world);
        return changes;
      },
      ...(resource.guard && { guard: resource.guard(desired) }),
      ...(prepare && { prepare: (changes, context) => prepare(desired, changes, context) }),
      apply: (changes, prepared) => resource.apply(desired, changes, prepared),
    };
  };
}
