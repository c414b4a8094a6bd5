import type { SshConfig } from './ssh-config.ts';

/** A list of ssh_config(5) in the form that ssh2 takes: changes of its own list, in this order. */
export interface AlgorithmChoice {
  readonly remove?: readonly RegExp[];
  readonly prepend?: readonly RegExp[];
  readonly append?: readonly RegExp[];
}

/** What ~/.ssh/config says of algorithms; what it does not say is left to ssh2. */
export interface AlgorithmChoices {
  readonly cipher?: AlgorithmChoice;
  readonly kex?: AlgorithmChoice;
  readonly hmac?: AlgorithmChoice;
  /** Of host keys, applied to our own list. */
  readonly hostKey?: AlgorithmChoice;
}

const DIRECTIVES = {
  cipher: 'ciphers',
  kex: 'kexalgorithms',
  hmac: 'macs',
  hostKey: 'hostkeyalgorithms',
} as const;

/** Those that would choose how keys sign: ssh2 chooses by itself. */
const NOT_HONOURED = ['pubkeyacceptedalgorithms', 'pubkeyacceptedkeytypes'];

export function algorithmChoices(config: SshConfig): AlgorithmChoices {
  return Object.fromEntries(
    Object.entries(DIRECTIVES).flatMap(([kind, directive]) => {
      const list = config.get(directive)?.[0];
      return list === undefined ? [] : [[kind, choiceOf(list)]];
    }),
  );
}

/** A directive that narrows what may be used and cannot be kept here; undefined when all can. */
export function unkeptDirective(config: SshConfig): string | undefined {
  return NOT_HONOURED.find((name) => /^[^+^]/.test(config.get(name)?.[0] ?? '+'));
}

/** `list` as chosen: in the order that was asked for. */
export function choose(list: readonly string[], choice: AlgorithmChoice | undefined): readonly string[] {
  if (choice === undefined) return list;
  const matching = (patterns: readonly RegExp[] = []) =>
    patterns.flatMap((pattern) => list.filter((name) => pattern.test(name)));
  const removed = new Set(matching(choice.remove));
  const kept = list.filter((name) => !removed.has(name));
  return [...new Set([...matching(choice.prepend), ...kept, ...matching(choice.append)])];
}

/** `a,b` is all there is, `+a` adds, `-a` takes away, `^a` comes first; `*` and `?` stand for names. */
function choiceOf(list: string): AlgorithmChoice {
  const [, sign = '', names = ''] = /^([+^-]?)(.*)$/.exec(list) ?? [];
  const patterns = names.split(',').filter(Boolean).map(patternOf);
  if (sign === '+') return { append: patterns };
  if (sign === '-') return { remove: patterns };
  if (sign === '^') return { remove: patterns, prepend: patterns };
  return { remove: [/^/], append: patterns };
}

function patternOf(name: string): RegExp {
  const source = name
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
