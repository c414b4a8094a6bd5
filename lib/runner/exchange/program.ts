import type { Task } from '../../dsl/task.ts';
import { handlerOf, rescuerOf, wordsOf } from './task-shell.ts';
import type { RoleTask } from './wire.ts';

/** The tasks of one host in their order, and which of them are carried out once one has failed. */
export class Program {
  readonly #tasks: readonly RoleTask[];
  readonly #delegated = new Map<string, Task[]>();
  readonly #failed = new Set<Task>();
  readonly #rescuing = new Set<object>();
  readonly #abandoned = new Set<Task>();

  constructor(tasks: readonly RoleTask[]) {
    this.#tasks = tasks;
    for (const { task } of tasks) {
      const { delegateTo, when } = wordsOf(task);
      if (delegateTo === undefined || when === false) continue;
      this.#delegated.set(delegateTo, [...(this.#delegated.get(delegateTo) ?? []), task]);
    }
  }

  /** Those that are carried out as things are. */
  get live(): readonly RoleTask[] {
    return this.#tasks.filter((one) => this.#whyNot(one) === undefined);
  }

  /** Those that are not, and why: `rescue` of a block that has not failed, and what stood after a failure. */
  get left(): readonly (readonly [RoleTask, string])[] {
    return this.#tasks.flatMap((one) => {
      const why = this.#whyNot(one);
      return why === undefined ? [] : [[one, why] as const];
    });
  }

  /** What another host is to do, whatever comes of the blocks. */
  delegatedTo(host: string): readonly Task[] {
    return this.#delegated.get(host) ?? [];
  }

  hasFailed(task: Task): boolean {
    return this.#failed.has(task);
  }

  /**
   * A task has failed: returns what is still carried out after it. That is everything where the failure is
   * ignored; the `rescue` of the innermost block that has one, and what follows that block; and every `always` on the way.
   */
  behind(failed: Task): readonly RoleTask[] {
    this.#failed.add(failed);
    const rest = this.#tasks.slice(this.#tasks.findIndex(({ task }) => task === failed) + 1);
    if (handlerOf(failed) !== 'ignored') {
      const rescuer = rescuerOf(failed);
      const block = failed.within?.[rescuer]?.block;
      if (block) this.#rescuing.add(block);
      for (const { task } of rest) if (!goesOn(task, failed, rescuer)) this.#abandoned.add(task);
    }
    return rest.filter((one) => this.#whyNot(one) === undefined);
  }

  #whyNot({ task }: RoleTask): string | undefined {
    if (this.#abandoned.has(task)) return 'left out: a task before it has failed';
    const dormant = task.within?.find(({ block, part }) => part === 'rescue' && !this.#rescuing.has(block));
    return dormant && `only if ${dormant.block.title} fails`;
  }
}

/** A task is not left out because of one before it that has failed; `rescuer` is the depth of the block that sees to it. */
function goesOn({ within: own = [] }: Task, { within = [] }: Task, rescuer: number): boolean {
  const isShared = (at: number) => own[at]?.block === within[at]?.block && own[at]?.part === within[at]?.part;
  const depth = within.findIndex((_, at) => !isShared(at));
  // In another part of the same block: its `always`, or its `rescue`, which is dormant until it is called for.
  if (depth >= 0 && own[depth] !== undefined && own[depth]?.block === within[depth]?.block) return true;
  // Both tasks are in the same list: it continues if it encloses the block whose `rescue` handles the failure.
  return (depth < 0 ? within.length : depth) <= rescuer;
}
