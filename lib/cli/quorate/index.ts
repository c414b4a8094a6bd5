import { closest, distance } from 'fastest-levenshtein';
import { EXIT, type ExitCode, errorsOf, QuorateError } from '../../errors.ts';
import { printDocument } from '../../report/document.ts';
import { outputOf, startProgram } from '../main.ts';
import { ownCommand } from './own-command.ts';
import { ownPlaybooks, playbookOfOurs } from './own-playbooks.ts';

/** What a command does with the words after its name; undefined where the playbook that it ran has said the exit code. */
type Command = (args: readonly string[], command: string) => Promise<ExitCode | undefined>;

/** Commands that are not playbooks, each loaded when it is asked for. */
const COMMANDS: Readonly<Record<string, Command>> = {
  completion: async (args, command) => (await import('./completion.ts')).completion(args, command),
  explain: async (args, command) => (await import('./explain.ts')).explain(args, command),
  init: async (args, command) => (await import('./init.ts')).init(args, command),
  run: async (args, command) => (await import('./run.ts')).run(args, command),
};

/** The command `quorate`: what the first word says, with the words after it. Ends the process with its exit code. */
export async function quorate(args: readonly string[]): Promise<void> {
  startProgram();
  const command = ownCommand();
  try {
    requireFolder();
    const code = await carryOut(args, command);
    if (code !== undefined) process.exitCode = code;
  } catch (error) {
    const { reportUsage } = await import('../flags/usage.ts');
    const started = { file: '', typed: '', launcher: command, packaged: true } as const;
    process.exitCode = await reportUsage(errorsOf(error), started, { output: outputOf(args) });
  }
}

/** Throws exit code 1 where the current directory was removed: paths mean nothing then. */
function requireFolder(): void {
  try {
    process.cwd();
  } catch {
    throw new QuorateError('the current directory is gone', {
      exitCode: EXIT.usage,
      hint: 'change to one that is there, and try again',
    });
  }
}

async function carryOut(args: readonly string[], command: string): Promise<ExitCode | undefined> {
  const [word = 'help', ...rest] = args;
  if (Object.hasOwn(COMMANDS, word)) return COMMANDS[word]?.(rest, command);
  const own = playbookOfOurs(word);
  if (own !== undefined) {
    const { runFile } = await import('./run.ts');
    return runFile(own, rest, command);
  }
  if (['help', '-h', '--help'].includes(word)) {
    const { overview } = await import('./overview.ts');
    await printDocument(await overview(command));
    return EXIT.ok;
  }
  if (word === '--version') {
    const { VERSION } = await import('../../version.ts');
    await printDocument(`${VERSION}\n`);
    return EXIT.ok;
  }
  throw unknownCommand(word, command);
}

function unknownCommand(word: string, command: string): QuorateError {
  const near = closest(word, [...Object.keys(COMMANDS), ...ownPlaybooks()]);
  const file = /\.[cm]?[jt]s$/.test(word);
  const hint = file
    ? `${command} run ${word} runs a playbook`
    : `${distance(near, word) <= 2 ? `did you mean ${near}? ` : ''}${command} --help lists the commands`;
  const what = word.startsWith('-') ? 'option' : 'command';
  return new QuorateError(`there is no ${what} ${word}`, { exitCode: EXIT.usage, hint });
}
