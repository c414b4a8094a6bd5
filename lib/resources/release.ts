import { is, must } from '../dsl/options/options.ts';
import {
  checkedPath,
  completeOwnership,
  type ObservedPath,
  OWNERSHIP,
  type OwnershipOptions,
  ownershipDifferences,
  parsePath,
  requireRoom,
  shortDigest,
} from '../dsl/path.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { joinSh, sh } from '../dsl/shell/sh.ts';
import type { PrepareContext, Reading } from '../dsl/task.ts';
import {
  type Ground,
  groundReads,
  parseGround,
  requireAccounts,
  requireFolder,
} from '../dsl/world/ground.ts';
import { UNKNOWN, type World } from '../dsl/world/world.ts';
import type { Unpacked } from '../release/unpacked.ts';

export interface ReleaseOptions extends OwnershipOptions {
  /** Files that a release may have. */
  readonly names: readonly string[];
  /** undefined: whatever `fetch` finds, if nothing is installed. */
  readonly version: string | undefined;
  /** Keeps version, origin and digests of what is installed. */
  readonly record: string;
  /**
   * A program that is there and of this version by its own word. Where that is the wanted version its bytes count as
   * the release's, whatever the record says: who has loaded them need not load them again.
   */
  readonly upgraded?: { readonly name: string; readonly version: string; readonly sha256: string };
  /** Runs on control, once a release, never in a check. */
  readonly fetch: (context: PrepareContext) => Promise<Unpacked>;
}

interface ReleaseDesired extends ReleaseOptions {
  readonly mode: string;
  /** Directory on the host that the files go to. */
  readonly directory: string;
}

interface ObservedRelease {
  /** undefined without a whole record. */
  readonly version: string | undefined;
  /** What there is at the names that a release may have. */
  readonly there: readonly (readonly [name: string, path: ObservedPath | undefined])[];
  readonly ground: Ground;
  /** Those of the record. */
  readonly files: readonly {
    readonly name: string;
    readonly recorded: string;
    /** undefined when the file is gone. */
    readonly actual: ObservedPath | undefined;
  }[];
}

/**
 * The files of a release, as recorded when they were installed: same version, same bytes.
 *
 * @example
 * release('/opt/etcd/bin', { names: ['etcd'], version: '3.5.33', record: '/var/lib/quorate/release',
 *   mode: '0755', fetch: ({ progress }) => fetchRelease(request, progress) })
 */
export const release = defineResource<ReleaseOptions, ReleaseDesired, ObservedRelease>({
  kind: 'release',
  options: {
    ...OWNERSHIP,
    names: must(is.list(is.text)),
    version: is.text,
    record: must(is.text),
    upgraded: is.object(),
    fetch: must(is.function()),
  },
  name: (desired) => desired.directory,
  title: ({ directory, version }) => `${directory} has the files of ${version ?? 'a release'}`,
  complete: (directory, options) => ({
    ...options,
    ...completeOwnership({ mode: '0644', ...options }),
    directory: checkedPath(directory),
    record: checkedPath(options.record),
  }),
  owns: ({ directory, names, record }) => [...names.map((name) => `${directory}/${name}`), record],
  probe: ({ directory, names, record, owner, group }) =>
    probe([
      { path: record, how: 'text' },
      ...names.map((name) => ({ path: `${directory}/${name}`, how: 'digest' as const })),
      ...groundReads(`${directory}/${names[0]}`, { ...(owner && { owner }), ...(group && { group }) }),
    ]),
  parse: parseRelease,
  diff: diffRelease,
  foresee: foreseeFiles,
  async prepare(desired, _changes, context) {
    const found = await desired.fetch(context);
    const record = [
      `${found.version} ${found.from}`,
      ...found.files.map(({ name, sha256 }) => `${sha256} ${name}`),
      '',
    ].join('\n');
    return {
      values: { record, files: found.files.map(({ name, sha256 }) => `${name} ${sha256}`).join('\n') },
      transfers: found.files.map(({ name, path }) => ({ source: path, target: incoming(desired, name) })),
    };
  },
  apply(desired, _changes, { values = {} }) {
    const { mode, owner = '', group = '', directory, record } = desired;
    const adopt = String(values.files)
      .split('\n')
      .map((line) => {
        const [name = '', digest = ''] = line.split(' ');
        return sh`q_adopt ${incoming(desired, name)} ${`${directory}/${name}`} ${mode} ${`${owner}:${group}`} ${digest} || exit`;
      });
    return joinSh([...adopt, sh`printf %s ${String(values.record)} | q_write ${record} 0644 '' ''`]);
  },
});

