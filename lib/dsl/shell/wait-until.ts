import { type Sh, sh } from './sh.ts';

/**
 * Seconds for one look at what may hang, as a program does that talks to a server which never answers: just under what a
 * host may take to answer at all, as a proof is a look too, and what is slow is not wrong.
 */
export const LOOK_SECONDS = 55;

/** Seconds for the try that is to be told of, once the time is over. */
const LAST_SECONDS = 5;

/**
 * Shell that tries `until` ten times a second for `timeout` seconds, and ends a try that hangs; `meanwhile` runs in
 * between and may `exit` to give up early. What it says counts only once the time is over: it is tried once more then, to
 * be told of. What a try leaves in the background may hold its output for ever, so nobody but `cat` waits for that.
 */
export function waitUntil(until: Sh, timeout: number, meanwhile: Sh): Sh {
  const last = within(sh`q_try 2>&1 | cat`, Math.min(timeout, LAST_SECONDS));
  return sh`${watched(timeout + 1)}
q_deadline=$(($(date +%s) + ${timeout}))
q_try() (
${until}
)
until { q_try >/dev/null 2>&1; } 2>/dev/null; do
  if [ "$(date +%s)" -ge "$q_deadline" ]; then
    kill "$q_watcher" 2>/dev/null
    { q_last=$( ${last}); } 2>/dev/null
    printf '%s\n' ${`not there after ${timeout} s; the last try said:`} "\${q_last:-nothing}"
    exit 1
  fi
  ${meanwhile}
  q_nap 0.1
done
kill "$q_watcher" 2>/dev/null
:`;
}

/** Shell that does `run`, and has failed once it takes longer than `seconds`: it is ended with all that it started. */
export function within(run: Sh, seconds: number): Sh {
  return sh`(
${watched(seconds)}
(
${run}
)
q_code=$?
kill "$q_watcher" 2>/dev/null
exit "$q_code"
)`;
}

/** Begins to watch this shell: what it has started and is there in `seconds` is ended, whatever comes later as well. */
function watched(seconds: number): Sh {
  return sh`q_below() {
  for q_file in /proc/[0-9]*/stat; do
    { read -r q_line <"$q_file"; } 2>/dev/null || continue
    q_id=\${q_line%% *}
    set -- "$1" \${q_line##*) }
    if [ "$3" = "$1" ] && [ "$q_id" != "$q_watcher" ]; then echo "$q_id"; (q_below "$q_id"); fi
  done
}
read -r q_watched q_rest </proc/self/stat
(
  # One that dies by a signal is told of by bash.
  trap 'exit 0' TERM
  read -r q_watcher q_rest </proc/self/stat
  q_since=$(q_born "$q_watched") q_end=$(($(date +%s) + ${seconds}))
  while q_lives "$q_watched" "$q_since"; do
    # At once: of what outlives its parent nobody can tell any more where it belongs.
    if [ "$(date +%s)" -ge "$q_end" ]; then kill -KILL $(q_below "$q_watched"); fi
    q_nap 0.5
  done
) >/dev/null 2>&1 &
q_watcher=$!`;
}
