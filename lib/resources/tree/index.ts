import { broughtBy, foldersTo } from '../../dsl/ledger/made.ts';
import { contentMark } from '../../dsl/mark.ts';
import { is, must } from '../../dsl/options/options.ts';
import { MODE, parsePath } from '../../dsl/path.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Trace } from '../../dsl/trace/trace.ts';
import { linkState } from '../../dsl/world/behind-links.ts';
import {
  foreseeFolders,
  groundReads,
  parseGround,
  requireAccounts,
  requireFolder,
  requireSight,
} from '../../dsl/world/ground.ts';
import { foreseenMode, modeAt } from '../../dsl/world/kept-mode.ts';
import { named, namesIn } from '../common/names.ts';
import {
  contentRead,
  digestOf,
  foreseenContent,
  incoming,
  isSent,
  writeContent,
} from '../content/content.ts';
import { makeDirectory } from '../directory.ts';
import { linkMark } from '../link.ts';
import { mounted, mountedIn } from '../mount/mounts.ts';
import {
  apart,
  besideOthers,
  completeTree,
  type Entry,
  entryDifferences,
  extrasOf,
  nameIn,
  type ObservedTree,
  type TreeDesired,
  type TreeOptions,
} from './tree-wish.ts';

/**
 * A copy of a folder of control, with its files, folders and links. What is there besides stays, unless `delete` says
 * that it goes; what other tasks declare below it never does. Several of them may come into one folder, where they want
 * nothing different of any path and none deletes.
 *
 * @example
 * tree('/srv/www', { source: './www', owner: 'web' })
 */
