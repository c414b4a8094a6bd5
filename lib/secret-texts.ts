import { maskCredentials } from './credentials.ts';
import { ENDS, MASK, VAGUE } from './secret-names.ts';

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

// Not `passwd: files`, which is a line of nsswitch.conf, nor what every etcd.conf has of tokens.
const NAME_IN_FILE = String.raw`(?:password|passphrase|secret|credential|(?:api|access)[_-]key(?![_-]id)|(?:[_-](?:pass|psk|pin)|(?<!cluster)[_-]token(?!["']?\s?[:=]\s?["']?(?:simple|jwt)(?![^\s"',}\]])))(?![\w-]))[\w-]{0,64}["'\\]*[^\S\n]*`;

/** Behind a colon the value may stand on the next line, further in: no mapping, list or comment. */
const SIGN_IN_FILE = String.raw`(?::[^\S\n]*\n[^\S\n]+(?!\s|-\s|#|["']?[\w.-]+["']?\s*[:=])|[:=][^\S\n]*)`;

/** Not `'password: ' + x`, where a quote ends in front of what is no value. */
const BEGUN = String.raw`(?![\s,;:)}\]"'|&]|$)`;

/** A list in brackets, a value in quotes, each over one line or several; behind a quote that does not end here (a line of a diff), the rest of the line. */
const VALUE_IN_FILE =
  String.raw`\[[^\][]{0,4096}\]|` +
  String.raw`${QUOTE}[^'\\\n]*${QUOTE}|\\+"[^"\\\n]*\\+"|"(?:[^"\\\n]|\\.)*"|'(?!\\')[^'\n]*'|` +
  String.raw`${QUOTE}${BEGUN}[^'\\]*${QUOTE}|\\+"${BEGUN}[^"\\]*\\+"|"${BEGUN}(?:[^"\\]|\\[^])*"|'(?!\\')${BEGUN}[^']*'|` +
  String.raw`(?:\\*["']|${QUOTE})${BEGUN}[^\n]*|(?:[^\s,}\]"']|${QUOTE})+`;

const IN_FILE = new RegExp(`(${NAME_IN_FILE}${SIGN_IN_FILE})(${VALUE_IN_FILE})`, 'gi');

/** What begins a line of YAML up to the name of a secret: how far in that is, then the rest. */
const KEY_IN_YAML = String.raw`^([^\S\n]*)((?:-[^\S\n]+)?["']?[\w.-]{0,64}?`;

/** `password: |`, and all lines below it that are further in. */
const BLOCK_IN_FILE = new RegExp(
  String.raw`${KEY_IN_YAML}${NAME_IN_FILE}:[^\S\n]*(?:[!&]\S{1,64}[^\S\n]+){0,2}[|>][-+\d]{0,2}[^\S\n]*(?:#[^\n]*)?\n)((?:\1[^\S\n]+[^\n]*(?:\n|$)|[^\S\n]*\n)+)`,
  'gim',
);

/** `passwords:`, and a list of texts below it. What is a list of `secrets` is one of their names. */
const LIST_IN_FILE = new RegExp(
  String.raw`${KEY_IN_YAML}(?!secrets?["']?[^\S\n]*:)${NAME_IN_FILE}:[^\S\n]*(?:#[^\n]*)?\n)` +
    String.raw`((?:\1[^\S\n]*-[^\S\n]+(?!["']?[\w.-]{1,64}["']?[^\S\n]*:(?:\s|$))[^\n]+(?:\n|$))+)`,
  'gim',
);

/** All of a private key up to its end; of one that is cut off what looks like it. */
const KEY_IN_FILE =
  /(-----BEGIN [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----)((?:[^-]|-(?!----)){0,65536}(?=-----END )|(?:\s+[\w-]{1,64}: [^\n]+)*(?:\s+[\w+/=]{16,})*)/g;

/** A message about what somebody wrote: whatever stands behind a private name in it is masked, and URLs' passwords. */
export function maskMessage(text: string): string {
  return maskCredentials(text.replaceAll(IN_MESSAGE, `$1${MASK}`));
}

/** Masks `value` where it stands behind a private name; for one that is too short to be masked everywhere. */
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
    text
      .replaceAll(KEY_IN_FILE, (_all, begin: string, body: string) => `${begin}${maskLines(body)}`)
      .replaceAll(BLOCK_IN_FILE, (_all, far, key, body: string) => `${far}${key}${maskLines(body)}`)
      .replaceAll(LIST_IN_FILE, (_all, far, key, items: string) => `${far}${key}${maskItems(items)}`)
      .replaceAll(IN_FILE, (_all, name: string, value: string) => `${name}${maskLines(value)}`),
  );
}

function maskLines(text: string): string {
  return text.replaceAll(/[^\s][^\n]*/g, MASK);
}

function maskItems(text: string): string {
  return text.replaceAll(/^([^\S\n]*-[^\S\n]+)\S[^\n]*/gm, `$1${MASK}`);
}
