import { readFileSync } from 'node:fs';

/** What a directive takes: gives its values as `ssh -G` prints them; throws in words what is wrong. */
export type Take = (words: readonly string[], raw: string) => readonly string[];

/** One word, whatever it is. */
export const text: Take = (words) => [one(words)];

/** One of some words; `names` maps each to the one that `ssh -G` prints. */
export function choice(names: Readonly<Record<string, string>>): Take {
  return (words) => {
    const word = one(words);
    const known = Object.hasOwn(names, word.toLowerCase()) ? names[word.toLowerCase()] : undefined;
    if (known !== undefined) return [known];
    throw new Error(`takes one of ${Object.keys(names).join(', ')}, found ${JSON.stringify(word)}`);
  };
}

const YES_NO = { yes: 'yes', true: 'yes', no: 'no', false: 'no' };

export const flag: Take = choice(YES_NO);

/** The choices of a directive that is a flag with further words; `ssh -G` prints true and false. */
export function flagOr(...more: readonly string[]): Take {
  const others = Object.fromEntries(more.map((word) => [word, word]));
  return choice({ yes: 'true', true: 'true', no: 'false', false: 'false', ...others });
}

/** Seconds, or `none`. */
export const time: Take = (words) => {
  const word = one(words);
  if (word === 'none') return ['none'];
  const seconds = secondsOf(word);
  if (seconds !== undefined) return [String(seconds)];
  throw new Error(`takes a time as in 10 or 1m30s, found ${JSON.stringify(word)}`);
};

export const integer: Take = (words) => {
  const word = one(words);
  if (/^\s*\+?\d+$/.test(word) && Number(word) < 2 ** 31) return [String(Number(word))];
  throw new Error(`takes a whole number, found ${JSON.stringify(word)}`);
};

export const port: Take = (words) => {
  const word = one(words);
  const found = portOf(word);
  if (found !== undefined && found > 0) return [String(found)];
  throw new Error(`takes a port, found ${JSON.stringify(word)}`);
};

/** Any number of words; `none` only alone. */
export const list: Take = (words) => {
  if (words.includes('')) throw new Error('has an empty argument');
  if (words.length > 1 && words.some((word) => /^none$/i.test(word)))
    throw new Error('takes none only when it stands alone');
  return words;
};

/** A whole number above 0. */
export const count: Take = (words) => {
  if (integer(words, '')[0] === '0') throw new Error('takes a number above 0');
  return words;
};

/** Domains, or `none`. */
export const domains: Take = (words) => {
  const wrong = list(words, '').find((word) => !/^[a-z0-9_][\w.-]*$/i.test(word));
  if (wrong !== undefined) throw new Error(`does not take ${JSON.stringify(wrong)}`);
  return words;
};

/** The rest of the line as it is. */
export const command: Take = (_words, raw) => [raw.replace(/^[ \t\r\n=]+/, '')];

/** Whatever follows: ssh does not look at it either. */
export const anything: Take = (words) => words;

/** At least one word; what ssh makes of it is of no interest here. */
export function some(most: number, pattern = /./s): Take {
  return (words) => {
    one(words.slice(0, 1));
    if (words.length > most) throw new Error('has extra arguments at the end of the line');
    const wrong = words.find((word) => !pattern.test(word));
    if (wrong !== undefined) throw new Error(`does not take ${JSON.stringify(wrong)}`);
    return words;
  };
}

/** Forwardings: ports or paths, `most` words; nothing comes of them here. */
export function forward(least: number, most: number): Take {
  return (words) => {
    some(most)(words, '');
    const good = (word: string) => word.includes('/') || portOf(word.replace(/^.*[:/]/s, '')) !== undefined;
    if (words.length >= least && words.every(good)) return words;
    throw new Error('takes [ADDRESS:]PORT and HOST:PORT, or paths');
  };
}

/** Bytes, then perhaps a time. */
export const rekey: Take = (words) => {
  some(2, /^(default|none|\d+[kmg]?|(\d+[smhdw]?)+)$/i)(words, '');
  if (/^([1-9]|1[0-5])$/.test(words[0] as string)) throw new Error('takes at least 16 bytes');
  return words;
};

/** Whether keys are handed to the agent; a time stands alone, or after `confirm`. */
export const addKeys: Take = (words) => {
  some(2, /^(yes|no|true|false|ask|confirm|(\d+[smhdw]?)+)$/i)(words, '');
  if (words.length === 2 && !/^confirm$/i.test(words[0] as string))
    throw new Error('takes a time after confirm only');
  return words;
};

/** Names of variables that are sent along; those with `-` take back. */
export const names: Take = (words) => {
  if (words.some((word) => word === '' || word.includes('='))) throw new Error('takes names of variables');
  return words;
};

/** Whether a list of algorithms, with `+`, `-` or `^` before it, names one that is not among the `known`. */
export function isOutside(known: ReadonlySet<string>, patterns = false): (list: string) => boolean {
  return (list) =>
    !list.startsWith('-') &&
    list
      .replace(/^[+^]/, '')
      .split(',')
      .some((name) => !known.has(name) && !(patterns && /[*?]/.test(name)));
}

/** A path to a socket; `${NAME}` in it must be there. */
export const socket: Take = (words) => {
  const word = one(words);
  const missing = [...word.matchAll(/\$\{([^}]*)\}/g)].find(
    ([, name = '']) => process.env[name] === undefined,
  );
  if (missing) throw new Error(`names ${missing[0]}, which has no value`);
  if (/^\$(?!\{)/.test(word) && !/^\$\w+$/.test(word))
    throw new Error(`${JSON.stringify(word)} is not the name of a variable`);
  return [word];
};

/** Seconds of `10`, `1m30s`, `2h`. */
function secondsOf(word: string): number | undefined {
  if (!/^(\d+[smhdw]?)+$/i.test(word)) return undefined;
  const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  const parts = word.matchAll(/(\d+)([smhdw]?)/gi);
  const total = [...parts].reduce(
    (sum, [, n, unit = '']) => sum + Number(n) * (units[unit.toLowerCase()] ?? 1),
    0,
  );
  return total < 2 ** 31 ? total : undefined;
}

/** A port by number, or by its name in /etc/services. */
export function portOf(word: string): number | undefined {
  if (/^\s*\+?\d+$/.test(word)) return Number(word) < 65_536 ? Number(word) : undefined;
  try {
    const lines = readFileSync('/etc/services', 'utf8').split('\n');
    const words = lines.map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
    const found = words.find(
      ([name, port, ...also]) => port?.endsWith('/tcp') && [name, ...also].includes(word),
    );
    return found && Number.parseInt(found[1] as string, 10);
  } catch {
    return undefined;
  }
}

function one(words: readonly string[]): string {
  const [word] = words;
  if (word === undefined || word === '') throw new Error('lacks its argument');
  if (words.length > 1) throw new Error('has extra arguments at the end of the line');
  return word;
}
