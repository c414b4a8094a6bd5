/** Parts of names that hold a secret and nothing else. */
const SURE = 'password|passwd|passphrase|secret|credential';

/** Keys that open something; not public ones, nor those of a mapping. */
const KEYS = '(?:api|access|encrypt\\w{0,16}|sign\\w{0,16}|master|shared|session|hmac|aes|jwt|license)_?key';

/** What such a name may end with. */
const ENDS = '(?:pwd|pw|psk|pin)';

/** `dbpass` and `pass_phrase`, not `compass` and `passthrough`. */
const PASS = '(?<!by|com|sur|tres)pass(?!ive|through|enger|port|age|ed|ing|es)';

/** Parts of names that, in what people write, better stand for a secret once too often. */
const VAGUE = `${PASS}|${SURE}|token|vault|${KEYS}`;

/** Names whose values are nobody's business: these are never quoted in a message. */
const PRIVATE = new RegExp(`${VAGUE}|private_key$|^key$|(?:^|[_-])${ENDS}$`, 'i');

/** Names whose values are masked wherever they turn up: of the vague parts only where the name ends with them. */
const SECRET = new RegExp(
  `${SURE}|(?:${PASS}|(?<!cluster[_-])token|private_key|${KEYS}|(?:^|[_-])${ENDS})$`,
  'i',
);

/** Names that say where a secret lies, or of the program that keeps it; the URL of a webhook may be the secret. */
const PLACE = new RegExp(`[-_](?:file|path|dir|(?<!(?:${SURE})s?[-_])url|addr|version|enabled)$`, 'i');

/** Names of what kind a secret is, whose, how long it is good; a `secret_id` is one. `PWD` is a folder. */
const KIND = /[-_](?:name|user|ttl|type|public|(?<!secret[-_])id)$|public[-_]?keys?$|^(?:old)?pwd$/i;

/** Values that are none, whatever their name: the place of a key (not one of WireGuard's in base64), a kind of token. */
const OPEN_VALUES = [
  { name: /private_key$/i, value: /^(?![\w+/]{43}=$)(?:~|\.{0,2})\/\S*$|\}\}\/\S*$/ },
  { name: /token$/i, value: /^(?:simple|jwt(?:,.*)?)$/ },
];

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

/** A value in quotes over one line or several; behind a quote that does not end here (a line of a diff), the rest of the line. */
const VALUE_IN_FILE =
  String.raw`${QUOTE}[^'\\\n]*${QUOTE}|\\+"[^"\\\n]*\\+"|"(?:[^"\\\n]|\\.)*"|'(?!\\')[^'\n]*'|` +
  String.raw`${QUOTE}${BEGUN}[^'\\]*${QUOTE}|\\+"${BEGUN}[^"\\]*\\+"|"${BEGUN}(?:[^"\\]|\\[^])*"|'(?!\\')${BEGUN}[^']*'|` +
  String.raw`(?:\\*["']|${QUOTE})${BEGUN}[^\n]*|(?:[^\s,}\]"']|${QUOTE})+`;

const IN_FILE = new RegExp(`(${NAME_IN_FILE}${SIGN_IN_FILE})(${VALUE_IN_FILE})`, 'gi');

/** A host, with a port, a path as rsync has it or nothing behind it; no version of a package, no digest of an image. */
const HOST = String.raw`(?!sha\d{3}\b|v?\d+(?:\.\d+){1,2}(?:[-+][\w.]+)?(?![\w.]))(?:\[[\w:.%]+\]|[\w.-]+)(?![\w.-])`;

/**
 * User and password in front of a host: `https://me:secret@mirror/`, `redis://:secret@queue`, `me:secret@mirror:3128`. In a
 * URL the password is all up to the last `@` of the authority; of one that should have been encoded (`a/b#c`) all up to
 * the first. A port is none, before a path or the next jump host (`a:22,me@b`).
 */
const CREDENTIALS = new RegExp(
  String.raw`(?:(\/\/[^\s/:@"']*):(?!\d{1,5}[/?#])(?:[^\s/?#"']{1,512}|[^\s@"']{1,512})@(?=[\w[])|` +
    String.raw`(?<![\w.%+-])([\w.%+-]+):(?!\d{1,5},)[^\s/:@"']+@(?=${HOST}))`,
  'g',
);

/** What stands in place of a secret, whatever its length. */
export const MASK = '********';

/** The value of a variable of this name must not be quoted. */
export function isPrivate(name: string): boolean {
  const words = wordsOf(name);
  return PRIVATE.test(words) && !PLACE.test(words);
}

/** The name says where a secret lies, or what kind it is, and its value is none: `token_file`, `token_ttl`. */
export function isOpen(name: string): boolean {
  const words = wordsOf(name);
  return PLACE.test(words) || KIND.test(words);
}

/** `secretsPath` as `secrets_Path`. */
function wordsOf(name: string): string {
  return name.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '_');
}

/** The value of a variable of this name is a secret, wherever else it turns up. */
export function isSecret(name: string, value?: unknown): boolean {
  if (!SECRET.test(name) || isOpen(name)) return false;
  return !OPEN_VALUES.some(
    (one) => typeof value === 'string' && one.name.test(name) && one.value.test(value),
  );
}

/** A value for a message: `"text"`, `[1]`; what stands behind a private name, on whatever level, is masked. */
export function shownValue(name: string, value: unknown): string {
  if (isPrivate(name)) return MASK;
  return JSON.stringify(value, (key, inner) => (key !== '' && isPrivate(key) ? MASK : inner));
}

/** A message about what somebody wrote: whatever stands behind a private name in it is masked, and URLs' passwords. */
export function maskMessage(text: string): string {
  return maskCredentials(text.replaceAll(IN_MESSAGE, `$1${MASK}`));
}

/** Masks `value` where it stands behind a private name; for one that is too short to be masked everywhere. */
export function maskBehindNames(text: string, value: string): string {
  const escaped = value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replaceAll(new RegExp(`(${behind(IN_MESSAGES)}["']?)${escaped}(?!\\w)`, 'gi'), `$1${MASK}`);
}

/** The password of every URL. */
export function maskCredentials(text: string): string {
  return text.replaceAll(CREDENTIALS, `$1$2:${MASK}@`);
}

/** The passwords that `maskCredentials` masks. */
export function credentialsIn(text: string): readonly string[] {
  return [...text.matchAll(CREDENTIALS)].map(([all, url = '', user = '']) =>
    all.slice(`${url}${user}:`.length, -1),
  );
}

/** A value that is a secret by what it looks like, whatever its name. */
export function isKeyText(text: string): boolean {
  return KEY.test(text);
}

/** The text of a file or a script, in which somebody else's old secret may stand; it keeps its number of lines. */
export function maskText(text: string): string {
  return maskCredentials(
    text.replaceAll(
      IN_FILE,
      (_all, name: string, value: string) => `${name}${value.replaceAll(/[^\n]+/g, MASK)}`,
    ),
  );
}
