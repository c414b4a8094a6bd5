import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { decoded } from './fstab.ts';

/** What is mounted at a place. */
export interface Live {
  readonly options: readonly string[];
  /** Options of the file system, which other mounts of it share. */
  readonly superOptions: readonly string[];
  readonly type: string;
  readonly source: string;
  /** The block device that the source leads to, if it is one. */
  readonly device: string | undefined;
}

/** What the wanted source is on the host. */
export interface WantedSource {
  /** The block device that it leads to. */
  readonly device: string | undefined;
  /** It is the very folder that is mounted there. */
  readonly isThere: boolean;
  /** It names a device or a folder that the host does not have. */
  readonly isMissing: boolean;
}

/** Shell that tells what is mounted at a path and below it, and what the wanted source is. */
export function mountLook(path: string, source: string): Sh {
  return sh`q_block() { q_to=$(readlink -f -- "$1" 2>/dev/null) && [ -b "$q_to" ] && printf '%s %s\n' "$2" "$q_to"; }
q_real=$(readlink -f -- ${path} | sed 's/\\/\\134/g; s/ /\\040/g') q_live=
while read -r q_id q_up q_dev q_root q_at q_rest; do
  case $q_at in
    "$q_real") printf 'live %s\n' "$q_rest"; q_live=\${q_rest#* - } ;;
    "\${q_real%/}"/*) printf 'below %s\n' "$q_at" ;;
  esac
done </proc/self/mountinfo
q_live=\${q_live#* }
q_block "\${q_live%% *}" 'live-device'
q_source=${source}
case $q_source in
  UUID=* | LABEL=* | PARTUUID=* | PARTLABEL=*)
    if command -v findfs >/dev/null; then
      q_source=$(findfs "$q_source" 2>/dev/null) || q_source=
      q_block "$q_source" device || echo missing
    fi ;;
  # A share of another machine.
  //*) ;;
  /*)
    q_block "$q_source" device
    [ -e "$q_source" ] || echo missing
    if [ "$q_source" -ef ${path} ]; then echo same; fi ;;
esac`;
}

/** Reads what `mountLook` printed. */
export function parseMounts(out: string): {
  readonly live: Live | undefined;
  readonly below: readonly string[];
  readonly wanted: WantedSource;
} {
  const all = (word: string) =>
    out.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const line = all('live').at(-1);
  return {
    live: line === undefined ? undefined : liveOf(line, all('live-device')[0]),
    below: all('below').map(decoded),
    wanted: {
      device: all('device')[0],
      isThere: /^same$/m.test(out),
      isMissing: /^missing$/m.test(out),
    },
  };
}

/** What is said of a mount in `/proc/self/mountinfo` (proc(5)), after its place. */
function liveOf(line: string, device: string | undefined): Live {
  const [own = '', rest = ''] = line.split(' - ');
  const [type = '', source = '', superWords = ''] = rest.split(' ');
  const superOptions = superWords.split(',');
  // The options of the file system say `ro` as well where it is; those of the mount have the rest.
  const options = [...(own.split(' ')[0] ?? '').split(','), ...(superOptions.includes('ro') ? ['ro'] : [])];
  return { options, superOptions, type, source: decoded(source), device };
}

interface Wish {
  readonly source: string;
  readonly type: string;
  /** Its options. */
  readonly words: readonly string[];
}

/**
 * Something else than the wanted source is mounted. Devices are compared by what their names lead to: the kernel says
 * `/dev/mapper/vg-data` of `/dev/vg/data`.
 */
export function isOther({ source, type, words }: Wish, live: Live, wanted: WantedSource): boolean {
  if (words.some((one) => one === 'bind' || one === 'rbind'))
    return !wanted.isThere && source.startsWith('/');
  if (type !== 'auto' && !live.type.startsWith(type) && !/^fuse/.test(live.type)) return true;
  if (wanted.device !== undefined && live.device !== undefined && wanted.device !== live.device) return true;
  if (NETWORK.test(live.type) && shareOf(live.type, source) !== shareOf(live.type, live.source)) return true;
  const subvolume = words.map(subvolumeIn).find((one) => one !== undefined);
  const found = live.superOptions.map(subvolumeIn).find((one) => one !== undefined);
  return subvolume !== undefined && found !== undefined && subvolume !== found;
}

/** What another machine serves: its source says all. */
const NETWORK = /^(nfs4?|cifs|smb3|ceph)$/;

function shareOf(type: string, source: string): string {
  const share = source.replaceAll('\\', '/').replace(/\/+$/, '');
  return /^(cifs|smb3)$/.test(type) ? share.toLowerCase() : share;
}

function subvolumeIn(option: string): string | undefined {
  return /^subvol=\/?(.*)$/.exec(option)?.[1];
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

/** File systems that nobody can write to, or that the kernel lets nobody write to as a rule. */
const READ_ONLY = /^(iso9660|udf|squashfs|fuse\.squashfuse|erofs|cramfs|romfs|hfsplus)$/;

/** An overlay of lower layers alone has nowhere to write to. */
function isReadOnly({ type, superOptions }: Live): boolean {
  return (
    READ_ONLY.test(type) || (type === 'overlay' && !superOptions.some((one) => one.startsWith('upperdir=')))
  );
}

/** It is to be written, as it is unless said, and is read-only: a disk that fails leaves it so. */
export function isShut(words: readonly string[], live: Live): boolean {
  const isSaid = words.some((one) => ['ro', 'bind', 'rbind'].includes(one));
  return !isSaid && live.options.includes('ro') && !isReadOnly(live);
}

/** An option that is wanted is not in force. */
export function lacksOptions(words: readonly string[], live: Live): boolean {
  return words.some((one) => {
    const contrary = FLAGS[one];
    if (contrary === undefined) return false;
    return contrary.length < one.length || one === 'ro'
      ? !live.options.includes(one)
      : live.options.includes(contrary);
  });
}
