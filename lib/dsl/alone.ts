import { sh } from './sh.ts';

/**
 * Shell that waits until no other apply on the host changes what services share, and keeps it so until its
 * own fragment ends. Tools for accounts and ufw look first and lock later: of two at a time, for two services
 * say, one undoes what the other did. The lock is on a directory that is always there; nothing is left of it.
 */
export const alone = sh`if command -v flock >/dev/null; then exec 9</etc && flock 9; fi`;
