import { EXIT, QuorateError } from '../../errors.ts';
import { MARK } from '../shell/probe.ts';
import type { Reading } from '../task.ts';

/** Throws exit code 2 where a probe could not find out what it was to: what it printed until then is not a state. */
export function requireAnswer({ code, out }: Reading, asked: string): void {
  if (code === 0) return;
  const said = out.split(MARK, 1)[0]?.trim();
  throw new QuorateError(`cannot read ${asked}: exit status ${code}${said ? `: ${said}` : ''}`, {
    exitCode: EXIT.failed,
    hint: 'it is not taken for absent: see on the host why it does not answer, and run again',
  });
}
