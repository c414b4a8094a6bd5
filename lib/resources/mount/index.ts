import { editableText, inItsForm, oneLine } from '../../dsl/edit.ts';
import { linesTrace } from '../../dsl/ledger/made.ts';
import { is, mustUnlessAbsent, usage } from '../../dsl/options/options.ts';
import {
  checkedPath,
  type ObservedPath,
  parsePath,
  requireReplaceable,
  requireRoom,
  sha256,
} from '../../dsl/path.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Certainty } from '../../dsl/task.ts';
import { type Ground, groundReads, parseGround, requireFolder } from '../../dsl/world/ground.ts';
import { Slot } from '../../dsl/world/things.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { entryFor, type FstabEntry, fstabLine, hasSameOptions, withEntry } from './fstab.ts';
import {
  isOther,
  isShut,
  type Live,
  lacksOptions,
  mountLook,
  parseMounts,
  type WantedSource,
} from './live-mount.ts';

export interface MountWish {
  /** A device, `UUID=…`, `LABEL=…`, `server:/path`, `//server/share`, or a folder for `options: 'bind'`; without a say where it is to be absent. */
  readonly source: string;
  /** `auto` unless said. */
  readonly type?: string;
  /** With commas between; `defaults` unless said. With `noauto` it is in the table only. */
  readonly options?: string;
  /** Order of checks at boot; 0, no check, unless said. */
  readonly pass?: number;
  /** `absent`: not mounted, and not in the table. The folder stays, with what is in it. */
  readonly state?: 'mounted' | 'absent';
}

export type MountOptions = MountWish | MountGone;

type MountGone = Omit<MountWish, 'source'> & { readonly state: 'absent'; readonly source?: string };

interface MountDesired extends FstabEntry {
  readonly absent: boolean;
}

interface ObservedMount {
  readonly folder: ObservedPath | undefined;
  readonly table: ObservedPath | undefined;
  readonly ground: Ground;
  /** What the table stands on. */
  readonly tableGround: Ground;
  /** What is mounted there, the last of several. */
  readonly live: Live | undefined;
  /** What is mounted below it. */
  readonly below: readonly string[];
  readonly wanted: WantedSource;
}

const TABLE = '/etc/fstab';

/** systemd mounts it when somebody looks in (systemd.mount(5)). */
const AUTOMOUNT = 'x-systemd.automount';

/** What `defaults` stands for: a flag that is wanted no more goes only if its contrary is said. */
const DEFAULTS = 'rw,exec,suid,dev';

/**
 * A file system that is mounted, now and after a boot; its folder is made where it is missing. It is mounted before
 * `/etc/fstab` names it, and unmounted before it does not: what fails leaves the table as it was. Something else that is
 * mounted there is an error, whatever names a device has; so is a source that the host does not have. What is declared
 * below one that is yet to be mounted is judged when its turn comes: a check calls it conditional, or unknown.
 *
 * @example
 * mount('/srv/data', { source: 'LABEL=data', type: 'ext4', options: 'noatime' })
 */
export const mount = defineResource<MountOptions, MountDesired, ObservedMount>({
  kind: 'mount',
  options: {
    source: mustUnlessAbsent(is.text),
    type: is.text,
    options: is.text,
    pass: is.count(),
    state: is.one('mounted', 'absent'),
  },
  complete(name, { source, type = 'auto', options = 'defaults', pass = 0, state }) {
    for (const [what, word] of Object.entries({ type, options }))
      if (/\s/.test(oneLine(what, word))) throw wrong(what, word);
    if (/(^|,)pass(word2?|wd)?=./i.test(options)) throw openPassword(name);
    const path = checkedPath(name);
    return {
      path,
      source: source === undefined ? '' : oneLine('source', source),
      type,
      options,
      dump: 0,
      pass,
      absent: state === 'absent',
    };
  },
  name: ({ path }) => path,
  provides: ({ path, absent }) => (absent ? [] : [path]),
  traces({ absent, ...entry }, changes) {
    const change = changes?.find(({ property }) => property === 'at boot');
    if (absent || (changes !== undefined && change === undefined)) return [];
    const trace = linesTrace(TABLE, [fstabLine(entry)]);
    return [change === undefined || change.before === null ? trace : { ...trace, there: true }];
  },
  title: ({ path, source, absent }) =>
    absent ? `${path} is not mounted` : `${source} is mounted on ${path}`,
  probe: ({ path, source }) =>
    probe(
      [
        { path, how: 'stat' },
        { path: TABLE, how: 'text' },
        ...groundReads(path, {}),
        ...groundReads(TABLE, {}),
      ],
      mountLook(path, source),
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    return {
      folder: parsePath({ code: 0, out: parts[0] ?? '' }),
      table: parsePath({ code: 0, out: parts[1] ?? '' }),
      ground: parseGround(parts),
      tableGround: parseGround(parts.slice(3)),
      ...parseMounts(own),
    };
  },
  diff(desired, observed, world) {
    const { path, absent } = desired;
    const found = world.path(path).over(observed.folder);
    const known = world.path(TABLE).over(observed.table);
    const before = known === undefined ? '' : editableText(TABLE, known);
    const after = inItsForm(before, (plain) => withEntry(plain, path, absent ? undefined : desired));
    if (before !== after) {
      requireFolder(TABLE, observed.tableGround, world);
      requireReplaceable(TABLE, known, world);
    }
    const table: readonly Difference[] =
      before === after
        ? []
        : [{ kind: 'update', property: 'at boot', ...lineOf(before, after), text: { before, after } }];
    if (absent) {
      if (observed.live) requireNoneBelow(path, observed.below, world);
      return [...(observed.live ? [action('stop', 'yes', 'no')] : []), ...table];
    }
    requireRoom(path, 'directory', found);
    if (found === undefined) requireFolder(path, observed.ground, world, { makesFolders: true });
    return [...liveDifferences(desired, observed, world), ...table];
  },
  foresee({ path, absent }, _observed, changes, world) {
    world.slot(MOUNTS, path).willBe({ mounted: !absent });
    if (changes.some(({ property }) => property === 'mounted')) world.willRemount(path);
    const text = changes.find((change) => change.text)?.text?.after;
    if (text !== undefined) world.path(TABLE).willBe({ type: 'file', text, sha256: sha256(text) });
    if (!absent) world.path(path).willBe({ type: 'directory' });
  },
  apply({ path, source, type, options }, changes) {
    const isDue = (property: string, kind: string) =>
      changes.some((change) => change.property === property && change.kind === kind);
    const text = changes.find((change) => change.text)?.text;
    const step = (wanted: boolean, shell: Sh) => (wanted ? [shell] : []);
    const wasShut = changes.some(
      ({ property, before }) => property === 'options' && /(^|,)ro(,|$)/.test(before ?? ''),
    );
    const wayOut =
      wasShut && !options.split(',').includes('ro')
        ? sh`{ echo "if nobody is to write to it, say so: options 'ro'"; exit 1; }`
        : sh`exit`;
    return joinSh([
      ...step(isDue('mounted', 'stop'), sh`umount -- ${path} 2>&1 || exit`),
      ...step(
        isDue('mounted', 'start'),
        sh`mkdir -p -- ${path} && mount -t ${type} -o ${options} -- ${source} ${path} 2>&1 || exit`,
      ),
      ...step(
        isDue('options', 'update'),
        sh`mount -o ${`remount,${DEFAULTS},${options}`} -- ${path} 2>&1 || ${wayOut}`,
      ),
      ...(text === undefined ? [] : [writeTable(text)]),
    ]);
  },
});

