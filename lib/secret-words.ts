import { credentialsIn } from './credentials.ts';
import { isOpen, isPrivate, MASK } from './secret-names.ts';
import { maskMessage } from './secret-texts.ts';

/** The words of a command as people may see them, and what was taken out of them. */
export interface MaskedWords {
  readonly words: readonly string[];
  readonly secrets: readonly string[];
}

/**
 * Masks what a command line gives as passwords: values of flags and variables that are named like one, what stands
 * after a user's name, passwords in URLs. A word that is a line for a shell is looked through, too.
 *
 * @example
 * maskWords(['mysql', '-pgeheim', '--user', 'root:pw']).words // mysql -p******** --user root:********
 */
export function maskWords(words: readonly string[]): MaskedWords {
  const masker = new Masker();
  return { words: words.map((word) => masker.word(word)), secrets: masker.secrets };
}

/** How much of a value is a secret: all, or what follows the colon of `NAME:PASSWORD`. */
type How = 'all' | 'behind';

class Masker {
  readonly secrets: string[] = [];
  /** For a flag whose value is the next word. */
  #next: How | undefined;
  /** How the last word that is such a program takes a password. */
  #program: Program | undefined;
  /** The next word is what a flag of that program takes, and no command. */
  #taken = false;

  word(word: string): string {
    if (this.#next) return this.#value(word);
    const before = this.#program;
    const end = /\s/.test(word) ? END : END_WORD;
    const masked = (word.match(PIECES) ?? []).map((one) => this.#piece(one, end)).join('');
    // What a line runs has ended with it: after `mysql -e 'x; y'` more flags of mysql may come.
    if (/\s/.test(word)) this.#program = before;
    this.secrets.push(...credentialsIn(masked).filter((one) => one !== MASK));
    return maskMessage(masked).replace(HEADER, (_all, shown: string, secret: string) => {
      if (secret !== MASK) this.secrets.push(secret);
      return `${shown}${MASK}`;
    });
  }

  #piece(piece: string, end: RegExp): string {
    if (/^\s/.test(piece)) {
      if (piece.includes('\n')) this.#program = undefined;
      return piece;
    }
    if (this.#taken) {
      this.#taken = false;
      return piece;
    }
    this.#taken = this.#program?.taking?.test(piece) ?? false;
    const told = this.#next ? this.#value(piece) : this.#flag(piece);
    // Another command begins, or the one that sshpass starts.
    const isLast =
      end.test(piece.replace(/'[^']*'|"[^"]*"/g, '')) ||
      (this.#program?.first && told === piece && !piece.startsWith('-'));
    if (isLast) this.#program = undefined;
    this.#program = PROGRAMS.find(({ name }) => name.test(piece)) ?? this.#program;
    return told;
  }

  #flag(piece: string): string {
    const [, name = '', equals, value = ''] = /^(-{0,2}[\w-]+)(=?)(.*)$/s.exec(piece) ?? [];
    const { flag = '', how, glued, apart } = this.#program ?? {};
    const own = name === flag && apart ? how : undefined;
    const named = own ?? (name === '-u' ? undefined : secretIn(name));
    if (named && equals) return `${name}=${this.#hide(named, value)}`;
    if (named && name === piece && name.startsWith('-')) this.#next = named;
    if (!glued || !how || !piece.startsWith(flag) || NO_VALUE.test(piece)) return piece;
    return `${flag}${this.#hide(how, piece.slice(flag.length))}`;
  }

  #value(word: string): string {
    const how = this.#next ?? 'all';
    this.#next = undefined;
    return this.#hide(how, word);
  }

  #hide(how: How, value: string): string {
    const [, shown = '', secret = ''] = (how === 'all' ? /^()(.*)$/s : /^([^:]*:)(.*)$/s).exec(value) ?? [
      value,
      value,
    ];
    // `--user 1000:1000` is a group, `host:/path` a place.
    if (secret === '' || (how === 'behind' && /^[\d.:]+$|:\//.test(value))) return value;
    this.secrets.push(secret.replace(/[;|&)]+$/, '').replace(/^(['"])(.*)\1$/s, '$2'));
    return `${shown}${MASK}`;
  }
}

/** Words of a shell's line, as far as quotes keep them together, and the space between them. */
const PIECES = /\s+|(?:'[^']*'|"[^"]*"|\S)+/g;

/** A program with a short flag that carries a password, which means something else to most others. */
interface Program {
  readonly name: RegExp;
  readonly flag: string;
  readonly how: How;
  /** As in `-pPASSWORD`, and as in `-p PASSWORD`. */
  readonly glued?: boolean;
  readonly apart?: boolean;
  /** The flag stands in front of the command that the program starts. */
  readonly first?: boolean;
  /** Other flags of such a program that take the next word. */
  readonly taking?: RegExp;
}

const program = (names: string) => new RegExp(`(?:^|[/;|&(\`])(?:${names})$`);

const PROGRAMS: readonly Program[] = [
  { name: program('(?:mysql|mariadb)[\\w-]*'), flag: '-p', how: 'all', glued: true },
  { name: program('mongo\\w*'), flag: '-p', how: 'all', apart: true },
  {
    name: program('sshpass'),
    flag: '-p',
    how: 'all',
    glued: true,
    apart: true,
    first: true,
    taking: /^-[Pfd]$/,
  },
  { name: program('redis-cli'), flag: '-a', how: 'all', apart: true },
  { name: program('ldap\\w+'), flag: '-w', how: 'all', glued: true, apart: true },
  { name: program('curl|wget'), flag: '-u', how: 'behind', glued: true, apart: true },
];

/** Where one command of a line ends; not at `2>&1`. */
const END = /(?<![<>])[;|&](?!>)/;

/** The same among words: one that has such a sign in it, as SQL and URLs do, ends nothing. */
const END_WORD = /^[;|&]+$/;

/** The flag alone, with `-` or `=` after it, a port; what find has: `-path`, `-print0`. */
const NO_VALUE = /^-p(?:ath|erm|rune|rint\w*|\d{1,5})$|^-\w(?:$|[-=])/;

const HEADER = /(authorization:\s*(?:\w+\s+)?)([^\s'"]+)/i;

/** What a flag or a variable of this name carries; undefined for no secret: `--token-file` names a place. */
function secretIn(dashed: string): How | undefined {
  const name = dashed.replace(/^-+/, '');
  if (/^(?:[\w-]+-)?user$|^u$/.test(name)) return dashed.startsWith('-') ? 'behind' : undefined;
  const isPlace = isOpen(name) || /^no-|[-_]stdin$|^key$/i.test(name);
  return isPrivate(name.replaceAll('-', '_')) && !isPlace ? 'all' : undefined;
}
