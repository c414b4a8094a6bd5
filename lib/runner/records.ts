import { type Sh, sh } from '../dsl/shell/sh.ts';
import type { Reading } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';

/** Looks whether records, the run lock among them, could be written on a host: says what is in the way. */
export const lookForRecords: Sh = sh`if [ ! -d "$q_state" ]; then q_above "$q_state"
elif [ ! -w "$q_state" ]; then echo "sealed $q_state"
fi`;

/** What to do where records cannot be written. */
export const NO_ROOM = 'is the file system full or read-only? Otherwise become root (-b)';

/** What is in the way of a run, as a check tells it; undefined where nothing is. */
export function recordsProblem(host: string, stateDir: string, { out }: Reading): QuorateError | undefined {
  const [, is, path] = /^(sealed|closed|other) (.*)$/m.exec(out) ?? [];
  if (path === undefined) return undefined;
  const why = is === 'other' ? 'is not a directory' : 'lets this login write nothing';
  return new QuorateError(`${host}: cannot keep records in ${stateDir}: ${path} ${why}`, {
    exitCode: EXIT.failed,
    host,
    hint: is === 'other' ? 'see what it is, and take it away' : NO_ROOM,
  });
}
