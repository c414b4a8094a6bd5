import { credentialsIn, isOpen, isPrivate, MASK, maskMessage } from './secret-names.ts';

/** The words of a command as people may see them, and what was taken out of them. */
export interface MaskedWords {
  readonly words: readonly string[];
  readonly secrets: readonly string[];
}

/**
 * Masks what a command line gives as passwords: values of flags and variables that are named like one, what stands
 * behind a user's name, passwords in URLs. A word that is a line for a shell is looked through, too.
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
  /** Of a flag whose value is the next word. */
  #next: How | undefined;
  /** The last word that is a program whose `-p` or `-u` carries a password. */
  #program = '';

  word(word: string): string {
    if (this.#next) return this.#value(word);
    const masked = (word.match(PIECES) ?? []).map((one) => this.#piece(one)).join('');
    this.secrets.push(...credentialsIn(masked).filter((one) => one !== MASK));
    return maskMessage(masked).replace(HEADER, (_all, shown: string, secret: string) => {
      if (secret !== MASK) this.secrets.push(secret);
      return `${shown}${MASK}`;
    });
  }

  #piece(piece: string): string {
    if (/^\s/.test(piece)) return piece;
    if (this.#next) return this.#value(piece);
    const [, name = '', equals, value = ''] = /^(-{0,2}[\w-]+)(=?)(.*)$/s.exec(piece) ?? [];
    const how = name === '-u' && !LOGS_IN.test(this.#program) ? undefined : secretIn(name);
    if (how && equals) return `${name}=${this.#hide(how, value)}`;
    if (how && name === piece && name.startsWith('-')) this.#next = how;
    if (TAKES_GLUED.test(piece) || LOGS_IN.test(piece)) this.#program = piece;
    const [, glued] = (TAKES_GLUED.test(this.#program) && GLUED.exec(piece)) || [];
    return glued === undefined ? piece : `-p${this.#hide('all', glued)}`;
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

/** Programs that take `-pPASSWORD`: with most others `-p` is one of several letters, or a port. */
const TAKES_GLUED = /(?:^|[/;|&(`])(?:mysql|mariadb|sshpass)[\w-]*$/;

/** Programs that take `-u USER:PASSWORD`. */
const LOGS_IN = /(?:^|[/;|&(`])(?:curl|wget)$/;

/** `-pPASSWORD`, as of mysql; not what find has, nor a port. */
const GLUED = /^-p(?!(?:ath|erm|rune|rint\w*|\d{1,5})$)([^-=].*)$/s;

const HEADER = /(authorization:\s*(?:\w+\s+)?)([^\s'"]+)/i;

/** What a flag or a variable of this name carries; undefined for no secret: `--token-file` names a place. */
function secretIn(dashed: string): How | undefined {
  const name = dashed.replace(/^-+/, '');
  if (/^(?:[\w-]+-)?user$|^u$/.test(name)) return dashed.startsWith('-') ? 'behind' : undefined;
  const isPlace = isOpen(name) || /^no-|[-_]stdin$|^key$/i.test(name);
  return isPrivate(name.replaceAll('-', '_')) && !isPlace ? 'all' : undefined;
}
