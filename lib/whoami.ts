import { homedir, userInfo } from 'node:os';

/** Name of who runs this, also where the passwd database does not know them: a container with a number for a user. */
export function whoami(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.LOGNAME || process.env.USER || String(process.getuid?.() ?? 'nobody');
  }
}

/** Their home: `$HOME`, where that is empty the one of the passwd database; `/` for who has none. */
export function home(): string {
  try {
    return homedir() || userInfo().homedir || '/';
  } catch {
    return '/';
  }
}