function incoming({ directory }: ReleaseDesired, name: string): string {
  return `${directory}/.${name}.quorate-new`;
}

function foreseeFiles(
  { directory, names, mode, owner, group, version, upgraded }: ReleaseDesired,
  observed: ObservedRelease,
  changes: readonly Difference[],
  world: World,
): void {
  // A repair brings back what is recorded; only another version brings unknown bytes.
  const other = changes.some(({ property }) => property === 'version');
  const recorded = new Map(observed.files.map((one) => [one.name, one.recorded]));
  const there = new Map(observed.there);
  const known = ({ name, version: is, sha256 }: Required<ReleaseOptions>['upgraded']) =>
    is === version && there.get(name)?.sha256 === sha256 ? [[name, sha256] as const] : [];
  const kept = new Map(upgraded ? known(upgraded) : []);
  for (const name of observed.files.length === 0 ? names : recorded.keys()) {
    world.path(`${directory}/${name}`).willBe({
      type: 'file',
      mode,
      ...(owner && { owner }),
      ...(group && { group }),
      sha256: (other ? kept : recorded).get(name) ?? UNKNOWN,
    });
  }
}

function parseRelease(reading: Reading, { names }: ReleaseDesired): ObservedRelease {
  const parts = partsOf(reading.out);
  const [record, ...files] = parts.map((out) => parsePath({ code: 0, out }));
  const ground = parseGround(parts);
  // Half a record vouches for nothing.
  const whole = /^(\S+) .*\n((?:[0-9a-f]{64} .+\n)+)$/.exec(record?.text ?? '');
  const there = names.map((name, i) => [name, files[i]] as const);
  if (!whole) return { version: undefined, there, ground, files: [] };
  const [, version, lines = ''] = whole;
  return {
    version,
    there,
    ground,
    files: lines.split('\n').flatMap((line) => {
      const [recorded = '', name = ''] = line.split(' ');
      return name === '' ? [] : [{ name, recorded, actual: files[names.indexOf(name)] }];
    }),
  };
}

function diffRelease(
  desired: ReleaseDesired,
  observed: ObservedRelease,
  world: World,
): readonly Difference[] {
  const { directory, names } = desired;
  const differences = differencesOf(desired, observed);
  if (differences.length === 0) return [];
  // Files are sent: their folder is made on the way.
  requireFolder(`${directory}/${names[0]}`, observed.ground, world, { makesFolders: true });
  const certainty = requireAccounts(desired, observed.ground, world, directory);
  return differences.map((one) => ({ ...one, certainty }));
}

function differencesOf(desired: ReleaseDesired, observed: ObservedRelease): readonly Difference[] {
  const { version, mode, owner, group, directory } = desired;
  for (const [name, path] of observed.there) requireRoom(`${directory}/${name}`, 'file', path);
  if (observed.version === undefined || (version !== undefined && version !== observed.version)) {
    return [
      {
        kind: observed.version === undefined ? 'create' : 'update',
        property: 'version',
        before: observed.version ?? null,
        after: version ?? UNKNOWN,
      },
    ];
  }
  return observed.files.flatMap(({ name, recorded, actual }): Difference[] => {
    const after = shortDigest(recorded);
    if (actual?.sha256 === undefined)
      return [{ kind: 'create', property: name, before: actual?.type ?? null, after }];
    const content: Difference[] =
      actual.sha256 === recorded
        ? []
        : [{ kind: 'update', property: name, before: shortDigest(actual.sha256), after }];
    const ownership = ownershipDifferences(
      { mode, ...(owner && { owner }), ...(group && { group }) },
      actual,
    );
    return [...content, ...ownership.map((one) => ({ ...one, property: `${name} ${one.property}` }))];
  });
}
