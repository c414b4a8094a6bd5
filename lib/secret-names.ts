/** What a name has in it whose value is nobody's business. */
const WORDS =
  'pass|secret|credential|token|vault|(?:api|access|encrypt\\w*|sign\\w*|master|shared|session|hmac|aes|jwt|license)_?key';

/** What such a name may end with. */
const ENDS = '(?:pwd|pw|psk|pin)';

/** Names whose values are nobody's business: these are never quoted in a message. */
const PRIVATE = new RegExp(`${WORDS}|private_key$|^key$|(?:^|[_-])${ENDS}$`, 'i');

/** A private key, as PEM or in OpenSSH's form. */
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Names that hold a secret and nothing else; a `token` may also be a kind of one. */
const SECRET = /password|passwd|passphrase|[_-]pass$|secret|credential/i;

/** `NAME: value`, `NAME=value`, as YAML, environment files and command lines have it; the value may be in quotes. */
const named = (name: string) =>
  new RegExp(
    `([\\w-]*(?:${name})[\\w-]*["']?\\s*[:=]\\s*)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,}\\]"']+)`,
    'gi',
  );

const IN_MESSAGE = named(`${WORDS}|[_-]${ENDS}(?![\\w-])`);
// Not `passwd: files`, which is a line of nsswitch.conf.
const IN_FILE = named('password|passphrase|secret|credential');

/**
 * User and password in front of a host: `https://me:secret@mirror/`, `redis://:secret@queue`. In a URL the password is all
 * up to the last `@` of the authority; of one that should have been encoded (`a/b#c`) all up to the first. A port is none.
 */
const CREDENTIALS =
  /(?:(\/\/[^\s/:@"']*):(?!\d{1,5}[/?#])(?:[^\s/?#"']{1,512}|[^\s@"']{1,512})|([\w.%+-]+):[^\s/:@"']+)@(?=[\w[])/g;

/** What stands in place of a secret, whatever its length. */
export const MASK = '********';

/** The value of a variable of this name must not be quoted. */
export function isPrivate(name: string): boolean {
  return PRIVATE.test(name);
}

/** The value of a variable of this name is a secret, wherever else it turns up. */
export function isSecret(name: string): boolean {
  return SECRET.test(name);
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

/** The text of a file in a diff, in which somebody else's old secret may stand. */
export function maskText(text: string): string {
  return maskCredentials(text.replaceAll(IN_FILE, `$1${MASK}`));
}
