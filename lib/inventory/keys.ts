import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { formatPosition } from '../errors.ts';
import { untilde } from '../home.ts';
import type { AbsentKey } from '../transport/host.ts';
import type { Problems } from './checks/problems.ts';
import { nearest, unsafeText } from './checks/validate.ts';
import { type Setting, shownSetting, type Tell } from './variables/settings.ts';

/**
 * Key files that variables of one host name. As with ssh's own `-i`, one that is not there is dropped with a word, and
 * keys that nobody named are tried in its place.
 */
export class NamedKeys {
  readonly #tell: Tell;
  readonly #problems: Problems;
  /** Those that were dropped. */
  readonly absent: AbsentKey[] = [];

  constructor(tell: Tell, problems: Problems) {
    this.#tell = tell;
    this.#problems = problems;
  }

  /** Of `ansible_ssh_private_key_file`: its path, if it is there; a problem where the file is not a private key. */
  file(setting: Setting): string | undefined {
    const name = 'ansible_ssh_private_key_file';
    if (typeof setting.value !== 'string' || unsafeText(setting.value) !== undefined) {
      this.#tell(name, setting, `must be a path, found ${shownSetting(name, setting)}`);
      return undefined;
    }
    const path = nearest(setting.value, setting.folder);
    if (!isThere(path)) return this.#drop(name, path, setting);
    const problem = keyProblem(path);
    if (problem !== undefined) this.#tell(name, setting, `${path} ${problem[0]}`, problem[1]);
    return path;
  }

  /** Of `-i` among arguments of ssh, which knows no folder but the current one. */
  argument(name: string, written: string, setting: Setting): string | undefined {
    const path = untilde(written);
    return isThere(path) ? path : this.#drop(name, path, setting);
  }

  #drop(variable: string, path: string, { position }: Setting): undefined {
    const key = { path, variable, position };
    this.absent.push(key);
    this.#problems.note(absentNotice(key));
  }
}

/** What to tell of a key that was dropped. */
export function absentNotice({ path, variable, position }: AbsentKey): string {
  const place = position ? `${formatPosition(position)}: ` : '';
  return `${place}${variable}: ${path} is not there; as with ssh -i, other keys are tried`;
}

/** Whether there is a file, or the public half of a key that an agent may hold. */
function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // One that cannot be looked at is told as that.
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return true;
    return isAgentThere() && existsSync(`${path}.pub`);
  }
}

function isAgentThere(): boolean {
  return (process.env.SSH_AUTH_SOCK ?? '') !== '';
}

const PUBLIC = [
  'is a public key',
  'name the file without .pub, or start the agent that has its private half (SSH_AUTH_SOCK)',
] as const;

function keyProblem(path: string): readonly [problem: string, hint?: string] | undefined {
  try {
    accessSync(path, constants.R_OK);
    if (statSync(path).isDirectory()) return ['is a directory', 'name the private key in it'];
    const text = readFileSync(path, 'latin1');
    if (/^(ssh-|ecdsa-|sk-)/.test(text)) return isAgentThere() ? undefined : PUBLIC;
    if (text.startsWith('PuTTY-User-Key-File-3'))
      return ["is a key in PuTTY's format", 'puttygen KEY -O private-openssh -o NEW converts it'];
    if (!/^(-----BEGIN .*PRIVATE KEY-----|PuTTY-User-Key-File-2)/m.test(text))
      return ['is not a private key', 'one starts with -----BEGIN OPENSSH PRIVATE KEY-----'];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return ['cannot be read', 'it belongs to the user who runs this, mode 0600'];
  }
  return undefined;
}
