import { sh } from '../dsl/sh.ts';
import type { HostShell, ShellOutput } from '../dsl/shell.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Wire } from './wire.ts';

/** The `$` of a task that is a function: what its commands print is output of the task. */
export function shellOn(wire: Wire, task: string): HostShell {
  const nothrow: HostShell['nothrow'] = async (strings, ...values): Promise<ShellOutput> => {
    const fragment = {
      id: 'hand',
      sh: sh(strings, ...values),
      critical: false,
      patience: Number.POSITIVE_INFINITY,
    };
    const { readings } = await wire.exchange(task, [fragment], {
      line: (_id, line) => wire.log('output', line, task),
    });
    const { code: exitCode, out: text } = readings.get('hand') ?? { code: 1, out: '' };
    return { exitCode, text, lines: text.split('\n').filter(Boolean) };
  };
  const run = async (...call: Parameters<HostShell>): Promise<ShellOutput> => {
    const output = await nothrow(...call);
    if (output.exitCode === 0) return output;
    throw new QuorateError(
      `${wire.host.name}: ${task}: exit status ${output.exitCode}${output.text ? `\n${output.text}` : ''}`,
      { exitCode: EXIT.failed, host: wire.host.name, task },
    );
  };
  return Object.assign(run, { nothrow });
}
