import { sh } from '../../dsl/shell/sh.ts';
import type { HostShell, ShellOutput } from '../../dsl/shell/shell.ts';
import type { Task } from '../../dsl/task.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { TIMED_OUT } from './exchange.ts';
import { inWords, wordsOf } from './task-shell.ts';
import type { Wire } from './wire.ts';

/** The `$` of a task that is a function: what its commands print is output of the task. Its `timeout` is for all of them. */
export function shellOn(wire: Wire, worded: Pick<Task, 'title' | 'words'>): HostShell {
  const { title: task } = worded;
  const { timeout } = wordsOf(worded);
  const ends = Date.now() + (timeout ?? 0) * 1000;
  const nothrow: HostShell['nothrow'] = async (strings, ...values): Promise<ShellOutput> => {
    const left = timeout === undefined ? undefined : Math.max(0.001, (ends - Date.now()) / 1000);
    const fragment = {
      id: 'hand',
      ...inWords(worded, sh(strings, ...values)),
      critical: left !== undefined,
      ...(left === undefined ? { patience: Number.POSITIVE_INFINITY } : { timeout: left }),
    };
    const { readings } = await wire.exchange(task, [fragment], {
      line: (_id, line) => wire.printed(line, task),
    });
    const { code: exitCode, out: text } = readings.get('hand') ?? { code: 1, out: '' };
    if (exitCode === TIMED_OUT && timeout !== undefined && Date.now() >= ends) throw failed(exitCode, text);
    return { exitCode, text, lines: text.split('\n').filter(Boolean) };
  };
  const failed = (exitCode: number, text: string) =>
    new QuorateError(`${wire.host.name}: ${task}: exit status ${exitCode}${text ? `\n${text}` : ''}`, {
      exitCode: EXIT.failed,
      host: wire.host.name,
      task,
    });
  const run = async (...call: Parameters<HostShell>): Promise<ShellOutput> => {
    const output = await nothrow(...call);
    if (output.exitCode === 0) return output;
    throw failed(output.exitCode, output.text);
  };
  return Object.assign(run, { nothrow });
}
