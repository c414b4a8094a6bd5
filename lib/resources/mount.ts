import { oneLine } from '../dsl/edit.ts';
import { type Ground, groundReads, parseGround, requireFolder } from '../dsl/ground.ts';
import { is, must } from '../dsl/options.ts';
import { checkedPath, type ObservedPath, parsePath, requireRoom, sha256 } from '../dsl/path.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { joinSh, type Sh, sh } from '../dsl/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { decoded, entryFor, type FstabEntry, hasSameOptions, withEntry } from './fstab.ts';

export interface MountOptions {
  /** A device, `UUID=…`, `LABEL=…`, `server:/path`, or a folder for `options: 'bind'`. */
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

interface MountDesired extends FstabEntry {
  readonly absent: boolean;
}

interface Live {
  readonly options: readonly string[];
  readonly type: string;
  readonly source: string;
}

interface ObservedMount {
  readonly folder: ObservedPath | undefined;
  readonly table: ObservedPath | undefined;
  readonly ground: Ground;
  /** What is mounted there, the last of several. */
  readonly live: Live | undefined;
  /** What the wanted source leads to. */
  readonly device: string;
}

const TABLE = '/etc/fstab';

/** What `defaults` stands for: a flag that is wanted no more goes only if its contrary is said. */
const DEFAULTS = 'rw,exec,suid,dev';

/**
 * A file system that is mounted, now and after a boot; its folder is made where it is missing. It is mounted before
 * `/etc/fstab` names it, and unmounted before it does not: what fails leaves the table as it was.
 *
 * @example
 * mount('/srv/data', { source: 'LABEL=data', type: 'ext4', options: 'noatime' })
 */
export const mount = defineResource<MountOptions, MountDesired, ObservedMount>({
  kind: 'mount',
  options: {
    source: must(is.text),
    type: is.text,
    options: is.text,
    pass: is.number,
    state: is.one('mounted', 'absent'),
  },
  complete(name, { source, type = 'auto', options = 'defaults', pass = 0, state }) {
    for (const [what, word] of Object.entries({ type, options }))
      if (/\s/.test(oneLine(what, word))) throw wrong(what, word);
    const path = checkedPath(name);
    return {
      path,
      source: oneLine('source', source),
      type,
      options,
      dump: 0,
      pass,
      absent: state === 'absent',
    };
  },
  name: ({ path }) => path,
  title: ({ path, source, absent }) =>
    absent ? `${path} is not mounted` : `${source} is mounted on ${path}`,
  probe: ({ path, source }) =>
    probe(
      [{ path, how: 'stat' }, { path: TABLE, how: 'text' }, ...groundReads(path, {})],
      sh`q_real=$(readlink -f -- ${path} | sed 's/\\/\\134/g; s/ /\\040/g')
while read -r q_id q_up q_dev q_root q_at q_rest; do
  if [ "$q_at" = "$q_real" ]; then printf 'live %s\n' "$q_rest"; fi
done </proc/self/mountinfo
printf 'device %s\n' "$(readlink -f -- ${source})"`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    return {
      folder: parsePath({ code: 0, out: parts[0] ?? '' }),
      table: parsePath({ code: 0, out: parts[1] ?? '' }),
      ground: parseGround(parts),
      live: [...own.matchAll(/^live (.*)$/gm)].map(([, line = '']) => liveOf(line)).at(-1),
      device: /^device (.*)$/m.exec(own)?.[1] ?? '',
    };
  },
  diff(desired, observed, world) {
    const { path, absent } = desired;
    const found = world.path(path).over(observed.folder);
    const before = world.path(TABLE).over(observed.table)?.text ?? '';
    const after = withEntry(before, path, absent ? undefined : desired);
    const table: readonly Difference[] =
      before === after
        ? []
        : [{ kind: 'update', property: 'at boot', ...lineOf(before, after), text: { before, after } }];
    if (absent) return [...(observed.live ? [action('stop', 'yes', 'no')] : []), ...table];
    requireRoom(path, 'directory', found);
    if (found === undefined) requireFolder(path, observed.ground, world, { makesFolders: true });
    return [...liveDifferences(desired, observed), ...table];
  },
  foresee({ path, absent }, _observed, changes, world) {
    const text = changes.find((change) => change.text)?.text?.after;
    if (text !== undefined) world.path(TABLE).willBe({ type: 'file', text, sha256: sha256(text) });
    if (!absent) world.path(path).willBe({ type: 'directory' });
  },
  apply({ path, source, type, options }, changes) {
    const isDue = (property: string, kind: string) =>
      changes.some((change) => change.property === property && change.kind === kind);
    const text = changes.find((change) => change.text)?.text;
    const step = (wanted: boolean, shell: Sh) => (wanted ? [shell] : []);
    return joinSh([
      ...step(isDue('mounted', 'stop'), sh`umount -- ${path} 2>&1 || exit`),
      ...step(
        isDue('mounted', 'start'),
        sh`mkdir -p -- ${path} && mount -t ${type} -o ${options} -- ${source} ${path} 2>&1 || exit`,
      ),
      ...step(
        isDue('options', 'update'),
        sh`mount -o ${`remount,${DEFAULTS},${options}`} -- ${path} 2>&1 || exit`,
      ),
      ...(text === undefined ? [] : [writeTable(text)]),
    ]);
  },
});

/** systemd makes units of the table. */
function writeTable({ before, after }: { readonly before: string; readonly after: string }): Sh {
  return sh`if [ -e ${TABLE} ] && [ "$(q_sha256 ${TABLE})" != ${sha256(before)} ]; then echo ${`${TABLE} has changed since it was read: run again`}; exit 1; fi
printf %s ${after} | q_write ${TABLE} 0644 '' '' || exit
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi`;
}

/** What is said of a mount in `/proc/self/mountinfo` (proc(5)), behind its place. */
function liveOf(line: string): Live {
  const [own = '', rest = ''] = line.split(' - ');
  const [type = '', source = '', superOptions = ''] = rest.split(' ');
  // The options of the file system say `ro` as well where it is; those of the mount have the rest.
  const options = [
    ...(own.split(' ')[0] ?? '').split(','),
    ...(superOptions.split(',').includes('ro') ? ['ro'] : []),
  ];
  return { options, type, source: decoded(source) };
}

/** Options whose state the kernel tells, each with its contrary. */
const FLAGS: Readonly<Record<string, string>> = {
  ro: 'rw',
  rw: 'ro',
  noexec: 'exec',
  nosuid: 'suid',
  nodev: 'dev',
  noatime: 'atime',
};

function liveDifferences(
  { path, source, type, options }: MountDesired,
  { live, device, table }: ObservedMount,
): readonly Difference[] {
  const words = options.split(',');
  if (live === undefined) return words.includes('noauto') ? [] : [action('start', 'no', 'yes')];
  const isBind = words.some((one) => one === 'bind' || one === 'rbind');
  const isOther = device.startsWith('/dev/') && live.source.startsWith('/dev/') && live.source !== device;
  const isOtherType = type !== 'auto' && !live.type.startsWith(type) && !/^fuse/.test(live.type);
  if (!isBind && (isOther || isOtherType)) {
    throw new QuorateError(
      `cannot mount ${source} on ${path}: ${live.source} (${live.type}) is mounted there`,
      {
        exitCode: EXIT.failed,
        hint: 'unmount that first, if nobody works in it',
      },
    );
  }
  const missing = words.filter((one) => {
    const contrary = FLAGS[one];
    if (contrary === undefined) return false;
    return contrary.length < one.length || one === 'ro'
      ? !live.options.includes(one)
      : live.options.includes(contrary);
  });
  const entry = entryFor(table?.text ?? '', path);
  const isAsked = missing.length > 0 || (entry !== undefined && !hasSameOptions(entry, { options }));
  return isAsked
    ? [{ kind: 'update', property: 'options', before: live.options.join(','), after: options }]
    : [];
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

function wrong(what: string, word: string): QuorateError {
  return new QuorateError(`the ${what} ${JSON.stringify(word)} of a mount has white space in it`, {
    exitCode: EXIT.usage,
    hint: 'put commas between options',
  });
}