/** systemd makes units of the table. */
function writeTable({ before, after }: { readonly before: string; readonly after: string }): Sh {
  return sh`q_bits=0644
if [ -e ${TABLE} ]; then
  q_bits=$(stat -c %a -- ${TABLE})
  if [ "$(q_sha256 ${TABLE})" != ${sha256(before)} ]; then echo ${`${TABLE} has changed since it was read: run again`}; exit 1; fi
fi
printf %s ${after} | q_write ${TABLE} "$q_bits" '' '' || exit
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi`;
}

/** What earlier tasks mount and unmount. */
const MOUNTS = new Slot<{ readonly mounted: boolean }>({ mounted: false });

function requireNoneBelow(path: string, below: readonly string[], world: World): void {
  const [first] = below.filter((point) => world.slot(MOUNTS, point).state?.mounted !== false);
  if (first === undefined) return;
  throw new QuorateError(`cannot unmount ${path}: ${first} is mounted below it`, {
    exitCode: EXIT.failed,
    hint: 'unmount that first: declare it absent before',
  });
}

function liveDifferences(
  { path, source, type, options }: MountDesired,
  { live, wanted, table }: ObservedMount,
  world: World,
): readonly Difference[] {
  const words = options.split(',');
  if (live === undefined) {
    if (words.includes('noauto')) return [];
    return [{ ...action('start', 'no', 'yes'), certainty: requireSource(path, source, wanted, world) }];
  }
  // It waits for its first use.
  if (live.type === 'autofs' && words.includes(AUTOMOUNT)) return [];
  if (isOther({ source, type, words }, live, wanted)) {
    throw new QuorateError(
      `cannot mount ${source} on ${path}: ${live.source} (${live.type}) is mounted there`,
      {
        exitCode: EXIT.failed,
        hint: 'unmount that first, if nobody works in it',
      },
    );
  }
  requireSource(path, source, wanted, world);
  const entry = entryFor(table?.text ?? '', path);
  const shut = isShut(words, live);
  const isOtherwise =
    lacksOptions(words, live) || (entry !== undefined && !hasSameOptions(entry, { options }));
  if (!shut && !isOtherwise) return [];
  const after = shut && !words.includes('rw') ? `rw,${options}` : options;
  return [{ kind: 'update', property: 'options', before: live.options.join(','), after }];
}

/** An earlier task may have made the file system when its turn comes. */
function requireSource(path: string, source: string, wanted: WantedSource, world: World): Certainty {
  if (!wanted.isMissing) return 'certain';
  if (world.path(source).state) return 'certain';
  if (world.bringsMore) return 'conditional';
  throw new QuorateError(`cannot mount ${source} on ${path}: the host has no ${source}`, {
    exitCode: EXIT.failed,
    hint: 'lsblk -f and blkid on the host show what it has',
  });
}

function action(kind: 'start' | 'stop', before: string, after: string): Difference {
  return { kind, property: 'mounted', before, after };
}

/** The line of the table that differs. */
function lineOf(before: string, after: string) {
  const [old, next] = [before.split('\n'), after.split('\n')];
  return {
    before: old.find((line) => !next.includes(line)) ?? null,
    after: next.find((line) => !old.includes(line)) ?? null,
  };
}

/** All users of the host may read the table, and what `mount` is called with. */
function openPassword(name: string): QuorateError {
  return usage(
    `mount ${JSON.stringify(name)}: options has a password, which all on the host could read`,
    "name a file that has it: 'credentials=/etc/nas.credentials', with file() before it, of mode '0600'",
  );
}

function wrong(what: string, word: string): QuorateError {
  return new QuorateError(`the ${what} ${JSON.stringify(word)} of a mount has white space in it`, {
    exitCode: EXIT.usage,
    hint: 'put commas between options',
  });
}
