import { defineResource } from '../dsl/resource.ts';
import { joinSh, type Sh, sh } from '../dsl/sh.ts';
import { EXIT, type ExitCode, QuorateError } from '../errors.ts';

export interface AssertDesired {
  readonly name: string;
  /** Read-only; exits 0 when the assertion holds. */
  readonly that: Sh;
  /** What is wrong and what to do, when it does not. */
  readonly message: string;
  readonly hint?: string;
  readonly exitCode?: ExitCode;
  /** World keys that, once predicted by an earlier task, make the assertion hold. */
  readonly providedBy?: string;
}

/** Something a role relies on but does not make. Fails the task, in a check too. */
export const assert = defineResource<AssertDesired, boolean>({
  kind: 'assert',
  name: (desired) => desired.name,
  title: (desired) => desired.name,
  probe: (desired) => desired.that,
  parse: (reading) => reading.code === 0,
  diff(desired, holds, world) {
    if (holds || (desired.providedBy && world.get(desired.providedBy) !== undefined)) return [];
    throw new QuorateError(desired.message, {
      exitCode: desired.exitCode ?? EXIT.failed,
      ...(desired.hint !== undefined && { hint: desired.hint }),
    });
  },
  apply: () => joinSh([]),
});

export interface WaitForDesired {
  readonly name: string;
  /** Read-only; exits 0 once what is waited for is there. */
  readonly until: Sh;
  /** Seconds before the wait fails. */
  readonly timeout: number;
}

/** Waits, within a deadline, until something is true. */
export const waitFor = defineResource<WaitForDesired, boolean>({
  kind: 'wait-for',
  name: (desired) => desired.name,
  title: (desired) => desired.name,
  probe: (desired) => desired.until,
  parse: (reading) => reading.code === 0,
  diff: (_desired, there) =>
    there ? [] : [{ kind: 'wait', property: 'state', before: 'no', after: 'yes', certainty: 'conditional' }],
  apply: (desired) => waitUntil(desired.until, desired.timeout, sh`:`),
});

/**
 * Shell that tries `until` ten times a second for `timeout` seconds; `meanwhile` runs in between and may
 * `exit` to give up early.
 */
export function waitUntil(until: Sh, timeout: number, meanwhile: Sh): Sh {
  return sh`q_deadline=$(($(date +%s) + ${timeout}))
until (${until}) >/dev/null 2>&1; do
  if [ "$(date +%s)" -ge "$q_deadline" ]; then echo ${`not there after ${timeout} s; the last try said:`}; (${until}); exit 1; fi
  ${meanwhile}
  sleep 0.1 2>/dev/null || sleep 1
done`;
}
