import { execFile } from 'node:child_process';
import { environment } from '../environment.ts';

export interface Ran {
  /** Exit status; 127 when there is no such program, 128 when it was ended by a signal or our time limit. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of control, in the C locale and without input. Never fails by itself. */
export function run(
  file: string,
  args: readonly string[],
  { cwd, timeout = 120_000 }: { readonly cwd?: string; readonly timeout?: number } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd, timeout, maxBuffer: 16 << 20, env: { ...environment(), LC_ALL: 'C' } };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 128;
      resolve({
        code: error?.code === 'ENOENT' ? 127 : code,
        stdout,
        stderr: stderr || (error?.message ?? ''),
      });
    });
    child.stdin?.end();
  });
}
