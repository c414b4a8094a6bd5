import { contentMark, unknownAfter } from '../dsl/mark.ts';
import { is, must, type OneOf, type OptionTable } from '../dsl/options/options.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/shell/sh.ts';
import type { World } from '../dsl/world/world.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { literalPath } from './common/literal-path.ts';

export interface UntilWays {
  /** Done when this path exists. */
  readonly creates: string;
  /** Done when this exits 0; read-only. */
  readonly unless: Sh;
  /** Cannot tell: `unknown` in a check, always run, not proven. */
  readonly changedWhen: 'always';
}

/** How a command says that it has nothing to do. */
export type Until = OneOf<UntilWays>;

/** These options, for the table of a resource, and that one of them is wanted. */
export const UNTIL: OptionTable<Until> = {
  creates: is.text,
  unless: is.sh,
  changedWhen: is.one('always'),
};
export const UNTIL_WAYS = ['creates', 'unless', 'changedWhen'] as const;

export type CommandOptions = Until & { readonly run: Sh };

interface CommandDesired extends Partial<UntilWays> {
  readonly name: string;
  readonly run: Sh;
}

/**
 * A command with a way to tell that it is done; its name says what holds then. What `unless` finds may hang on any
 * earlier task, so after one that is due it is asked again when its turn comes; `after` names those that matter.
 *
 * @example
 * const key = file('/etc/app/key', { content: secret, mode: '0600' });
 * command('the key is loaded', { run: sh`app-load /etc/app/key`, unless: sh`app-has-key`, after: [key] })
 */
export const command = defineResource<CommandOptions, CommandDesired, Found>({
  kind: 'command',
  options: { run: must(is.sh), ...UNTIL },
  oneOf: UNTIL_WAYS,
  complete: (name, options) => ({
    name,
    ...options,
    ...(options.creates !== undefined && { creates: literalPath('creates', options.creates, FIND) }),
  }),
  name: ({ name }) => name,
  title: (desired) => desired.name,
  provides: (desired) => (desired.creates !== undefined ? [desired.creates] : []),
  marks: (desired) => (desired.creates !== undefined ? [unknownAfter(contentMark(desired.creates))] : []),
  probe(desired) {
    if (desired.creates !== undefined) return sh`[ -e ${desired.creates} ] || [ -L ${desired.creates} ]`;
    return desired.unless;
  },
  parse: ({ code, out }) => ({ done: code === 0, code, said: out.trim() }),
  diff(desired, found, world): readonly Difference[] {
    const run = { kind: 'run', text: { before: '', after: desired.run.text } } as const;
    if (desired.changedWhen !== undefined) {
      return [{ ...run, property: 'effect', before: null, after: null, certainty: 'unknown' }];
    }
    const done = willBeDone(desired, found.done, world);
    if (!done && world.isProof && desired.unless !== undefined && found.code > 1)
      throw noAnswer(desired.name, found);
    return done ? [] : [{ ...run, property: 'done', before: 'no', after: 'yes' }];
  },
  foresee(desired, _found, changes, world) {
    if (changes.length === 0) return;
    world.expectAnything();
    if (desired.creates !== undefined) world.path(desired.creates).willBe({});
  },
  apply: (desired) => desired.run,
  after: (desired) => (desired.unless !== undefined ? 'any' : undefined),
  unproven: (desired) => desired.changedWhen !== undefined,
});

const FIND = 'name one path; or write unless: sh`ls /srv/app-*`, which ends with 0 where there is one';

interface Found {
  readonly done: boolean;
  readonly code: number;
  readonly said: string;
}

/** `unless` has no answer even now: a program that it asks is not there, or does not understand what is asked. */
function noAnswer(name: string, { code, said }: Found): QuorateError {
  const why = code === 127 ? ': a program that it asks is not there' : '';
  return new QuorateError(
    `"${name}" was run, and its unless ends with ${code}${why}${said === '' ? '' : `\n${said}`}`,
    { exitCode: EXIT.failed, hint: 'unless is to end with 0 once it is done' },
  );
}

function willBeDone(desired: CommandDesired, done: boolean, world: World): boolean {
  const state = desired.creates !== undefined ? world.path(desired.creates).state : undefined;
  return state === undefined || world.isProof ? done : state !== null;
}
