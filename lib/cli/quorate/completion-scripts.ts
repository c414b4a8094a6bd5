import type { Flag } from '../flags/flags.ts';

/** What can be completed: commands, each with its flags. */
export interface Completable {
  readonly name: string;
  readonly flags: readonly Flag[];
  /** Words after the command. */
  readonly words?: readonly string[];
  /** Files after the command. */
  readonly files?: boolean;
  /** Hosts and groups after the command. */
  readonly hosts?: boolean;
}

/** The script of each shell, from what can be completed. */
export const SCRIPTS = { bash, zsh, fish } as const;

/** What a value may be: some words, what `completion words` says, files, or anything. */
type Values = { readonly words: string } | 'hosts' | 'roles' | 'files' | 'any';

function valuesOf({ name, placeholder = '' }: Flag): Values {
  if (name === 'output') return { words: 'pretty plain json' };
  if (['role', 'tags', 'skip-tags'].includes(name)) return 'roles';
  if (/HOST|PATTERN/.test(placeholder)) return 'hosts';
  return /FILE|DIR|PATH/.test(placeholder) ? 'files' : 'any';
}

/** `-i` and `--inventory`, as they are typed. */
function spellings({ name, short }: Flag): readonly string[] {
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
}

/** POSIX shell that sets `program`: the one of the project around the working directory, else that on the PATH. */
const FIND_PROGRAM = `local dir=$PWD program=quorate
  while [ -n "$dir" ] && [ ! -x "$dir/node_modules/.bin/quorate" ]; do dir=\${dir%/*}; done
  [ -z "$dir" ] || program=$dir/node_modules/.bin/quorate`;

function bash(commands: readonly Completable[]): string {
  const cases = commands.map(({ name, flags, words = [], files, hosts }) => {
    const kinds = new Map<string, string[]>();
    for (const flag of flags.filter(({ type }) => type === 'string')) {
      const values = valuesOf(flag);
      const action =
        values === 'any'
          ? ':'
          : values === 'files'
            ? '_quorate_files'
            : typeof values === 'object'
              ? `_quorate_words ${values.words}`
              : `_quorate_reply "$(_quorate_said ${values})"`;
      kinds.set(action, [...(kinds.get(action) ?? []), ...spellings(flag)]);
    }
    const behind = [...kinds].map(([action, names]) => `        ${names.join('|')}) ${action}; return ;;`);
    const given = [...flags.flatMap(spellings), ...words].join(' ');
    return [
      `    ${name})`,
      ...(behind.length > 0 ? ['      case $prev in', ...behind, '      esac'] : []),
      `      _quorate_words ${given}`,
      ...(files ? ['      _quorate_files'] : []),
      ...(hosts ? [`      [ "\${cur#-}" != "$cur" ] || _quorate_reply "$(_quorate_said hosts)"`] : []),
      '      ;;',
    ].join('\n');
  });
  return `# completion of quorate, and of npx quorate, for bash
# lines that begin with what was typed, quoted: names from an inventory are text, and never run
_quorate_reply() {
  local word
  while IFS= read -r word; do
    [[ -z $word || $word != "$cur"* ]] || COMPREPLY+=("$(printf %q "$word")")
  done <<<"$1"
}
_quorate_words() { local IFS=$'\\n'; _quorate_reply "$*"; }
_quorate_files() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do
    [[ -z $file ]] || COMPREPLY+=("$file")
  done <<<"$(compgen -f -- "$cur")"
}
_quorate_said() {
  ${FIND_PROGRAM}
  "$program" completion words "$1" "\${typed[@]}" 2>/dev/null </dev/null
}
_quorate_behind() {
  local at=$1 cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local typed=("\${COMP_WORDS[@]:at+1:COMP_CWORD-at-1}")
  # bash divides --limit=web
  [[ $cur != = ]] || cur=
  [[ $prev != = ]] || prev=\${COMP_WORDS[COMP_CWORD-2]}
  if [ "$COMP_CWORD" -eq $((at + 1)) ]; then
    _quorate_words ${commands.map(({ name }) => name).join(' ')}
    return
  fi
  case \${COMP_WORDS[at+1]} in
${cases.join('\n')}
  esac
}
_quorate() { COMPREPLY=(); _quorate_behind 0; }
_quorate_npx() {
  COMPREPLY=()
  if [ "$COMP_CWORD" -gt 1 ] && [ "\${COMP_WORDS[1]}" = quorate ]; then
    _quorate_behind 1
  elif [ "$COMP_CWORD" -eq 1 ]; then
    local cur=\${COMP_WORDS[1]}
    _quorate_words quorate
  fi
}
complete -F _quorate quorate
complete -p npx >/dev/null 2>&1 || complete -o default -F _quorate_npx npx
`;
}

