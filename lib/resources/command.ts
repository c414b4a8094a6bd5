import { type Difference, defineResource, type TaskOptions } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/sh.ts';
import type { Task } from '../dsl/task.ts';
import type { World } from '../dsl/world.ts';

interface CommandBase {
  /** Names the command in plans and errors. */
  readonly name: string;
  readonly run: Sh;
}

/** How a command says that it has nothing to do. */
export type CommandDesired = CommandBase &
  (
    | { /** Done when this path exists. */ readonly creates: string }
    | { /** Done when this exits 0; read-only. */ readonly unless: Sh }
    | { /** Cannot tell: `unknown` in a check, always run, not proven. */ readonly changedWhen: 'always' }
  );

const provable = defineResource<CommandDesired, boolean>({
  kind: 'command',
  name: (desired) => desired.name,
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
});

function willBeDone(desired: CommandDesired, done: boolean, world: World): boolean {
  const state = 'creates' in desired ? world.path(desired.creates).state : undefined;
  return state === undefined || world.isProof ? done : state !== null;
}

/**
 * A command with a way to tell that it is done. What `unless` finds may hang on any earlier task, so behind one that is
 * due it is asked again when its turn comes; `after` names those that matter.
 *
 * @example
 * const key = file({ path: '/etc/app/key', content: key, mode: '0600' });
 * command({ name: 'the key is loaded', run: sh`app-load /etc/app/key`, unless: sh`app-has-key` }, { after: [key] })
 */
export function command(desired: CommandDesired, options: TaskOptions = {}): Task {
  const task = provable(desired, options);
  if ('changedWhen' in desired) return { ...task, unproven: true };
  return { ...task, ...('unless' in desired && { after: options.after ?? 'any' }) };
}
