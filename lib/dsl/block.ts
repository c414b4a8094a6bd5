import { mistakesIn } from './options/mistakes.ts';
import { is, must, type OptionTable, orCollected, refuse, type Shape } from './options/options.ts';
import { SHARED_WORDS } from './options/task-options.ts';
import { type ControlWords, checkWords, type SharedWords } from './options/words.ts';
import type { Task, Within } from './task.ts';

/** What a role gives: tasks, and blocks of them. */
export type TaskList = readonly (Task | Block)[];

/** Tasks that stand or fall together. */
export interface Block {
  readonly title: string;
  readonly tasks: TaskList;
  readonly rescue: TaskList;
  readonly always: TaskList;
  readonly words: SharedWords;
}

export interface BlockOptions extends SharedWords {
  /** Names it where something of it has failed. */
  readonly title?: string;
  readonly tasks: TaskList;
  /** Planned from new readings, and carried out, once one of `tasks` has failed; then the host goes on. */
  readonly rescue?: TaskList;
  /** Carried out after both, whatever became of them. */
  readonly always?: TaskList;
}

/**
 * Tasks that stand or fall together: after one that fails the rest of them is left out, and `rescue` is carried out in
 * its place. Words that a block has count for each of its tasks that does not say otherwise.
 *
 * @example
 * block({
 *   title: 'the schema is new',
 *   tasks: [command('migrated', { run: sh`app migrate`, unless: sh`app is-migrated` })],
 *   rescue: [command('restored', { run: sh`app restore`, changedWhen: 'always' })],
 *   always: [service('app')],
 * })
 */
export function block(options: BlockOptions): Block {
  return orCollected(
    () => {
      const itself = typeof options?.title === 'string' ? `"${options.title}"` : 'block';
      refuse(mistakesIn(itself, options ?? null, BLOCK));
    },
    () => {
      const { title, tasks, rescue = [], always = [], ...words } = options;
      const [first] = tasks;
      const called =
        title ?? (first === undefined ? 'an empty block' : `the block of "${first?.title ?? String(first)}"`);
      checkWords(words, called);
      return { title: called, tasks, rescue, always, words };
    },
    () => ({ title: 'block', tasks: [], rescue: [], always: [], words: {} }),
  );
}

const LIST: Shape<TaskList> = {
  wanted: 'a list of tasks',
  hint: (_, name) => `${name}: [ … ], built without async`,
  // What is not a task in it is told with its place in the list of the role.
  holds: Array.isArray,
};

const BLOCK: OptionTable<BlockOptions> = {
  title: is.text,
  tasks: must(LIST),
  rescue: LIST,
  always: LIST,
  ...SHARED_WORDS,
};

/** A list with the tasks of its blocks in place of these, each with where it stands. Whatever else is in it stays. */
export function flattened(list: TaskList): readonly Task[] {
  if (!Array.isArray(list)) return list as readonly Task[];
  return (list as TaskList).flatMap((one) => (isBlock(one) ? tasksOf(one) : [one]));
}

function tasksOf(block: Block): readonly Task[] {
  const id = { title: block.title, rescues: block.rescue.length > 0 };
  return (['tasks', 'rescue', 'always'] as const).flatMap((part) =>
    flattened(block[part]).map((task) => placed(task, { block: id, part }, block.words)),
  );
}

function placed(task: Task, where: Within, shared: SharedWords): Task {
  // What is not a task is told where the list is looked at.
  if (typeof task !== 'object' || task === null) return task;
  const words = inherited(shared, task.words);
  return {
    ...task,
    within: [where, ...(task.within ?? [])],
    ...(Object.keys(words).length > 0 && { words }),
  };
}

function inherited(shared: SharedWords, own: ControlWords = {}): ControlWords {
  return {
    ...shared,
    ...own,
    ...((shared.when === false || own.when === false) && { when: false }),
    ...(shared.environment && { environment: { ...shared.environment, ...own.environment } }),
  };
}

function isBlock(one: unknown): one is Block {
  return typeof one === 'object' && one !== null && 'rescue' in one && 'always' in one && 'tasks' in one;
}
