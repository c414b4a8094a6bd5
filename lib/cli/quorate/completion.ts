import { EXIT, type ExitCode, QuorateError } from '../../errors.ts';
import { printDocument } from '../../report/document.ts';
import { type Flag, flagsOf } from '../flags/flags.ts';
import { pruning } from '../main.ts';
import { type Completable, SCRIPTS } from './completion-scripts.ts';
import { explainable } from './explain.ts';
import { loadOwnPlaybooks } from './own-playbooks.ts';

/**
 * `quorate completion SHELL`: a script for that shell, made from the table of the flags. The script itself asks for
 * what hangs on the folder it is used in: `quorate completion words KIND TYPED…`.
 */
export async function completion(args: readonly string[], command: string): Promise<ExitCode> {
  const [shell = '', ...rest] = args;
  if (shell === '-h' || shell === '--help') {
    await printDocument(`usage: ${command} completion bash|zsh|fish\n\n${howTo(command)}\n`);
    return EXIT.ok;
  }
  if (shell === 'words') {
    const { completed } = await import('./completed.ts');
    await printDocument((await completed(rest)).map((word) => `${word}\n`).join(''));
    return EXIT.ok;
  }
  if (!Object.hasOwn(SCRIPTS, shell)) {
    throw new QuorateError(shell === '' ? 'no shell is named' : `there is no completion for ${shell}`, {
      exitCode: EXIT.usage,
      hint: `${command} completion bash, zsh or fish`,
    });
  }
  await printDocument(SCRIPTS[shell as keyof typeof SCRIPTS](await completable()));
  return EXIT.ok;
}

function howTo(command: string): string {
  return `It completes \`quorate\` and \`npx quorate\`: commands, flags, their values, roles, hosts and groups.

in this shell:
  bash  eval "$(${command} completion bash)"
  zsh   eval "$(${command} completion zsh)"      # after compinit
  fish  ${command} completion fish | source

in every shell, once, in a folder that has quorate installed:
  bash  ${command} completion bash >~/.quorate.bash && echo '. ~/.quorate.bash' >>~/.bashrc
  zsh   ${command} completion zsh >~/.quorate.zsh && echo '. ~/.quorate.zsh' >>~/.zshrc      # after compinit
  fish  ${command} completion fish >~/.config/fish/conf.d/quorate.fish`;
}

async function completable(): Promise<readonly Completable[]> {
  const playbooks = await loadOwnPlaybooks();
  return [
    { name: 'init', flags: [] },
    { name: 'run', flags: filled(flagsOf({})), files: true },
    { name: 'explain', flags: [], words: explainable() },
    { name: 'completion', flags: [], words: Object.keys(SCRIPTS) },
    ...playbooks.map((playbook) => ({
      name: playbook.name,
      flags: filled(flagsOf(pruning(playbook))),
      ...(playbook.words?.startsWith('PATTERN') && { hosts: true }),
    })),
  ];
}

function filled(flags: readonly Flag[]): readonly Flag[] {
  const preset = 'inventory.yaml or inventory/';
  return flags.map((flag) => ({ ...flag, description: flag.description.replace('{inventory}', preset) }));
}