export const tree = defineResource<TreeOptions, TreeDesired, ObservedTree>({
  kind: 'tree',
  options: {
    source: must(is.text),
    owner: is.text,
    group: is.text,
    fileMode: MODE,
    directoryMode: MODE,
    delete: is.boolean,
  },
  complete: completeTree,
  name: ({ path }) => path,
  title: ({ path }) => `${path} has its files`,
  join: apart,
  owns: ({ entries }) => entries.map(({ path }) => path),
  files: ({ entries }) => entries.flatMap(({ type, path }) => (type === 'file' ? [path] : [])),
  marks: ({ entries }) =>
    entries.flatMap((one) =>
      one.type === 'file' ? [contentMark(one.path)] : one.type === 'link' ? [linkMark(one.path, one.to)] : [],
    ),
  traces(desired, changes) {
    const traces = desired.entries.flatMap((entry) =>
      broughtBy(traceOf(entry), changes, nameIn(desired, entry.path)),
    );
    return changes === undefined || traces.length === 0 ? traces : [...foldersTo(desired.path), ...traces];
  },
  probe({ path, entries, deletes }) {
    const [root] = entries;
    const links = entries.flatMap((one) => (one.type === 'link' ? [one.path] : []));
    return probe(
      [
        ...entries.map((one) =>
          one.type === 'file'
            ? contentRead(one.path, one.content)
            : ({ path: one.path, how: 'stat' } as const),
        ),
        ...groundReads(path, root ?? {}),
      ],
      sh`for q_path in ${links}; do
  if [ -L "$q_path" ]; then printf 'link %s\n%s\n' "$(readlink -- "$q_path")" "$q_path"; fi
done
${
  deletes
    ? sh`${WALK}
q_walk ${path}
q_mounted ${path}`
    : sh`:`
}`,
    );
  },
  parse({ out }, { entries }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    return {
      found: new Map(entries.map(({ path }, i) => [path, parsePath({ code: 0, out: parts[i] ?? '' })])),
      links: new Map([...own.matchAll(/^link (.*)\n(.*)$/gm)].map(([, to = '', path = '']) => [path, to])),
      there: namesIn(own),
      mounts: mountedIn(own),
      ground: parseGround(parts),
    };
  },
  diff(desired, observed, world) {
    const { path, entries } = desired;
    const differences = entries.flatMap((entry) => entryDifferences(desired, entry, observed, world));
    const [root] = entries;
    if (differences.length > 0) {
      if (observed.found.get(path) === undefined) {
        requireSight(path, observed.ground);
        requireFolder(path, observed.ground, world, { makesFolders: true });
      }
      requireAccounts(root ?? {}, observed.ground, world, path);
    }
    const certainty = world.bringsMore ? 'conditional' : 'certain';
    const extras = desired.deletes ? extrasOf(desired, observed, world) : [];
    return [
      ...differences.map((one) => ({ certainty, ...one }) as const),
      ...extras.map((one): Difference => {
        return { kind: 'remove', property: nameIn(desired, one), before: 'there', after: null };
      }),
    ];
  },
  foresee(desired, observed, changes, world) {
    const { path, entries } = desired;
    foreseeFolders(path, observed.ground, world);
    for (const { kind, property } of changes)
      if (kind === 'remove') world.path(`${path}/${property}`).willBeAbsent();
    const due = new Map(changes.map(({ property, kind }) => [property, kind]));
    for (const entry of entries) {
      const { owner, group } = entry;
      const mode = foreseenMode(
        besideOthers(desired, entry, world),
        world.path(entry.path).over(observed.found.get(entry.path)),
      );
      const ownership = { ...(owner && { owner }), ...(group && { group }) };
      const how = due.get(nameIn(desired, entry.path));
      if (entry.type === 'link') {
        const { path: at } = world.behind(entry.path);
        world.path(at).willBe({ ...linkState(at, entry.to, how !== undefined), ...ownership });
      } else {
        const content = entry.type === 'file' ? foreseenContent(entry.content) : { isNew: how === 'create' };
        world.path(entry.path).willBe({ type: entry.type, ...mode, ...ownership, ...content });
      }
    }
  },
  async prepare(desired, changes) {
    const due = new Set(changes.map(({ property }) => property));
    const sent = desired.entries.flatMap((entry) =>
      entry.type === 'file' &&
      isSent(entry.content) &&
      'source' in entry.content &&
      due.has(nameIn(desired, entry.path))
        ? [{ source: entry.content.source, target: incoming(entry.path) }]
        : [],
    );
    return { transfers: sent };
  },
  apply(desired, changes) {
    const due = new Set(changes.map(({ property }) => property));
    const gone = changes.flatMap(({ kind, property }) =>
      kind === 'remove' ? [`${desired.path}/${property}`] : [],
    );
    return joinSh([
      ...gone.map(removeAll),
      ...desired.entries.flatMap((entry) => {
        const name = nameIn(desired, entry.path);
        const owned = ['mode', 'owner', 'group'].filter((one) => due.has(`${name} ${one}`));
        const keepsMode = entry.givesWay && !owned.includes('mode');
        if (!due.has(name))
          return owned.length > 0
            ? [sh`${ownedBy({ ...entry, ...(keepsMode && { keepsMode }) })} || exit`]
            : [];
        return [sh`${make(entry)} || exit`];
      }),
    ]);
  },
});

/** Shell function `q_walk FOLDER`: prints, as `q_has` does, the paths of all that is below; links are not followed. */
const WALK = sh`${mounted}
${named}
q_walk() {
  for q_one in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -e "$q_one" ] || [ -L "$q_one" ]; then q_has "$q_one"; else continue; fi
    if [ -d "$q_one" ] && [ ! -L "$q_one" ]; then q_walk "$q_one"; fi
  done
}`;

function traceOf(entry: Entry): Trace {
  const { path: name, type } = entry;
  if (type === 'link') return { kind: type, name, digest: entry.to };
  const digest = type === 'file' ? digestOf(entry.content) : undefined;
  return { kind: type, name, ...(digest !== undefined && { digest }) };
}

function removeAll(path: string): Sh {
  return sh`q_on ${path} rm -rf -- || exit`;
}

function make(entry: Entry): Sh {
  const { path } = entry;
  if (entry.type === 'file') return writeContent(path, entry.content, entry);
  if (entry.type === 'link')
    return sh`q_on ${path} ln -sfn -- ${entry.to} && q_label ${path} && ${ownedBy(entry)}`;
  return makeDirectory(entry);
}

function ownedBy({ type, path, owner = '', group = '', ...ownership }: Entry): Sh {
  if (type !== 'link') return sh`q_mode ${path} ${modeAt(path, ownership)} ${owner} ${group}`;
  const who = group === '' ? owner : `${owner}:${group}`;
  return who === '' ? sh`:` : sh`q_on ${path} chown -h -- ${who}`;
}
