import { defineResource } from '../dsl/resource.ts';
import { joinSh, type Sh } from '../dsl/sh.ts';
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
