import type { Task } from '../dsl/task.ts';
import type { RoleTask } from './wire.ts';
import { handlerOf } from './words.ts';

/** The tasks of one host in their order, and what is left of them behind one that has failed. */
export class Program {
  readonly tasks: readonly RoleTask[];
  readonly #failed = new Set<Task>();

  constructor(tasks: readonly RoleTask[]) {
    this.tasks = tasks;
  }

  hasFailed(task: Task): boolean {
    return this.#failed.has(task);
  }

  /** A task has failed: what is carried out behind it all the same. */
  behind(failed: Task): readonly RoleTask[] {
    this.#failed.add(failed);
    if (handlerOf(failed) === undefined) return [];
    return this.tasks.slice(this.tasks.findIndex(({ task }) => task === failed) + 1);
  }
}
