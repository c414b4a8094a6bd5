import { MAX_TEXT, type PathRead, type Read } from '../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Reading } from '../../dsl/task.ts';

/** Paths and bytes that one command line takes: far below what a kernel allows, and quick to look through. */
const CHUNK = { paths: 100, bytes: 16_384 };

/**
 * One fragment for the looks of all tasks: a `stat` for many paths, and a `sha256sum` for those files that the host's
 * store of digests does not know as they are. A text is a process of its own, so that nothing can shift it into
 * another's place, and is sent only where it is not the wanted one. Lines say what they are about: those with a slash
 * in front come from `stat`, those with digits from `sha256sum`, all others begin with a word.
 */
export function compileReads(reads: readonly Read[]): Sh {
  const looks = numbered(reads);
  const atPaths = looks.flatMap(({ read, at }) =>
    'path' in read && read.how !== 'above' ? [{ read, at }] : [],
  );
  const others = looks.flatMap(({ read, at }) => {
    if ('account' in read) return [sh`q_account ${read.in} ${read.account}`];
    return read.how === 'above' ? [sh`printf 'above %s ' ${at}; q_above ${read.path}`] : [];
  });
  return joinSh([...(atPaths.length > 0 ? [SHELL] : []), ...chunks(atPaths).map(lookAtPaths), ...others]);
}

const SHELL = sh`q_store=
if [ -f "$q_state/digests" ]; then while IFS= read -r q_line; do q_store=$q_store$q_nl$q_line; done <"$q_state/digests"; fi
q_store=$q_store$q_nl
q_points=$q_nl
if [ -r /proc/self/mountinfo ]; then while read -r q_x q_x q_x q_x q_at q_x; do q_points=$q_points$q_at$q_nl; done </proc/self/mountinfo; fi
q_stats() {
  q_seen=$q_nl$(stat -c '%n|stat %F|%a|%U|%G|%s|%u|%g|%Y %Z %i' -- "$@" 2>/dev/null)$q_nl
  printf '%s' "$q_seen"
  for q_path; do
    if [ -L "$q_path" ]; then
      if q_to=$(q_leads "$q_path") && [ -n "$q_to" ]; then echo "$q_to $q_path"; fi
    elif [ -f "$q_path" ]; then
      case $q_points in *"$q_nl$q_path$q_nl"*) echo "pinned mount $q_path"; continue ;; esac
      # Root may write everything else: what this costs, only such a file costs.
      if [ ! -w "$q_path" ] && q_flags=$(lsattr -d -- "$q_path" 2>/dev/null); then
        case \${q_flags%% *} in *[ia]*) echo "pinned attribute $q_path" ;; esac
      fi
    fi
  done
}
q_sums() {
  q_count=$#
  for q_path; do
    if [ ! -f "$q_path" ] || [ -L "$q_path" ]; then continue; fi
    case $q_store in *" $q_path$q_nl"*) ;; *) set -- "$@" "$q_path"; continue ;; esac
    q_line=\${q_seen#*"$q_nl$q_path|"} q_line=\${q_line%%"$q_nl"*} q_times=\${q_line##*|} q_line=\${q_line%|*|*|*}
    q_key=" \${q_line##*|} $q_times $q_path$q_nl"
    case $q_store in
      *"$q_key"*) q_sum=\${q_store%%"$q_key"*}; printf '%s  %s\n' "\${q_sum##*"$q_nl"}" "$q_path" ;;
      *) set -- "$@" "$q_path" ;;
    esac
  done
  shift "$q_count"
  if [ "$#" -gt 0 ]; then sha256sum -- "$@" 2>/dev/null; fi
}
q_show() {
  if [ ! -f "$2" ] || [ -L "$2" ]; then return; fi
  case \${3:+$q_found} in *"$q_nl$3  $2$q_nl"*) return ;; esac
  printf 'text %s\n' "$1"; q_bytes "$2" "$4"
}
q_gone() {
  for q_path; do
    case $q_seen in *"$q_nl$q_path|"*) if [ ! -e "$q_path" ] && [ ! -L "$q_path" ]; then printf 'gone %s\n' "$q_path"; fi ;; esac
  done
}`;

type Numbered<R extends Read = Read> = { readonly read: R; readonly at: number };

function lookAtPaths(looks: readonly Numbered<PathRead>[]): Sh {
  const summed = looks.filter(({ read }) => read.how === 'digest' || (read.how === 'text' && read.unless));
  const paths = (some: typeof looks) => [...new Set(some.map(({ read }) => read.path))];
  return joinSh([
    sh`q_stats ${paths(looks)}`,
    ...(summed.length === 0
      ? []
      : [sh`q_found=$q_nl$(q_sums ${paths(summed)})$q_nl`, sh`printf '%s' "$q_found"`]),
    ...looks.flatMap(({ read, at }) =>
      read.how === 'text'
        ? [sh`q_show ${at} ${read.path} ${read.unless ?? ''} ${read.most ?? MAX_TEXT}`]
        : [],
    ),
    // A file that goes in between (a runtime directory of a service that fails) is absent, not closed to us.
    sh`q_gone ${paths(looks)}`,
  ]);
}

