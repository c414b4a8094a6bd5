import { EXIT, QuorateError } from '../../errors.ts';

/** Throws exit code 1 for a folder that systems are made of, where what is in it would go. */
export function requireOurs(path: string): void {
  if (!isSystemFolder(path)) return;
  throw new QuorateError(`${path} is a part of the system: what is in it is not removed as a whole`, {
    exitCode: EXIT.usage,
    hint: 'name what is to go',
  });
}

export function isSystemFolder(path: string): boolean {
  return SYSTEM.test(path);
}

/** Folders that systems are made of. */
const SYSTEM =
  /^\/(bin|boot|dev|etc|home|lib\d*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|usr\/[^/]+|var|var\/(cache|lib|log|mail|run|spool|tmp))?$/;
