import type { Task } from '../dsl/task.ts';
import { isTheirs, positionOf } from '../dsl/trace/position.ts';
import { EXIT, QuorateError } from '../errors.ts';

interface Failing {
  readonly role: string;
  readonly task: Pick<Task, 'title'>;
}

/** An error of a user's own resource as one that names where it is written; undefined for one of ours. */
export function faultIn(error: unknown, host: string, { role, task }: Failing): QuorateError | undefined {
  if (!isTheirs(error)) return undefined;
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const position = positionOf(error);
  return new QuorateError(`${host}: ${task.title}: role ${role} fails: ${said}`, {
    exitCode: EXIT.failed,
    host,
    task: task.title,
    ...(position !== undefined && { position }),
  });
}
