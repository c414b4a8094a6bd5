import { readFileSync } from 'node:fs';
import { home } from '../../../whoami.ts';

/** A path with `~` or `~USER` at its beginning written out; undefined for a user whom nobody knows. */
export function untildeOf(path: string): string | undefined {
  const [, user, rest] = /^~([^/]*)\/*(.*)$/s.exec(path) ?? [];
  if (user === undefined || rest === undefined) return path;
  const folder = user === '' ? home() : homeOf(user);
  if (folder === undefined) return undefined;
  return rest === '' ? folder : `${folder.replace(/\/$/, '')}/${rest}`;
}

/** The same, as it is where nobody knows the user. */
export function untilde(path: string): string {
  return untildeOf(path) ?? path;
}

function homeOf(user: string): string | undefined {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.find((line) => line.startsWith(`${user}:`))?.split(':')[5];
  } catch {
    return undefined;
  }
}
