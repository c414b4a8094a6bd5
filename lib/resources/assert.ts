import { isSame } from '../dsl/common/same.ts';
import { is, must } from '../dsl/options/options.ts';
import { defineResource } from '../dsl/resource.ts';
import { joinSh, type Sh } from '../dsl/shell/sh.ts';
import type { World } from '../dsl/world/world.ts';
import { EXIT, type ExitCode, QuorateError } from '../errors.ts';

export interface AssertOptions {
  /** Read-only; exits 0 when the assertion holds. */
  readonly that: Sh;
  /** What is wrong and what to do, when it does not. */
  readonly message: string;
  readonly hint?: string;
  readonly exitCode?: ExitCode;
  /** A path that is meant: it counts as there once an earlier task makes it, and as gone once one removes it. */
  readonly path?: string;
}

/**
 * Something a role relies on but does not make. Fails the task, in a check too.
 *
 * @example
 * assert('nft is installed', { that: sh`command -v nft`, message: 'nft is missing', hint: 'install nftables' })
 */
export const assert = defineResource<AssertOptions, AssertOptions & { readonly name: string }, boolean>({
  kind: 'assert',
  options: {
    that: must(is.sh),
    message: must(is.text),
    hint: is.text,
    exitCode: is.one(...Object.values(EXIT)),
    path: is.text,
  },
  complete: (name, options) => ({ name, ...options }),
  // Each with its own message, hint and exit code: what they say is for who relies on it.
  join: (wishes) => (wishes.every((one) => isSame(whatOf(one), whatOf(wishes[0]))) ? wishes : undefined),
  name: ({ name }) => name,
  title: (desired) => desired.name,
  probe: (desired) => desired.that,
  parse: (reading) => reading.code === 0,
  diff(desired, holds, world) {
    if (willHold(desired, holds, world)) return [];
    if (world.bringsMore) {
      return [{ kind: 'wait', property: 'holds', before: 'no', after: 'yes', certainty: 'conditional' }];
    }
    throw new QuorateError(desired.message, {
      exitCode: desired.exitCode ?? EXIT.failed,
      ...(desired.hint !== undefined && { hint: desired.hint }),
    });
  },
  apply: () => joinSh([]),
});

function whatOf(desired: AssertOptions | undefined) {
  return { that: desired?.that, path: desired?.path };
}

function willHold({ path }: AssertOptions, holds: boolean, world: World): boolean {
  const state = path === undefined ? undefined : world.path(path).state;
  return state === undefined ? holds : state !== null;
}
