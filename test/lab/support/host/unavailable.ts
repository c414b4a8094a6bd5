import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { distribution } from '../prepare.ts';
import { hierarchies } from './cgroups.ts';

/** Why no lab can run on this machine, in one line; undefined when one can. */
export function labUnavailable(): string | undefined {
  if (process.platform !== 'linux') return 'the lab needs Linux';
  if (process.getuid?.() !== 0) return 'the lab needs root';
  if (!distribution().some((id) => ['debian', 'ubuntu'].includes(id))) {
    return 'the lab needs Debian or Ubuntu, whose packages it is made of';
  }
  const unshared = spawnSync('unshare', ['--mount', '--net', '--pid', '--uts', '--ipc', '--fork', 'true']);
  if (unshared.status !== 0) return 'the lab needs to make namespaces, and this machine does not let it';
  const top = hierarchies().find(isReadOnly);
  if (hierarchies().length === 0 || top !== undefined) {
    return `the lab needs control groups it can write to (${top ?? 'none is mounted'})`;
  }
  return undefined;
}

function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch {
    return true;
  }
}
