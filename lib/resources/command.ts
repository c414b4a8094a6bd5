import { is, must, type OptionTable } from '../dsl/options.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/sh.ts';
import type { World } from '../dsl/world.ts';

/** How a command says that it has nothing to do. */
export type Until =
  | { /** Done when this path exists. */ readonly creates: string }
  | { /** Done when this exits 0; read-only. */ readonly unless: Sh }
  | { /** Cannot tell: `unknown` in a check, always run, not proven. */ readonly changedWhen: 'always' };

/** These options, for the table of a resource, and that one of them is wanted. */
export const UNTIL: OptionTable<Until> = {
  creates: is.text,
  unless: is.sh,
  changedWhen: is.one('always'),
};
export const UNTIL_WAYS = ['creates', 'unless', 'changedWhen'] as const;

export type CommandOptions = Until & { readonly run: Sh };

type CommandDesired = CommandOptions & { readonly name: string };

/**
 * A command with a way to tell that it is done; its name says what holds then. What `unless` finds may hang on any
 * earlier task, so behind one that is due it is asked again when its turn comes; `after` names those that matter.
 *
 * @example
 * const key = file('/etc/app/key', { content: secret, mode: '0600' });
 * command('the key is loaded', { run: sh`app-load /etc/app/key`, unless: sh`app-has-key`, after: [key] })
 */
export const command = defineResource<CommandOptions, CommandDesired, boolean>({
  kind: 'command',
  options: { run: must(is.sh), ...UNTIL },
  oneOf: UNTIL_WAYS,
  complete: (name, options) => ({ name, ...options }),
  name: ({ name }) => name,
  title: (desired) => desired.name,
  probe(desired) {
    if ('creates' in desired) return sh`[ -e ${desired.creates} ] || [ -L ${desired.creates} ]`;
    return 'unless' in desired ? desired.unless : undefined;
  },
  parse: (reading) => reading.code === 0,
  diff(desired, done, world): readonly Difference[] {
    const run = { kind: 'run', text: { before: '', after: desired.run.text } } as const;
    if ('changedWhen' in desired) {
      return [{ ...run, property: 'effect', before: null, after: null, certainty: 'unknown' }];
    }
    return willBeDone(desired, done, world) ? [] : [{ ...run, property: 'done', before: 'no', after: 'yes' }];
  },
  foresee(desired, _done, changes, world) {
    if (changes.length === 0) return;
    world.expectAnything();
    if ('creates' in desired) world.path(desired.creates).willBe({});
  },
  apply: (desired) => desired.run,
  after: (desired) => ('unless' in desired ? 'any' : undefined),
  unproven: (desired) => 'changedWhen' in desired,
});

function willBeDone(desired: CommandDesired, done: boolean, world: World): boolean {
  const state = 'creates' in desired ? world.path(desired.creates).state : undefined;
  return state === undefined || world.isProof ? done : state !== null;
}
