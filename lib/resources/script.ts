import { is, must } from '../dsl/options/options.ts';
import type { TaskOptions } from '../dsl/options/task-options.ts';
import { composed } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/shell/sh.ts';
import { contentOf } from '../dsl/source/source.ts';
import type { Task } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { command, UNTIL, UNTIL_WAYS, type Until } from './command.ts';

export type ScriptOptions = Until &
  TaskOptions & {
    /** A text file on control; a relative path begins at the file that names it. */
    readonly source: string;
    readonly args?: readonly (string | number)[];
  };

/**
 * A script of the role's that runs on the host, by the interpreter that its first line names, else by `/bin/sh`. Like a
 * `command` it says when it is done; its name says what holds then. A check runs nothing of it.
 *
 * @example
 * script('the database is there', { source: './make-db.sh', args: ['site'], creates: '/var/lib/site/db' })
 */
export function script(name: string, options: ScriptOptions): Task {
  return composed('script', name, options, {
    options: { source: must(is.text), args: is.list(is.either(is.text, is.number)), ...UNTIL },
    oneOf: UNTIL_WAYS,
    make: () => scriptCommand(name, options),
  });
}

function scriptCommand(name: string, { source, args = [], ...options }: ScriptOptions): Task {
  const text = contentOf(source);
  if (typeof text !== 'string') {
    throw new QuorateError(`the script ${source} is not text, or is longer than 64 KiB`, {
      exitCode: EXIT.usage,
      hint: 'send it with file(), and run it with command()',
    });
  }
  if (text.includes('\r\n') && SHELL.test(text)) {
    throw new QuorateError(
      `the script ${source} has line ends of Windows, which a shell takes for a part of each word`,
      {
        exitCode: EXIT.usage,
        hint: 'save it with those of Unix; in .gitattributes: *.sh text eol=lf',
      },
    );
  }
  return command(name, { ...options, run: runOnHost(text, args) });
}

/** It says no program, or a shell. */
const SHELL = /^(?!#!)|^#![^\r\n]*(?<!pw)sh\b/;

function runOnHost(text: string, args: readonly (string | number)[]): Sh {
  const [, line = '/bin/sh'] = /^#! *([^\r\n]+)/.exec(text) ?? [];
  // As the kernel does: what stands after the program is one word. A folder like /tmp need not let programs run.
  const [, program = '', word] = /^(\S+)(?:\s+(.*\S))?\s*$/.exec(line) ?? [];
  return sh`q_script=$(mktemp) && printf %s ${text} >"$q_script" || exit
${[program, ...(word === undefined ? [] : [word])]} "$q_script" ${args}
q_code=$?
rm -f -- "$q_script"
exit "$q_code"`;
}
