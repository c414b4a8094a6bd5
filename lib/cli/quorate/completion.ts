import { EXIT, type ExitCode, QuorateError } from '../../errors.ts';
import { type Flag, flagsOf } from '../options.ts';
import { explainable } from './explain.ts';
import { loadOwnPlaybooks } from './own-playbooks.ts';

/** What can be completed: commands, each with its flags. */
export interface Completable {
  readonly name: string;
  readonly flags: readonly Flag[];
  /** Words behind the command. */
  readonly words?: readonly string[];
  /** Files behind the command. */
  readonly files?: boolean;
}

const SHELLS = { bash, zsh, fish } as const;

/** `quorate completion SHELL`: a script for that shell, made from the table of the flags. */
export async function completion(args: readonly string[], command: string): Promise<ExitCode> {
  const [shell = ''] = args;
  if (shell === '-h' || shell === '--help') {
    process.stdout.write(`usage: ${command} completion bash|zsh|fish\n\n${HOW}\n`);
    return EXIT.ok;
  }
  if (!Object.hasOwn(SHELLS, shell)) {
    throw new QuorateError(shell === '' ? 'no shell is named' : `there is no completion for ${shell}`, {
      exitCode: EXIT.usage,
      hint: `${command} completion bash, zsh or fish`,
    });
  }
  process.stdout.write(SHELLS[shell as keyof typeof SHELLS](await completable()));
  return EXIT.ok;
}

const HOW = `bash: source <(quorate completion bash), in ~/.bashrc
zsh:  source <(quorate completion zsh), in ~/.zshrc behind compinit
fish: quorate completion fish >~/.config/fish/completions/quorate.fish`;

async function completable(): Promise<readonly Completable[]> {
  const playbooks = await loadOwnPlaybooks();
  return [
    { name: 'init', flags: [] },
    { name: 'run', flags: flagsOf({}), files: true },
    { name: 'explain', flags: [], words: explainable() },
    { name: 'completion', flags: [], words: Object.keys(SHELLS) },
    ...playbooks.map((playbook) => ({ name: playbook.name, flags: flagsOf(playbook) })),
  ];
}

/** `-i` and `--inventory`, as they are typed. */
function spellings({ name, short }: Flag): readonly string[] {
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
}

export function bash(commands: readonly Completable[]): string {
  const cases = commands.map(
    ({ name, flags, words = [], files }) =>
      `    ${name}) words='${[...flags.flatMap(spellings), ...words].join(' ')}'${files ? ' files=1' : ''} ;;`,
  );
  return `# completion of quorate for bash
_quorate() {
  local words= files= cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$cur"))
    return
  fi
  case $prev in
    ${takingValues(commands).join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --output) COMPREPLY=($(compgen -W 'pretty plain json' -- "$cur")); return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ -z "$files" ] || COMPREPLY+=($(compgen -f -- "$cur"))
}
complete -o filenames -F _quorate quorate
`;
}

/** Flags behind which a file or another word stands. */
function takingValues(commands: readonly Completable[]): readonly string[] {
  const flags = commands.flatMap(({ flags: own }) =>
    own.filter(({ type, name }) => type === 'string' && name !== 'output'),
  );
  return [...new Set(flags.flatMap(spellings))];
}

export function zsh(commands: readonly Completable[]): string {
  const cases = commands.map(({ name, flags, words = [], files }) => {
    const specs = flags.flatMap((flag) =>
      spellings(flag).map((one) => {
        const value = flag.type === 'string' ? `:${flag.placeholder ?? 'value'}:_files` : '';
        return quoted(
          `${flag.multiple ? '*' : ''}${one}[${flag.description.replaceAll(/[[\]:]/g, ' ')}]${value}`,
        );
      }),
    );
    const rest = files ? "'*:file:_files'" : words.length > 0 ? `'1:word:(${words.join(' ')})'` : '';
    return `    ${name}) _arguments ${[...specs, rest].filter(Boolean).join(' ')} ;;`;
  });
  return `#compdef quorate
_quorate() {
  if (( CURRENT == 2 )); then
    compadd ${commands.map(({ name }) => name).join(' ')}
    return
  fi
  shift words
  (( CURRENT -= 1 ))
  case $words[1] in
${cases.join('\n')}
  esac
}
compdef _quorate quorate
`;
}

export function fish(commands: readonly Completable[]): string {
  const lines = commands.flatMap(({ name, flags, words = [], files }) => {
    const here = `complete -c quorate -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c quorate -n __fish_use_subcommand -f -a ${name}`,
      ...flags.map(
        ({ name: long, short, type, description }) =>
          `${here} -l ${long}${short === undefined ? '' : ` -s ${short}`}${type === 'string' ? ' -r' : ''} -d ${quoted(description)}`,
      ),
      ...(words.length > 0 ? [`${here} -f -a ${quoted(words.join(' '))}`] : []),
      ...(files ? [`${here} -F`] : []),
    ];
  });
  return `# completion of quorate for fish\n${lines.join('\n')}\n`;
}

/** A word for a shell; fish and zsh read it as POSIX shells do where it has no quote in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
