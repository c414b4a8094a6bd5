import { defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/sh.ts';
import { waitUntil } from '../dsl/wait-until.ts';

export interface WaitForDesired {
  readonly name: string;
  /** Read-only; exits 0 once what is waited for is there. */
  readonly until: Sh;
  /** Seconds before the wait fails. */
  readonly timeout: number;
}

/**
 * Waits, within a deadline, until something is true.
 *
 * @example
 * waitFor({ name: 'the site answers', until: sh`curl -fs http://localhost/`, timeout: 30 })
 */
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