function zsh(commands: readonly Completable[]): string {
  const cases = commands.map(({ name, flags, words = [], files, hosts }) => {
    const specs = flags.flatMap((flag) =>
      spellings(flag).map((one) => {
        const told = flag.description.replaceAll(/[[\]:]/g, ' ');
        return quoted(`${flag.multiple ? '*' : ''}${one}${zshJoined(flag, one)}[${told}]${zshValue(flag)}`);
      }),
    );
    const rest = files
      ? "'*:file:_files'"
      : hosts
        ? "'*:host:_quorate_hosts'"
        : words.length > 0
          ? `'1:word:(${words.join(' ')})'`
          : '';
    return `    ${name}) _arguments ${[...specs, rest].filter(Boolean).join(' ')} ;;`;
  });
  return `#compdef quorate
# completion of quorate, and of npx quorate, for zsh
_quorate_said() {
  ${FIND_PROGRAM}
  local -a said
  said=("\${(@f)$("$program" completion words "$1" "\${typed[@]}" 2>/dev/null </dev/null)}")
  compadd -- \${said:#}
}
_quorate_hosts() { _quorate_said hosts; }
_quorate_roles() { _quorate_said roles; }
_quorate() {
  local -a typed
  typed=("\${(@)words[2,CURRENT-1]}")
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
_quorate_npx() {
  if (( CURRENT > 2 )) && [[ $words[2] == quorate ]]; then
    shift words
    (( CURRENT -= 1 ))
    _quorate
  else
    (( CURRENT == 2 )) && compadd quorate
    \${_quorate_npx_before:-_default}
  fi
}
compdef _quorate quorate
[[ \${_comps[npx]} == _quorate_npx ]] || typeset -g _quorate_npx_before=\${_comps[npx]}
compdef _quorate_npx npx
`;
}

/** A value may be in the same word: `--limit=web`, `-lweb`. */
function zshJoined({ type }: Flag, spelling: string): string {
  return type !== 'string' ? '' : spelling.startsWith('--') ? '=' : '+';
}

function zshValue(flag: Flag): string {
  if (flag.type !== 'string') return '';
  const values = valuesOf(flag);
  const what = flag.placeholder?.replaceAll(/[:|]/g, ' ') ?? 'value';
  if (typeof values === 'object') return `:${what}:(${values.words})`;
  return `:${what}:${{ hosts: '_quorate_hosts', roles: '_quorate_roles', files: '_files', any: ' ' }[values]}`;
}

function fish(commands: readonly Completable[]): string {
  const lines = commands.flatMap(({ name, flags, words = [], files, hosts }) => {
    const here = `complete -c quorate -n '__quorate_command ${name}'`;
    return [
      `complete -c quorate -n __quorate_first -f -a ${name}`,
      ...flags.map((flag) => {
        const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
        return `${here} -l ${flag.name}${short}${fishValue(flag)} -d ${quoted(flag.description)}`;
      }),
      ...(words.length > 0 ? [`${here} -a ${quoted(words.join(' '))}`] : []),
      ...(hosts ? [`${here} -a '(__quorate_said hosts)'`] : []),
      ...(files ? [`${here} -F`] : []),
    ];
  });
  return `# completion of quorate, and of npx quorate, for fish
function __quorate_typed
  set -l typed (commandline -opc)
  test "$typed[1]" = npx; and set -e typed[1]
  set -e typed[1]
  test (count $typed) -eq 0; or printf '%s\\n' $typed
end
function __quorate_first
  test (count (__quorate_typed)) -eq 0
end
function __quorate_command
  set -l typed (__quorate_typed)
  test "$typed[1]" = $argv[1]
end
function __quorate_said
  set -l program quorate
  set -l dir $PWD
  while test -n "$dir"
    if test -x "$dir/node_modules/.bin/quorate"
      set program "$dir/node_modules/.bin/quorate"
      break
    end
    set dir (string replace -r '/[^/]*$' '' -- $dir)
  end
  $program completion words $argv[1] (__quorate_typed) 2>/dev/null </dev/null
end
function __quorate_npx
  set -l typed (commandline -opc)
  test "$typed[2]" = quorate
end
function __quorate_npx_said
  complete -C (string replace -r '^\\s*npx\\s+' '' -- (commandline -cp))
end
complete -c quorate -f
complete -c npx -n 'test (count (commandline -opc)) -eq 1' -a quorate
complete -c npx -n __quorate_npx -f -a '(__quorate_npx_said)'
${lines.join('\n')}
`;
}

function fishValue(flag: Flag): string {
  if (flag.type !== 'string') return '';
  const values = valuesOf(flag);
  if (typeof values === 'object') return ` -x -a '${values.words}'`;
  return {
    hosts: " -x -a '(__quorate_said hosts)'",
    roles: " -x -a '(__quorate_said roles)'",
    files: ' -r -F',
    any: ' -x',
  }[values];
}

/** A word for a shell; fish and zsh read it as POSIX shells do where it has no quote in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
