import { type Difference, defineResource } from '../dsl/resource.ts';
import { joinSh, sh } from '../dsl/sh.ts';
import { type PrepareContext, type Reading, UNKNOWN } from '../dsl/task.ts';
import type { Ownership } from './stat.ts';

/** Files of an unpacked release on control, each verified and named with its digest. */
export interface Unpacked {
  readonly version: string;
  /** Where it came from, for the record. */
  readonly from: string;
  readonly files: readonly { readonly name: string; readonly path: string; readonly sha256: string }[];
}

export interface ArchiveDesired extends Ownership {
  /** Directory on the host that the files go to. */
  readonly directory: string;
  /** Files that a release may have. */
  readonly names: readonly string[];
  /** undefined: whatever `fetch` finds, if nothing is installed. */
  readonly version: string | undefined;
  /** Keeps version, origin and digests of what is installed. */
  readonly record: string;
  /** Runs on control, once a release, never in a check. */
  readonly fetch: (context: PrepareContext) => Promise<Unpacked>;
}

interface ObservedArchive {
  readonly version: string | undefined;
  readonly files: readonly {
    readonly name: string;
    readonly recorded: string;
    readonly mode: string;
    readonly owner: string;
    readonly group: string;
    /** undefined when the file is gone. */
    readonly actual: string | undefined;
  }[];
}

/** The files of a release, as recorded when they were installed: same version, same bytes. */
export const archive = defineResource<ArchiveDesired, ObservedArchive>({
  kind: 'archive',
  name: (desired) => desired.directory,
  title: ({ directory, version }) => `${directory} has the files of ${version ?? 'a release'}`,
  owns: ({ directory, names, record }) => [...names.map((name) => `${directory}/${name}`), record],
  probe: ({ directory, record }) => sh`if [ -f ${record} ]; then
  while read -r q_word q_name; do
    case $q_word in *.*) echo "version $q_word" ;; *)
      echo "file $q_name $q_word $(stat -c '%a %U %G' ${directory}/"$q_name" 2>/dev/null) $(q_sha256 ${directory}/"$q_name" 2>/dev/null)" ;;
    esac
  done <${record}
fi`,
  parse: parseArchive,
  diff: diffArchive,
  foresee(desired, observed, changes, world) {
    // A repair brings back what is recorded; only another version brings unknown bytes.
    const other = changes.some(({ property }) => property === 'version');
    for (const { name, recorded } of observed.files) {
      world.set(`sha256:${desired.directory}/${name}`, other ? UNKNOWN : recorded);
    }
    if (observed.files.length === 0) world.set(`sha256:${desired.directory}/etcd`, UNKNOWN);
  },
  async prepare(desired, _changes, context) {
    const release = await desired.fetch(context);
    const record = [
      `${release.version} ${release.from}`,
      ...release.files.map(({ name, sha256 }) => `${sha256} ${name}`),
      '',
    ].join('\n');
    return {
      values: { record, files: release.files.map(({ name, sha256 }) => `${name} ${sha256}`).join('\n') },
      transfers: release.files.map(({ name, path }) => ({ source: path, target: incoming(desired, name) })),
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

function incoming({ directory }: ArchiveDesired, name: string): string {
  return `${directory}/.${name}.quorate-new`;
}

function parseArchive(reading: Reading): ObservedArchive {
  const lines = reading.out.split('\n');
  const version = lines.find((line) => line.startsWith('version '))?.slice(8);
  const files = lines.flatMap((line) => {
    const [word, name = '', recorded = '', mode = '', owner = '', group = '', actual] = line.split(/ +/);
    if (word !== 'file') return [];
    return [{ name, recorded, mode: mode.padStart(4, '0'), owner, group, actual: actual || undefined }];
  });
  return { version, files };
}

function diffArchive(desired: ArchiveDesired, observed: ObservedArchive): readonly Difference[] {
  const { version, mode, owner, group } = desired;
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
  return observed.files.flatMap((file) => {
    const content: Difference[] =
      file.actual === file.recorded
        ? []
        : [
            {
              kind: file.actual === undefined ? 'create' : 'update',
              property: file.name,
              before: file.actual === undefined ? null : `sha256:${file.actual.slice(0, 12)}`,
              after: `sha256:${file.recorded.slice(0, 12)}`,
            },
          ];
    const ownership: Difference[] =
      file.actual === undefined
        ? []
        : (
            [
              ['mode', file.mode, mode],
              ['owner', file.owner, owner],
              ['group', file.group, group],
            ] as const
          ).flatMap(([property, before, after]) =>
            after === undefined || before === after
              ? []
              : [{ kind: 'update' as const, property: `${file.name} ${property}`, before, after }],
          );
    return [...content, ...ownership];
  });
}
