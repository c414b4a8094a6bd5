import { MAX_TEXT, PART, type Read } from '../dsl/probe.ts';
import { type Sh, sh } from '../dsl/sh.ts';
import type { Reading } from '../dsl/task.ts';

/**
 * One fragment for the looks of all tasks at paths: one `stat`, one `head` for all texts, and a
 * `sha256sum` only for files that the host's store of digests does not know as they are.
 */
export function compileReads(reads: readonly Read[]): Sh {
  const of = (how: Read['how']) => [
    ...new Set(reads.filter((read) => read.how === how).map(({ path }) => path)),
  ];
  const [texts, digests] = [of('text'), of('digest')];
  return sh`q_stats=$q_nl$(stat -c '%n|stat %F|%a|%U|%G|%s|%Y %Z %i' -- ${[...new Set(reads.map(({ path }) => path))]} 2>/dev/null)$q_nl
printf '%s' "$q_stats"
set --
for q_path in ${texts.length ? texts : ['']}; do if [ -f "$q_path" ] && [ ! -L "$q_path" ]; then set -- "$@" "$q_path"; fi; done
echo ${PART}
if [ "$#" -gt 0 ]; then head -q -c ${MAX_TEXT} -- "$@" | base64; fi
echo ${PART}
q_store=
if [ -f "$q_state/digests" ]; then while IFS= read -r q_line; do q_store=$q_store$q_nl$q_line; done <"$q_state/digests"; fi
q_store=$q_store$q_nl
set --
for q_path in ${digests.length ? digests : ['']}; do
  if [ ! -f "$q_path" ] || [ -L "$q_path" ]; then continue; fi
  q_line=\${q_stats#*"$q_nl$q_path|"} q_line=\${q_line%%"$q_nl"*} q_times=\${q_line##*|} q_line=\${q_line%|*}
  q_key=" \${q_line##*|} $q_times $q_path$q_nl"
  case $q_store in
    *"$q_key"*) q_sum=\${q_store%%"$q_key"*}; printf '%s  %s\n' "\${q_sum##*"$q_nl"}" "$q_path" ;;
    *) set -- "$@" "$q_path" ;;
  esac
done
if [ "$#" -gt 0 ]; then sha256sum -- "$@"; fi`;
}

/** What each look would have printed alone, by the path and the kind of look. */
export function parseReads(reading: Reading, reads: readonly Read[]): (read: Read) => string {
  const [stats = '', texts = '', digests = ''] = reading.out.split(new RegExp(`^${PART}$`, 'm'));
  const seen = new Map<string, { readonly line: string; readonly isFile: boolean; readonly size: number }>();
  for (const line of stats.split('\n')) {
    const at = line.lastIndexOf('|stat ');
    if (at < 0) continue;
    const fields = line.slice(at + 6).split('|');
    seen.set(line.slice(0, at), {
      line: line.slice(at + 1),
      isFile: fields[0]?.startsWith('regular') ?? false,
      size: Number(fields[4]),
    });
  }
  const bytes = Buffer.from(texts.replaceAll('\n', ''), 'base64');
  const contents = new Map<string, Buffer>();
  let offset = 0;
  for (const path of new Set(reads.filter(({ how }) => how === 'text').map((read) => read.path))) {
    const entry = seen.get(path);
    if (!entry?.isFile) continue;
    const length = Math.min(entry.size, MAX_TEXT);
    contents.set(path, bytes.subarray(offset, offset + length));
    offset += length;
  }
  const sums = new Map(digests.split('\n').map(digestLine));
  return ({ path, how }) => {
    const entry = seen.get(path);
    if (!entry) return '';
    if (how === 'stat' || !entry.isFile) return entry.line;
    if (how === 'digest') return `${entry.line}\nsha256 ${sums.get(path) ?? 'unreadable'}`;
    const content = contents.get(path);
    return entry.size > MAX_TEXT || !content
      ? `${entry.line}\nsha256 larger-than-64-KiB`
      : `${entry.line}\ntext\n${content.toString('base64')}`;
  };
}

/** A line of sha256sum, which starts with a backslash where those of the name are doubled. */
function digestLine(line: string): readonly [path: string, digest: string] {
  if (!line.startsWith('\\')) return [line.slice(66), line.slice(0, 64)];
  return [line.slice(67).replaceAll('\\\\', '\\'), line.slice(1, 65)];
}
