import type { Task } from '../task.ts';
import { is, type OptionTable, untold } from './options.ts';
import type { ControlWords, SharedWords } from './words.ts';

/** What every resource takes besides its own options. */
export interface TaskOptions extends ControlWords {
  /** Show this title instead of the default one; it reads as an outcome. */
  readonly title?: string;
  /** Wait for the member's turn on a live cluster: see `Task.inTurn`. */
  readonly inTurn?: boolean | Task['inTurn'];
  /**
   * Judge this task only when its turn comes, if one of these is due by then: what they change decides whether there
   * is anything to do. `[]`: no earlier task matters.
   */
  readonly after?: readonly Task[];
}

/** Words that blocks have, too. */
export const SHARED_WORDS: OptionTable<SharedWords> = {
  when: is.boolean,
  ignoreErrors: is.boolean,
  environment: is.map(is.either(is.text, is.secret)),
  becomeUser: is.text,
  runOnce: is.boolean,
  delegateTo: is.text,
};

/** What every task takes. */
export const TASK_OPTIONS: OptionTable<TaskOptions> = {
  title: is.text,
  inTurn: untold(is.either(is.boolean, is.function<Task['inTurn']>())),
  after: is.tasks,
  ...SHARED_WORDS,
  retries: is.number,
  delay: is.number,
  until: is.sh,
  timeout: is.number,
};
