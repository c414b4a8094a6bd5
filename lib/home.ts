import { readFileSync } from 'node:fs';
import { home, whoami } from './whoami.ts';

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

/** Whether a group is this user's and has no other members. */
export function isOwnGroup(gid: number): boolean {
  if (gid !== process.getgid?.()) return false;
  const members = entryOf('/etc/group', (fields) => fields[2] === String(gid))?.[3] ?? '';
  return members === '' || members === whoami();
}

function homeOf(user: string): string | undefined {
  return entryOf('/etc/passwd', ([name]) => name === user)?.[5];
}

function entryOf(file: string, fits: (fields: readonly string[]) => boolean): readonly string[] | undefined {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find(fits);
  } catch {
    return undefined;
  }
}
