import { MASK } from './secret-names.ts';

/** A host, with a port, a path as rsync has it or nothing behind it; no version of a package, no digest of an image. */
const HOST = String.raw`(?!sha\d{3}\b|v?\d+(?:\.\d+){1,2}(?:[-+][\w.]+)?(?![\w.]))(?:\[[\w:.%]+\]|[\w.-]+)(?![\w.-])`;

/** Schemes of addresses that are no user's name: `mailto:me@example.org`. */
const NO_USER = '(?:mailto|sips?|xmpp|acct):';

/**
 * User and password in front of a host: `https://me:secret@mirror/`, `redis://:secret@queue`, `me:secret@mirror:3128`. In a
 * URL the password is all up to the last `@` of the authority; of one that should have been encoded (`a/b#c`) all up to
 * the first. A port is none, before a path or the next jump host (`a:22,me@b`), nor is a single letter (`a:b@c:d`).
 */
const CREDENTIALS = new RegExp(
  String.raw`(?:(\/\/[^\s/:@"']*):(?!\d{1,5}[/?#])(?:[^\s/?#"']{1,512}|[^\s@"']{1,512})@(?=[\w[])|` +
    String.raw`(?<![\w.%+-])(?!${NO_USER})([\w.%+-]+):(?!\d{1,5},)[^\s/:@"']{2,}@(?=${HOST}))`,
  'g',
);

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

/** A URL in it has a password, and not in a comment, or as what is yet to be filled in: `$PASS`, `<password>`. */
export function hasLogin(text: string): boolean {
  const lines = text.includes('://') ? text.split('\n') : [];
  return lines.some(
    (line) =>
      !/^\s*(?:[#;]|\/\/)/.test(line) &&
      [...line.matchAll(CREDENTIALS)].some(
        ([all, url]) => url !== undefined && !/^[$%<{*]/.test(all.slice(url.length + 1)),
      ),
  );
}

/** User and password of a URL as a header has them. A `%` that encodes nothing counts as it is written: `http://u:100%@host`. */
export function basicCredentials({ username, password }: URL): string {
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
