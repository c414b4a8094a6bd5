import { splitLine } from './words.ts';

/** What arguments of ssh say. */
export interface Arguments {
  /** As with `-o`: keyword and value, in their order. */
  readonly options: readonly (readonly [keyword: string, value: string])[];
  /** `-F`. */
  readonly configFile: string | undefined;
  /** Arguments that mean nothing here, in words. */
  readonly problems: readonly string[];
}

/** Flags that take a word, with the directive that they stand for. */
const WITH_WORD: Readonly<Record<string, string>> = {
  b: 'BindAddress',
  B: 'BindInterface',
  c: 'Ciphers',
  i: 'IdentityFile',
  J: 'ProxyJump',
  l: 'User',
  m: 'MACs',
  p: 'Port',
};

/** Flags that take a word, and change nothing that is protected here: forwardings, logs, escape characters. */
const PASSED_OVER_WITH_WORD = 'DEeILRSw';

const ALONE: Readonly<Record<string, readonly [keyword: string, value: string]>> = {
  4: ['AddressFamily', 'inet'],
  6: ['AddressFamily', 'inet6'],
};

/** Flags that win over `-o` before them, and the last of each over others. */
const OVERRIDING = 'bBcm46';

/** Flags about terminals, forwardings, compression and what is said. */
const PASSED_OVER = 'AaCgKkMNnqTtvXxYy';

/**
 * Reads arguments as Ansible hands them to ssh: words as a POSIX shell takes them, then flags as getopt does. `keyAt`
 * gives the path of a key that `-i` names, undefined for one that is to be passed over.
 */
export function sshArguments(
  text: string,
  keyAt: (written: string) => string | undefined = (path) => path,
): Arguments {
  const options: (readonly [string, string])[] = [];
  const problems: string[] = [];
  let configFile: string | undefined;
  const words = shellWords(text);
  if (words === undefined) return { options, configFile, problems: ['has a quote that is not closed'] };
  // What follows one that means nothing cannot be told apart.
  for (let i = 0; i < words.length && problems.length === 0; i += 1) {
    const word = words[i] as string;
    if (!/^-\w/.test(word)) problems.push(`${word} is not honoured here`);
    for (let at = 1; /^-\w/.test(word) && at < word.length; at += 1) {
      const flag = word[at] as string;
      const alone = ALONE[flag];
      if (alone) options.unshift(alone);
      if (alone || PASSED_OVER.includes(flag)) continue;
      if (flag !== 'o' && flag !== 'F' && !WITH_WORD[flag] && !PASSED_OVER_WITH_WORD.includes(flag)) {
        problems.push(`-${flag} is not honoured here`);
        break;
      }
      const argument = word.slice(at + 1) || words[++i];
      if (argument === undefined) problems.push(`-${flag} has nothing after it`);
      else if (flag === 'F') configFile ??= argument;
      else if (flag === 'o') {
        const line = argument.replace(/^\s*=/, '');
        const written = /\w+/.exec(line)?.[0] ?? line;
        options.push([written, splitLine(line)?.rest ?? '']);
      } else if (WITH_WORD[flag]) {
        const value = flag === 'i' ? keyAt(argument) : argument;
        if (value === undefined) break;
        const option = [WITH_WORD[flag], flag === 'J' ? value : quoted(value)] as const;
        options[OVERRIDING.includes(flag) ? 'unshift' : 'push'](option);
      }
      break;
    }
  }
  return { options, configFile, problems };
}

/** A word as ssh_config has it. */
export function quoted(word: string): string {
  return `"${word.replace(/(["\\])/g, '\\$1')}"`;
}

/** Words as a POSIX shell takes them, without any expansion; undefined where a quote is not closed. */
function shellWords(text: string): readonly string[] | undefined {
  const pattern = /\s*((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\])+)/gsy;
  const words: string[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    words.push(unquoted(match[1] as string));
    end = (match.index ?? 0) + match[0].length;
  }
  return text.slice(end).trim() === '' ? words : undefined;
}

function unquoted(word: string): string {
  return word.replace(/\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"/gs, (_all, escaped, single, double) => {
    if (escaped !== undefined) return escaped;
    return single ?? double.replace(/\\(["\\$`])/g, '$1');
  });
}