/** Looks that many tasks want are made once. */
function numbered(reads: readonly Read[]): readonly Numbered[] {
  const looks = new Map(reads.map((read) => [keyOf(read), read]));
  return [...looks.values()].map((read, at) => ({ read, at }));
}

function keyOf(read: Read): string {
  if ('account' in read) return `${read.in} ${read.account}`;
  if (read.how === 'above') return `above ${read.path.slice(0, read.path.lastIndexOf('/'))}`;
  return `${read.how} ${read.path} ${read.how === 'text' ? `${read.unless ?? ''} ${read.most ?? MAX_TEXT}` : ''}`;
}

function chunks(looks: readonly Numbered<PathRead>[]): readonly (readonly Numbered<PathRead>[])[] {
  const all: Numbered<PathRead>[][] = [];
  let bytes = 0;
  for (const look of looks) {
    const size = Buffer.byteLength(look.read.path) + 1;
    const last = all.at(-1);
    if (last !== undefined && last.length < CHUNK.paths && bytes + size <= CHUNK.bytes) last.push(look);
    else all.push([look]);
    bytes = all.at(-1)?.length === 1 ? size : bytes + size;
  }
  return all;
}

/** What each look would have printed alone. */
export function parseReads(reading: Reading, reads: readonly Read[]): (read: Read) => string {
  const seen = readLines(reading.out);
  const numbers = new Map(numbered(reads).map(({ read, at }) => [keyOf(read), String(at)]));
  return (read) => {
    const number = numbers.get(keyOf(read)) ?? '';
    if ('account' in read) return seen.accounts.get(`${read.in} ${read.account}`) ?? '';
    if (read.how === 'above') return seen.above.get(number) ?? '';
    const stat = seen.stats.get(read.path);
    if (stat === undefined) return '';
    const pinned = seen.pinned.get(read.path);
    const line = `${stat}${pinned === undefined ? '' : `\npinned ${pinned}`}${seen.links.has(read.path) ? `\nto ${seen.links.get(read.path)}` : ''}`;
    if (read.how === 'stat' || !stat.startsWith('stat regular')) return line;
    const sum = seen.sums.get(read.path);
    if (read.how !== 'text') return `${line}\n${sum === undefined ? 'unreadable' : `sha256 ${sum}`}`;
    if (read.unless !== undefined && sum === read.unless) return `${line}\nsha256 ${sum}`;
    const text = seen.texts.get(number);
    return `${line}\n${text === undefined ? 'unreadable' : ['text', ...text].join('\n')}`;
  };
}

interface Lines {
  readonly stats: Map<string, string>;
  /** What links lead to. */
  readonly links: Map<string, string>;
  /** Why no other file can take the place of one. */
  readonly pinned: Map<string, string>;
  readonly sums: Map<string, string>;
  readonly texts: Map<string, string[]>;
  readonly above: Map<string, string>;
  readonly accounts: Map<string, string>;
}

function readLines(out: string): Lines {
  const lines: Lines = {
    stats: new Map(),
    links: new Map(),
    pinned: new Map(),
    sums: new Map(),
    texts: new Map(),
    above: new Map(),
    accounts: new Map(),
  };
  let text: string[] | undefined;
  for (const line of out.split('\n')) {
    const [word = '', ...rest] = line.split(' ');
    // Base64 has no spaces, and a path has one only after its slash.
    if (text !== undefined && rest.length === 0 && word !== '') text.push(word);
    else text = undefined;
    if (text !== undefined) continue;
    const said = rest.join(' ');
    if (line.startsWith('/')) keepStat(line, lines);
    else if (word === 'gone') lines.stats.delete(said);
    else if (word === 'to') lines.links.set(rest.slice(1).join(' '), rest[0] ?? '');
    else if (word === 'pinned') lines.pinned.set(rest.slice(1).join(' '), rest[0] ?? '');
    else if (word === 'above') lines.above.set(rest[0] ?? '', `above ${rest.slice(1).join(' ')}`);
    else if (word === 'passwd' || word === 'group') lines.accounts.set(`${word} ${rest[0]}`, line);
    else if (word === 'text') {
      text = [];
      lines.texts.set(said, text);
    } else if (/^\\?[0-9a-f]{64} /.test(line)) lines.sums.set(...digestLine(line));
  }
  return lines;
}

function keepStat(line: string, { stats }: Lines): void {
  const at = line.lastIndexOf('|stat ');
  if (at < 0) return;
  const path = line.slice(0, at);
  const fields = line.slice(at + 1).split('|');
  stats.set(path, [...fields.slice(0, 7), path].join('|'));
}

/** A line of sha256sum, which starts with a backslash where those of the name are doubled. */
function digestLine(line: string): readonly [path: string, digest: string] {
  if (!line.startsWith('\\')) return [line.slice(66), line.slice(0, 64)];
  return [line.slice(67).replaceAll('\\\\', '\\'), line.slice(1, 65)];
}
