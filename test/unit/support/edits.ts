import { MARK } from '../../../lib/dsl/shell/probe.ts';
import type { Change, Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';

/** What a probe prints of a text file, or of nothing at its path. */
export function textFile(text: string | undefined, mode = '644'): string {
  const folder = 'above directory /etc';
  if (text === undefined) return `\n${MARK}\n${folder}`;
  const bytes = Buffer.from(text).toString('base64');
  return `stat regular file|${mode}|root|root|${text.length}|0|0|/x\ntext\n${bytes}\n${MARK}\n${folder}`;
}

/** Changes of a task where this text is found. */
export function changesOf(task: Task, text: string | undefined, world = new World()): readonly Change[] {
  return task.diff({ code: 0, out: textFile(text) }, world);
}

/** The text after a task; a second look must find nothing to do. */
export function edited(task: Task, text: string | undefined): string | undefined {
  const [change] = changesOf(task, text);
  if (change === undefined) return text;
  const after = change.text?.after ?? '';
  const [again] = changesOf(task, after);
  if (again !== undefined) throw new Error(`due again: ${JSON.stringify(again)}`);
  return after;
}
