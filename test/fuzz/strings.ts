import { random } from '../lab/support/random.ts';

/** Makes hostile values, the same for the same seed. */
export interface Dice {
  /** From 0 to below `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
  /** One of a few per cent, as given. */
  chance(percent: number): boolean;
}

export function dice(seed: number): Dice {
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    pick: (items) => items[below(items.length)] as never,
    chance: (percent) => below(100) < percent,
  };
}

/** What a shell, an environment file, a unit or a terminal gives a meaning to. */
const MEANINGFUL = [...';&|<>()$`"\'\\*?[]{}~!#%=,:@^+-./ \t'];

/** Passes for part of a path or a name, and still means something somewhere. */
const PASSABLE = [...'&|<>()*?[]{}~!#=,:@^+-._/', '..', '//', 'é', '日本', '\u{1F980}'];

const CONTROLS = [
  ...['\n', '\r', '\r\n', '\0', '\b', '\x07', '\x7f', '\x1b[31m', '\x1b[2J', '\x1b]0;title\x07', '\x9b2J'],
  ...['\u0085', '\u2028', '\u2029', '\u202e', '\u2066', '\u200f', '\ufeff', '\u200b'],
  // Not characters at all, and half of one.
  ...['\ufffe', '\uffff', '\ufdd0', '\u{1fffe}', '\ud800', '\udc00'],
];

const WORDS = [
  ...[
    'etcd',
    'node-1',
    '10.0.0.1',
    '/opt/etcd',
    'a',
    '0',
    'true',
    'null',
    '1.10',
    '~',
    'e\u0301',
    'ｆｕｌｌ',
  ],
  ...[
    '$HOME',
    '${IFS}',
    '%n',
    '%%',
    '$$',
    "$'\\n'",
    '!!',
    '--',
    '-e',
    '-rf',
    '<<E',
    '\\n',
    '\\\\',
    '{{ x }}',
  ],
  // What our own scripts print and look for.
  ...[
    '==',
    '==member',
    '@status 0',
    'stat regular file|644|root|root|1|x',
    'q_state',
    'text',
    'EOF',
    'quorate-',
  ],
  ...['&anchor', '*alias', '!tag', '? ', '- ', ': ', '[01:03]', '[a:c]', '# '],
];

/** Ways to run something that leaves a file behind, with builtins alone. */
const attacks = (canary: string) => {
  const touch = `:>${canary}`;
  return [
    ...[`$(${touch})`, `\`${touch}\``, `;${touch};`, `|${touch}|`, `&${touch}&`, `&&${touch}`, `||${touch}`],
    ...[`\n${touch}\n`, `\r\n${touch}\n`, `';${touch};'`, `";${touch};"`, `'$(${touch})'`, `"$(${touch})"`],
    ...[`\${x:=$(${touch})}`, `>${canary}`, `<(${touch})`, `\\';${touch};#`, `)${touch}(`, `{${touch};}`],
    ...[`" ${touch} #`, `x\\\n${touch}`, `$((\`${touch}\`))`],
  ];
};

/** A value that something on its way may trip over; half of them are close to `usual`, a value that would do. */
export function hostile({ below, pick, chance }: Dice, canary: string, usual = 'etcd'): string {
  const piece = () =>
    pick([
      MEANINGFUL,
      MEANINGFUL,
      PASSABLE,
      CONTROLS,
      WORDS,
      attacks(canary),
    ] as readonly (readonly string[])[]);
  if (chance(30)) {
    const at = below(usual.length + 1);
    return `${usual.slice(0, at)}${pick(chance(60) ? PASSABLE : piece())}${usual.slice(at)}`;
  }
  if (chance(25)) return `${usual}${Array.from({ length: 1 + below(4) }, () => pick(PASSABLE)).join('')}x`;
  if (chance(2)) return pick(piece()).repeat(1 + below(3000));
  return Array.from({ length: 1 + below(6) }, () => pick(chance(25) ? WORDS : piece())).join('');
}
