import { maskCredentials } from './credentials.ts';
import { maskBlocks, maskLines } from './secret-blocks.ts';
import { ENDS, MASK, NAME_IN_FILE, VAGUE } from './secret-names.ts';

/** A private key, as PEM or in OpenSSH's form. */
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** What stands between a name of which `part` is a part and its value, as YAML, environment files and command lines have it. */
const behind = (part: string) => `(?:${part})[\\w-]{0,64}["'\\\\]*\\s*[:=]\\s*`;

/** A quote within quotes of a shell (`'\''`), also of one that is quoted again (`'\''\'\'''\''`). */
const QUOTE = String.raw`'+\\[\\']*`;

/** A value in quotes, which may be escaped, or a word. */
const VALUE = String.raw`${QUOTE}[^'\\]*${QUOTE}|\\+"[^"\\]*\\+"|"(?:[^"\\]|\\.)*"|'[^']*'|(?:[^\s,}\]"']|${QUOTE})+`;

// No pattern here begins with what may be repeated: on a long line that takes the square of its length.
const named = (part: string) => new RegExp(`(${behind(part)})(${VALUE})`, 'gi');

const IN_MESSAGES = `${VAGUE}|[_-]${ENDS}(?![\\w-])`;
const IN_MESSAGE = named(IN_MESSAGES);

/** After a colon the value may stand on the next line, further in: no mapping, list or comment. */
const SIGN_IN_FILE = String.raw`(?::[^\S\n]*\n[^\S\n]+(?!\s|-\s|#|["']?[\w.-]+["']?\s*[:=])|[:=][^\S\n]*)`;

/** Not `'password: ' + x`, where a quote ends in front of what is not a value. */
const BEGUN = String.raw`(?![\s,;:)}\]"'|&]|$)`;

/** No quote that begins another value (`b: 'c'`): in front of that one, this one was left open. */
const ENDED = String.raw`(?<![\s:=([{,](?=["'][^\s,;:)}\]]))(?!["']\w)`;

/** What may stand in a list: texts in quotes, comments, signs of other words. */
const IN_LIST =
  String.raw`\\+"[^"\\]{0,4096}\\+"|(?<![\w\\])(?:"(?:[^"\\]|\\[^]){0,4096}"|'[^']{0,4096}')|` +
  String.raw`(?<=\s)#[^\n]{0,1024}\n|(?<!\s)#|\\(?!\\*")|(?<=\w)["']|[^\][\\"'#]`;

/** In brackets, which may have others in them; where quotes in it are open, up to the first that closes, or the rest of the line. */
const LIST = String.raw`\[(?:${IN_LIST}|\[(?:${IN_LIST}){0,65536}\]){0,65536}\]|\[[^\][]{0,65536}\]|\[[^\n]*`;

/** A list in brackets, a value in quotes, each over one line or several; after a quote that does not end here (a line of a diff), the rest of the line. */
const VALUE_IN_FILE =
  `${LIST}|` +
  String.raw`${QUOTE}[^'\\\n]*${QUOTE}|\\+"[^"\\\n]*\\+"|"(?:[^"\\\n]|\\.)*"|'(?!\\')(?:[^'\n]|'')*'(?!')|` +
  String.raw`${QUOTE}${BEGUN}[^'\\]*${QUOTE}|\\+"${BEGUN}[^"\\]*\\+"|"${BEGUN}(?:[^"\\]|\\[^])*${ENDED}"|'(?!\\')${BEGUN}(?:[^']|'')*${ENDED}'(?!')|` +
  String.raw`(?:\\*["']|${QUOTE})${BEGUN}[^\n]*|(?:[^\s,}\]"']|${QUOTE})+`;

const IN_FILE = new RegExp(`(${NAME_IN_FILE}${SIGN_IN_FILE})(${VALUE_IN_FILE})`, 'gi');

/** All of a private key up to its end; of one that is cut off what looks like it. */
const KEY_IN_FILE =
  /(-----BEGIN [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----)((?:[^-]|-(?!----)){0,65536}(?=-----END )|(?:\s+[\w-]{1,64}: [^\n]+)*(?:\s+[\w+/=]{16,})*)/g;

/** A message about what somebody wrote: whatever stands after a private name in it is masked, and URLs' passwords. */
export function maskMessage(text: string): string {
  return maskCredentials(text.replaceAll(IN_MESSAGE, `$1${MASK}`));
}

/** Masks `value` where it stands after a private name; for one that is too short to be masked everywhere. */
export function maskBehindNames(text: string, value: string): string {
  const escaped = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replaceAll(new RegExp(`(${behind(IN_MESSAGES)}["']?)${escaped}(?!\\w)`, 'gi'), `$1${MASK}`);
}

/** A value that is a secret by what it looks like, whatever its name. */
export function isKeyText(text: string): boolean {
  return KEY.test(text);
}

/** The text of a file or a script, in which somebody else's old secret may stand; it keeps its number of lines. */
export function maskText(text: string): string {
  return maskCredentials(
    maskBlocks(
      text.replaceAll(KEY_IN_FILE, (_all, begin: string, body: string) => `${begin}${maskLines(body)}`),
    ).replaceAll(IN_FILE, (_all, name: string, value: string) => `${name}${maskLines(value)}`),
  );
}
