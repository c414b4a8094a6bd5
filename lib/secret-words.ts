import { isPrivate, MASK, maskMessage } from './secret-names.ts';

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

  word(word: string): string {
    if (this.#next) return this.#value(word);
    const masked = (word.match(PIECES) ?? []).map((one) => this.#piece(one)).join('');
    return maskMessage(masked).replace(HEADER, `$1${MASK}`);
  }

  #piece(piece: string): string {
    if (/^\s/.test(piece)) return piece;
    if (this.#next) return this.#value(piece);
    const [, name = '', equals, value = ''] = /^(-{0,2}[\w-]+)(=?)(.*)$/s.exec(piece) ?? [];
    const how = secretIn(name);
    if (how && equals) return `${name}=${this.#hide(how, value)}`;
    if (how && name === piece && name.startsWith('-')) this.#next = how;
    const [, glued] = GLUED.exec(piece) ?? [];
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
    // `--user 1000:1000` is a group.
    if (secret === '' || (how === 'behind' && /^\d+:\d+$/.test(value))) return value;
    this.secrets.push(secret.replace(/[;|&)]+$/, '').replace(/^(['"])(.*)\1$/s, '$2'));
    return `${shown}${MASK}`;
  }
}

/** Words of a shell's line, as far as quotes keep them together, and the space between them. */
const PIECES = /\s+|(?:'[^']*'|"[^"]*"|\S)+/g;

/** `-pPASSWORD`, as of mysql; not what find has, nor a port. */
const GLUED = /^-p(?!(?:ath|erm|rune|rint\w*|\d{1,5})$)([^-=].*)$/s;

const HEADER = /(authorization:\s*(?:\w+\s+)?)[^\s'"]+/i;

/** What a flag or a variable of this name carries; undefined for no secret: `--token-file` names a place. */
function secretIn(dashed: string): How | undefined {
  const name = dashed.replace(/^-+/, '');
  if (/^(?:[\w-]+-)?user$|^u$/.test(name)) return dashed.startsWith('-') ? 'behind' : undefined;
  const isPlace = /^no-|[-_](?:file|path|dir|name|id|ttl|type|stdin)$|^key$/i.test(name);
  return isPrivate(name.replaceAll('-', '_')) && !isPlace ? 'all' : undefined;
}
