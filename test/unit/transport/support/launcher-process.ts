import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { LAUNCHER, launcherInput, newMarker } from '../../../../lib/transport/launcher.ts';

/** The launcher under a shell of its own, as a channel or a local child runs it. */
export class LauncherProcess {
  readonly child: ChildProcess;
  readonly marker = newMarker();
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  out = '';
  err = '';

  constructor(shell: readonly string[]) {
    const [file = '/bin/sh', ...args] = shell;
    this.child = spawn(file, [...args, '-c', LAUNCHER], { stdio: 'pipe', detached: true });
    this.child.stdin?.on('error', () => {});
    this.child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.out += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.err += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  write(text: string): this {
    this.child.stdin?.write(text);
    return this;
  }

  script(text: string): this {
    return this.write(launcherInput(text, this.marker));
  }

  /** The connection goes away. */
  hangUp(): this {
    this.child.stdin?.end();
    return this;
  }

  /** What the script printed, without the marker that comes first. */
  get printed(): string {
    const line = `${this.marker}\n`;
    return this.out.startsWith(line) ? this.out.slice(line.length) : `no marker: ${this.out}`;
  }
}

/** Waits until a condition holds; fails after five seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 5000; !holds(); ) {
    if (Date.now() > end) throw new Error(`not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a process is there (a zombie is not). */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !/^State:\s+Z/m.test(statusOf(pid));
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 'State: Z';
  }
}
