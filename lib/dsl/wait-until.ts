import { type Sh, sh } from './sh.ts';

/**
 * Shell that tries `until` ten times a second for `timeout` seconds; `meanwhile` runs in between and may
 * `exit` to give up early.
 */
export function waitUntil(until: Sh, timeout: number, meanwhile: Sh): Sh {
  return sh`q_deadline=$(($(date +%s) + ${timeout}))
until (${until}) >/dev/null 2>&1; do
  if [ "$(date +%s)" -ge "$q_deadline" ]; then
    q_last=$( (${until}) 2>&1)
    printf '%s\n' ${`not there after ${timeout} s; the last try said:`} "\${q_last:-nothing}"
    exit 1
  fi
  ${meanwhile}
  q_nap 0.1
done`;
}
