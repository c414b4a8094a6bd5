import { requireAnswer } from '../../dsl/common/answer.ts';
import { parsePath } from '../../dsl/path.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { joinSh, sh } from '../../dsl/shell/sh.ts';
import {
  actionsOf,
  lifecycleDifferences,
  managerOf,
  outdatedFiles,
  startOf,
} from '../../resources/service/lifecycle.ts';
import type { ManagedOptions, Running, ServiceDesired } from '../../resources/service/types.ts';

export interface MemberServiceOptions {
  readonly service: ManagedOptions;
  /** The member's own record: a `sha256sum` line for each of `service.loads`, written when it starts. */
  readonly record: string;
  /**
   * An environment file that exists from a first start until the service is ready. Its content has a token that each
   * check makes up anew: as a function it is not part of what is wanted.
   */
  readonly bootstrap: { readonly path: string; readonly content: (() => string) | undefined };
}

interface MemberServiceDesired extends MemberServiceOptions {
  readonly service: ServiceDesired;
}

interface ObservedMember extends Running {
  readonly recorded: readonly string[] | undefined;
  readonly onDisk: readonly string[];
  readonly bootstrapLeft: boolean;
  /** The unit on disk is not the wanted one: it will be replaced, and systemd must be told. */
  readonly otherUnit: boolean;
}

/**
 * The service of a member. It records by itself what it loads, so that a start by hand or at boot counts, too; and a
 * bootstrap lays a file round its first start.
 */
export const memberService = defineResource<MemberServiceOptions, MemberServiceDesired, ObservedMember>({
  kind: 'service',
  complete: (name, { service, ...options }) => ({ ...options, service: { name, ...service } }),
  name: ({ service }) => service.name,
  title: ({ service }) => `${service.name} is enabled and running`,
  owns: ({ record, bootstrap }) => [record, bootstrap.path],

  probe: ({ service, record, bootstrap }) =>
    probe(
      [
        { path: record, how: 'text' },
        { path: bootstrap.path, how: 'stat' },
        ...service.loads.map(({ path }) => ({ path, how: 'digest' as const })),
      ],
      managerOf(service).probe(service),
    ),

  parse(reading, { service }) {
    requireAnswer(reading, `the state of ${service.name}`);
    const parts = partsOf(reading.out);
    const [record, bootstrap, ...loads] = parts.map((part) => parsePath({ code: 0, out: part }));
    const running = managerOf(service).parse(parts.at(-1) ?? '');
    const onDisk = service.loads.map((_, i) => loads[i]?.sha256 ?? '');
    const unit = service.loads.findIndex(
      ({ path }) => service.manager === 'systemd' && path === service.unitPath,
    );
    const otherUnit = unit >= 0 && onDisk[unit] !== service.loads[unit]?.digest;
    return {
      ...running,
      // What it has loaded then is the unit that is wanted again.
      stale: running.stale && !otherUnit,
      recorded: record?.text
        ?.split('\n')
        .filter(Boolean)
        .map((line) => line.split(' ')[0] ?? ''),
      onDisk,
      bootstrapLeft: bootstrap !== undefined,
      otherUnit,
    };
  },

  diff({ service }, observed, world) {
    const { recorded, onDisk, stale } = observed;
    const outdated = outdatedFiles(service, recorded, onDisk, stale, world);
    const differences = lifecycleDifferences(service, observed, outdated, world);
    if (differences.some(({ kind }) => kind === 'start' || kind === 'restart')) return differences;
    const unit: Difference = { kind: 'update', property: 'unit', before: 'another', after: 'reloaded' };
    const left: Difference = { kind: 'remove', property: 'bootstrap', before: 'present', after: null };
    return [...differences, ...(observed.otherUnit ? [unit] : []), ...(observed.bootstrapLeft ? [left] : [])];
  },

  foresee: ({ service }, _observed, _changes, world) => world.unit(service.name).willBe({ state: 'running' }),

  /**
   * The bootstrap file is there before the start, and gone once the service is ready. So is what a killed run had begun
   * to write of it: by the next one the others may have formed the cluster, and nobody writes it again.
   */
  apply({ service, bootstrap: { path, content } }, changes) {
    const start = startOf(service, changes);
    const lay =
      start && content !== undefined
        ? [sh`printf %s ${content()} | q_write ${path} 0600 '' '' || exit 1`]
        : [];
    return joinSh([
      managerOf(service).prepare(service, actionsOf(changes)),
      ...lay,
      ...(start ? [start] : []),
      sh`q_drop ${path}`,
    ]);
  },
});
