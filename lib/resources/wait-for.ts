import { is, must } from '../dsl/options/options.ts';
import { defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/shell/sh.ts';
import { LOOK_SECONDS, waitUntil, within } from '../dsl/shell/wait-until.ts';

export interface WaitForOptions {
  /** Read-only; exits 0 once what is waited for is there. */
  readonly until: Sh;
  /** Whole seconds before the wait fails. */
  readonly timeout: number;
}

/**
 * Waits, within a deadline, until something is true. A try that hangs is ended with the deadline; in a check after 55 s.
 *
 * @example
 * waitFor('the site answers', { until: sh`curl -fs http://localhost/`, timeout: 30 })
 */
export const waitFor = defineResource<WaitForOptions, WaitForOptions & { readonly name: string }, boolean>({
  kind: 'wait-for',
  options: { until: must(is.sh), timeout: must(is.count(1)) },
  own: ['until', 'timeout'],
  complete: (name, options) => ({ name, ...options }),
  name: ({ name }) => name,
  title: (desired) => desired.name,
  probe: (desired) => sh`${within(desired.until, lookSeconds(desired))} >/dev/null 2>&1`,
  lookSeconds,
  parse: (reading) => reading.code === 0,
  diff: (_desired, there) =>
    there ? [] : [{ kind: 'wait', property: 'state', before: 'no', after: 'yes', certainty: 'conditional' }],
  apply: (desired) => waitUntil(desired.until, desired.timeout, sh`:`),
});

function lookSeconds({ timeout }: WaitForOptions): number {
  return Math.min(timeout, LOOK_SECONDS);
}
