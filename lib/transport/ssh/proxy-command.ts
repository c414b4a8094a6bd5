import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { endWithUs, signalGroup } from '../../child-groups.ts';
import { environment } from '../../environment.ts';

/** How long a command may take to end that was asked to, in ms. */
const END_MS = 2_000;

/** A command of ProxyCommand, tokens written out, as the stream that a connection is made over. */
export function dialByCommand(command: string): Duplex {
  return new CommandStream(command);
}

/**
 * A child's input and output as one stream. It runs in a process group of its own, without a terminal, and in this
 * process's environment: what it signs in with is there (`AWS_PROFILE`, `KRB5CCNAME`). The group is ended with the
 * stream, or with this process. What it says on standard error is told where it ends by itself.
 */
class CommandStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  #said = '';
  #ended = false;

  constructor(command: string) {
    super({ allowHalfOpen: true });
    // As ssh does it: the user's shell, which gives way to the command.
    const words = ['-c', `exec ${command}`];
    const child = spawn(process.env.SHELL || '/bin/sh', words, {
      env: environment(),
      stdio: 'pipe',
      detached: true,
    });
    this.#child = endWithUs(child, 'SIGTERM');
    const { stdin, stdout, stderr } = this.#child;
    stdin.on('error', () => {});
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-2000);
    });
    this.#child.once('error', (error) =>
      this.destroy(new Error(`ProxyCommand cannot be started: ${error.message}`)),
    );
    this.#child.once('close', (code, signal) => {
      this.#ended = true;
      const how = signal ?? `exit status ${code}`;
      const said = this.#said.trim().split('\n').slice(-3).join(' ').trim();
      this.destroy(new Error(`ProxyCommand has ended (${how})${said ? `: ${said}` : ''}`));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(chunk, () => done());
    else done();
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#end();
    done(error);
  }

  /** Ends the group: asked first, then at once. */
  #end(): void {
    if (this.#ended) return;
    signalGroup(this.#child, 'SIGTERM');
    setTimeout(() => !this.#ended && signalGroup(this.#child), END_MS).unref();
  }
}
