/** What makes of a password something that is told of it: who needs none, how old or long one may be. */
const TOLD =
  '(?!less|ed(?![a-z])|[-_]?(?:(?:age|auth)(?![\\d_-])|ageing|aging|authentication|expiry|length|perms|policy|quality)(?![a-z]))';

/** Parts of names that hold a secret and nothing else. */
const SURE = `passw(?:or)?d${TOLD}|passphrase|secret|credential`;

/** Keys that open something; not public ones, nor those of a mapping. */
const KEYS = '(?:api|access|encrypt\\w{0,16}|sign\\w{0,16}|master|shared|session|hmac|aes|jwt|license)_?key';

/** What such a name may end with. */
export const ENDS = '(?:pwd|pw|psk|pin)';

/** `dbpass` and `pass_phrase`, not `compass` and `passthrough`. */
const PASS = '(?<!by|com|sur|tres)pass(?!ive|through|enger|port|age|ed|ing|es|w(?:or)?d)';

/** Parts of names that, in what people write, better stand for a secret once too often. */
export const VAGUE = `${PASS}|${SURE}|token|vault|${KEYS}`;

/**
 * Names of secrets in files of others, with what stands after them up to their sign. Not `passwd: files`, which is a
 * line of nsswitch.conf, nor what every etcd.conf has of tokens.
 */
export const NAME_IN_FILE = String.raw`(?:password|passphrase|secret|credential|(?:api|access)[_-]key(?![_-]id)|(?:[_-](?:pass|psk|pin)|(?<!cluster)[_-]token(?!["']?\s?[:=]\s?["']?(?:simple|jwt)(?![^\s"',}\]])))(?![\w-]))[\w-]{0,64}["'\\]*[^\S\n]*`;

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

/** A value for a message: `"text"`, `[1]`; what stands after a private name, on whatever level, is masked. */
export function shownValue(name: string, value: unknown): string {
  if (isPrivate(name)) return MASK;
  return JSON.stringify(value, (key, inner) => (key !== '' && isPrivate(key) ? MASK : inner));
}
