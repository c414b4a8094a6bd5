import type { Printed } from './answers.ts';

/**
 * Error texts of etcd's API (rpctypes, auth/store.go) to who is nobody, or may not ask: an extended regular expression,
 * for grep as well.
 */
export const DENIALS =
  '(etcdserver|auth): (user (name )?(is empty|not found)|permission denied|authentication failed)';

const DENIED = new RegExp(DENIALS);

/** etcd's own users are in force, and who asked is none of them or has no right to. */
export function isDenied(said: string): boolean {
  return DENIED.test(said);
}

/** A key that nobody has. */
export const NO_KEY = 'quorate/none';

/** What is asked of somebody who is not a user of etcd: `get KEY` as `NAME:PASSWORD`. */
export const AS_NOBODY = ['--user=quorate:none', 'get', NO_KEY, '--keys-only'] as const;

/**
 * Whether etcd's own users are in force, by what it told `AS_NOBODY`: without them every version passes over the name.
 * undefined where it told nothing of that. From 3.5 on it could be asked; this way every version tells.
 */
export function authenticationOf({ code, err, out }: Printed): 'on' | 'off' | undefined {
  if (code === 0) return 'off';
  return isDenied(err || out) ? 'on' : undefined;
}

/**
 * What `etcdutl check v2store` finds of data that clients of API 2 have written. It passes over a raft snapshot that it
 * cannot read, which is then the one that nobody knows of; undefined where it cannot look.
 */
export function storeOf({ code, err, out }: Printed): 'empty' | 'used' | 'unreadable' | undefined {
  if (/failed to read a snap file/i.test(`${out}\n${err}`)) return 'unreadable';
  if (code === 0) return /^No custom content found in v2store\.$/m.test(out) ? 'empty' : undefined;
  return /^Error: detected custom content in v2store$/m.test(err || out) ? 'used' : undefined;
}
