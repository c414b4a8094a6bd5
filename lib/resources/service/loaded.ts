import { dirname } from 'node:path/posix';
import { foreseenMark, GONE, orGone } from '../../dsl/mark.ts';
import { joinSh, raw, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Mark } from '../../dsl/task.ts';
import { UNKNOWN, type World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { unitName } from './systemd.ts';

/** What a unit reads, and what is due when it has read another one. */
export interface Loading extends Pick<Mark, 'name' | 'look' | 'beside'> {
  readonly due: 'restart' | 'reload';
  /** A later wish for the same unit sees to it; here it is only recorded. */
  readonly isLater?: true;
}

/** The state of a mark on the host, and since when it is so, in seconds since the epoch. */
interface Look {
  readonly state: string;
  readonly since: number | undefined;
}

export interface ObservedReads {
  /** States by name that this start, or the last reload of it, has read. */
  readonly recorded: ReadonlyMap<string, string>;
  /** The same, also of the start before. */
  readonly earlier: ReadonlyMap<string, string>;
  readonly now: ReadonlyMap<string, Look>;
  /** Paths that this start or an earlier one has read, and that the wish does not name any more. */
  readonly dropped: readonly Pick<Loading, 'name' | 'due' | 'beside'>[];
}

/** Each name once, with the most that is due for it. */
export function withoutRepeats(reads: readonly Loading[]): readonly Loading[] {
  const most = new Map<string, Loading>();
  for (const one of reads) if (most.get(one.name)?.due !== 'restart') most.set(one.name, one);
  return [...most.values()];
}

/** For several wishes for one unit: all of them record what any of them reads, and the last one sees to it. */
export function joinedReads(wishes: readonly (readonly Loading[])[]): readonly (readonly Loading[])[] {
  const all = withoutRepeats(wishes.flat()).map(({ isLater: _, ...one }) => one);
  const later = all.map((one) => ({ ...one, isLater: true as const }));
  return wishes.map((_, i) => (i === wishes.length - 1 ? all : later));
}

/**
 * Shell that prints the record of a unit, and the states of what it reads and has read. Where one is told in several words
 * the second would be taken for its time, or the first alone be kept: neither would ever be due.
 */
export function probeReads(name: string, reads: readonly Loading[]): Sh {
  return sh`q_look() {
  q_mark=$1; shift
  case \${2:-0}/$# in *[!0-9]*/* | */[3-9]* | */??*) echo "wordy $q_mark: $*" ;; *) echo "mark \${1:-unreadable} \${2:--} $q_mark" ;; esac
}
${joinSh(reads.map((one) => sh`q_look ${one.name} $(${one.look})`))}
${findRecord(name)}
if [ -f "$q_record" ]; then
  cat "$q_record"
  ${forDropped(
    reads,
    sh`case $q_path in /*) q_look "$q_path" $(if false; then :
${orGone(raw('"$q_path"'))}) ;; esac`,
  )}
fi`;
}

export function parseLoaded(
  out: string,
  reads: readonly Loading[],
  start: string | undefined,
): ObservedReads {
  const [, mark, words] = /^wordy (.+?): (.*)$/m.exec(out) ?? [];
  if (mark !== undefined) throw wordy(mark, words ?? '');
  const names = new Set(reads.map(({ name }) => name));
  const lines = [...out.matchAll(/^(read|restart) (\S+) (.*)$/gm)].map(([, word, state = '', name = '']) => {
    return { name, state, due: word === 'restart' ? ('restart' as const) : ('reload' as const) };
  });
  const looks = [...out.matchAll(/^mark (\S+) (\d+|-) (.*)$/gm)].map(([, state = '', time, name = '']) => {
    return [name, { state, since: time === '-' ? undefined : Number(time) }] as const;
  });
  const recordedStart = /^recorded=(.*)$/m.exec(out)?.[1];
  const earlier = new Map(lines.map(({ name, state }) => [name, state]));
  return {
    recorded: recordedStart === start ? earlier : new Map(),
    earlier,
    now: new Map(looks),
    dropped: lines
      .filter(({ name, state }) => name.startsWith('/') && state !== GONE && !names.has(name))
      .map(({ name, due }) => ({ name, due, beside: dirname(name) })),
  };
}

function wordy(mark: string, words: string): QuorateError {
  return new QuorateError(`the look of the mark "${mark}" prints "${words}", one word was wanted`, {
    exitCode: EXIT.failed,
    hint: 'and after it since when it is so, in seconds since the epoch, where that can be told',
  });
}

/** What the unit has read another one of; `since`: when it was started. */
export function outdatedReads(
  unit: string,
  reads: readonly Loading[],
  seen: ObservedReads & { readonly since: number | undefined },
  world: World,
): readonly Pick<Loading, 'name' | 'due'>[] {
  const judged = reads.filter(({ isLater }) => !isLater);
  // A path that still exists but is no longer named may be read for another wish: only lost paths count.
  const lost = judged.length < reads.length ? [] : lostReads(seen, world);
  return [...judged, ...lost].filter((one) => isOutdated(unit, one, seen, world));
}

function lostReads(seen: ObservedReads, world: World): ObservedReads['dropped'] {
  return seen.dropped.filter(({ name }) => stateOf(name, seen, world) === GONE);
}

/**
 * Whether the unit has to read a thing again. Without a record of this start, a thing older than the start counts as
 * read; times are in whole seconds, so allow one.
 */
function isOutdated(
  unit: string,
  { name, beside }: Pick<Loading, 'name' | 'beside'>,
  seen: ObservedReads & { readonly since: number | undefined },
  world: World,
): boolean {
  const now = seen.now.get(name);
  const wanted = stateOf(name, seen, world);
  const read = world.isProof ? undefined : world.unit(unit).state?.read;
  const recorded = read?.get(name) ?? seen.recorded.get(name);
  if (recorded !== undefined) return wanted !== undefined && wanted !== recorded;
  if (wanted === UNKNOWN || wanted !== now?.state) return true;
  if (read !== undefined) return false;
  const isPath = name.startsWith('/');
  // Nothing tells when an account came to be as it is: the time is that of all of them.
  if (!isPath && seen.earlier.get(name) === wanted) return false;
  // A package that is there has a time of its own.
  const isShared = now?.state === GONE || !(isPath || name.startsWith('package '));
  if (isShared && beside !== undefined && world.willTouch(beside)) return true;
  return now?.since !== undefined && (seen.since === undefined || now.since + 1 > seen.since);
}

/** What a start, or a reload, of it will read. */
export function readsForeseen(
  reads: readonly Loading[],
  seen: ObservedReads,
  world: World,
): ReadonlyMap<string, string> {
  const all = [...lostReads(seen, world), ...reads];
  return new Map(all.map(({ name }) => [name, stateOf(name, seen, world) ?? UNKNOWN]));
}

function stateOf(name: string, { now }: ObservedReads, world: World): string | undefined {
  const foreseen = world.isProof ? undefined : foreseenMark(name, world);
  return foreseen ?? now.get(name)?.state;
}

/**
 * Shell that keeps in `q_read` what the unit reads, before it does. What the wish does not name any more stays on
 * record while it is there: it is due once it is gone. A start reads it anew, a reload leaves it as it was read.
 */
export function collectReads(name: string, reads: readonly Loading[], starts: boolean): Sh {
  const anew = sh`if [ ! -e "$q_path" ] && [ ! -L "$q_path" ]; then continue; fi
    case $q_path in /*) ;; *) continue ;; esac
    case $q_was in
      link:*) q_was=link:$(readlink -- "$q_path" | sha256sum) ;;
      *) q_was=$(q_sha256 "$q_path" 2>/dev/null) || continue ;;
    esac
    echo "$q_word \${q_was%% *} $q_path"`;
  const asRead = sh`case $q_path in /*) if [ ! -e "$q_path" ] && [ ! -L "$q_path" ]; then continue; fi ;; esac
    echo "$q_word $q_was $q_path"`;
  const isOfThisStart = sh`[ "$(sed -n 's/^recorded=//p' "$q_record")" = "$(systemctl show -p InvocationID ${unitName(name)} | sed 's/^InvocationID=//')" ]`;
  return sh`q_as_read() { q_word=$1 q_mark=$2; shift 2; echo "$q_word \${1:-unreadable} $q_mark"; }
q_read=$(
${joinSh(reads.map((one) => sh`q_as_read ${one.due === 'restart' ? 'restart' : 'read'} ${one.name} $(${one.look})`))}
${findRecord(name)}
if [ -f "$q_record" ]${starts ? sh`` : sh` && ${isOfThisStart}`}; then
  ${forDropped(reads, starts ? anew : asRead)}
fi
)`;
}

/** Shell that writes down what `collectReads` has kept, with the name of the start. */
export function recordReads(name: string): Sh {
  return sh`{ systemctl show -p InvocationID ${unitName(name)} | sed 's/^InvocationID/recorded/'; printf '%s\n' "$q_read"; } | q_write ${record(name)} 0644 '' ''`;
}

/** Shell that does something for each `q_path` in `$q_record` that the wish does not name, read in the state `q_was`. */
function forDropped(reads: readonly Loading[], each: Sh): Sh {
  return sh`q_names=$(printf '%s\n' ${reads.map((one) => one.name)})
  while read -r q_word q_was q_path; do
    if [ -z "$q_path" ]; then continue; fi
    case $q_nl$q_names$q_nl in *"$q_nl$q_path$q_nl"*) continue ;; esac
    ${each}
  done <"$q_record"`;
}

/** Shell that sets `$q_record`. */
function findRecord(name: string): Sh {
  return sh`q_record=$(q_newest ${`started-${name}`})`;
}

/** In the state directory of the host. */
function record(name: string): Sh {
  return sh`"$q_state/started-"${name}`;
}
