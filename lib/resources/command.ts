import { defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/sh.ts';
import type { Task } from '../dsl/task.ts';

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
  diff(desired, done) {
    const run = { kind: 'run', text: { before: '', after: desired.run.text } } as const;
    if ('changedWhen' in desired) {
      return [{ ...run, property: 'effect', before: null, after: null, certainty: 'unknown' }];
    }
    return done ? [] : [{ ...run, property: 'done', before: 'no', after: 'yes' }];
  },
  apply: (desired) => desired.run,
});

/** A command with a way to tell that it is done. */
export function command(...args: Parameters<typeof provable>): Task {
  const task = provable(...args);
  return 'changedWhen' in args[0] ? { ...task, unproven: true } : task;
}
