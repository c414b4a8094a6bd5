import type { LeftOver, Verdict } from '../../dsl/ledger/left-over.ts';
import { keyOf } from '../../dsl/ledger/made.ts';
import { forget, type Kept, remember } from '../../dsl/ledger/records.ts';
import type { Probe } from '../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Change, Guard, Reading } from '../../dsl/task.ts';
import type { World } from '../../dsl/world/world.ts';
import { QuorateError } from '../../errors.ts';

/** What a sort of thing has of its own. */
export interface Taking {
  readonly probe: Sh | Probe;
  /** Decide, over the world so far; a sentence says why it stays. What cannot be read throws, and stays. */
  judge(reading: Reading, world: World): 'gone' | { readonly why: string } | Removal;
  /** Say in the world what holds once it is gone. */
  foresee(world: World, removal: Removal): void;
  /** See `Task.guard`. */
  readonly guard?: Guard;
  /** Shell that takes it away; where it is not what was judged any more, it fails. */
  apply(changes: readonly Change[]): Sh;
}

export type Removal = Pick<Change, 'property' | 'before'> & Partial<Pick<Change, 'after' | 'kind' | 'text'>>;

export const CHANGED = { why: 'it has changed since it was made' } as const;
export const WAS_THERE = { why: 'it was there before, with another content' } as const;

/** The task that takes a thing away. What it does is built here, of what the records say as data. */
export function taking(made: Kept, own: Taking): LeftOver {
  const resource = `${made.kind}:${made.name}`;
  const judge = (reading: Reading, world: World): Verdict => {
    const found = verdictOf(own, reading, world);
    if (found === 'gone') return { is: 'gone' };
    if ('why' in found) return { is: 'staying', why: found.why };
    own.foresee(world, found);
    return {
      is: 'due',
      changes: [{ kind: 'remove', after: null, ...found, resource, certainty: 'certain' }],
    };
  };
  return {
    made,
    judge,
    task: {
      title: `${labelOf(made)} is gone: ${made.role} declares it no more`,
      resource,
      thing: keyOf(made),
      wish: 'gone',
      probe: own.probe,
      diff(reading, world) {
        const verdict = judge(reading, world);
        return verdict.is === 'due' ? verdict.changes : [];
      },
      apply: (changes) => sh`{ ${own.apply(changes)}
} && ${forget([made])}`,
      inTurn: () => false,
      owns: [],
      ...(made.name.startsWith('/') && { files: [made.name] }),
      ...(own.guard && { guard: withRecords(own.guard, made) }),
    },
  };
}

/** What comes back is ours as before. */
function withRecords({ save, undo }: Guard, made: Kept): Guard {
  return { save, undo: (changes) => joinSh([sh`( ${undo(changes)} )`, remember([made])]) };
}

function verdictOf(own: Taking, reading: Reading, world: World): ReturnType<Taking['judge']> {
  try {
    return own.judge(reading, world);
  } catch (error) {
    if (error instanceof QuorateError) return { why: error.message };
    throw error;
  }
}

/** How a thing is called in a sentence. */
function labelOf({ kind, name, count }: Kept): string {
  if (kind === 'lines') return `${count === 1 ? 'a line' : `${count} lines`} of ${name}`;
  if (kind === 'key') return `the key of ${name}`;
  return ['user', 'group', 'package', 'port'].includes(kind) ? `${kind} ${name}` : name;
}
