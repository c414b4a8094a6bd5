import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { connectionLost, noChannel } from '../failures.ts';
import type { Spawn } from '../launch.ts';
import type { Link } from './ssh-link.ts';

/**
 * A `spawn` that opens a channel of a connection and passes it off as a child process, so that zx runs a
 * remote command as it runs a local one.
 */
export function channelSpawn(host: string, link: Link): Spawn {
  const lost = (why: string) => connectionLost(host, link.lost() ?? why);
  const spawn = (command: string): ChildProcess => {
    const child = new ChannelProcess(lost);
    try {
      if (link.lost() !== undefined || !link.ssh.connection) throw lost('it was closed');
      link.ssh.connection.exec(command, (error, channel) => {
        if (!error) child.attach(channel);
        else child.fail(link.lost() === undefined ? noChannel(host, error.message) : lost(error.message));
      });
    } catch (error) {
      // As with a real child, what is wrong with it is told after `spawn` has returned.
      setImmediate(() => child.fail(error as Error));
    }
    return child as unknown as ChildProcess;
  };
  return spawn as unknown as Spawn;
}

/** The events and streams of a child process, as far as they are looked at. */
class ChannelProcess extends EventEmitter {
  readonly pid = undefined;
  readonly stdin = new PassThrough({ highWaterMark: 256 * 1024 });
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly #lost: (why: string) => Error;
  #done = false;

  constructor(lost: (why: string) => Error) {
    super();
    this.#lost = lost;
  }

  attach(channel: ClientChannel): void {
    let end: { readonly code: number | null; readonly signal: string | null } | undefined;
    channel.on('error', () => {});
    this.stdin.pipe(channel);
    // Destroyed rather than ended, maybe before there was a channel, a pipe says nothing to its other end.
    if (this.stdin.destroyed) channel.end();
    else this.stdin.once('close', () => channel.end());
    channel.pipe(this.stdout);
    channel.stderr.pipe(this.stderr);
    this.stdout.once('close', () => {
      if (this.stdout.readableEnded) return;
      // Nobody listens any more, though there may be more to come.
      channel.close();
      this.#finish(end?.code ?? null, end?.signal ?? null);
    });
    channel.on('exit', (code: number | null, signal?: string) => {
      end = { code, signal: signal ?? null };
      this.emit('exit', end.code, end.signal);
    });
    channel.on('close', () => {
      if (end) this.#finish(end.code, end.signal);
      // sshd tells how a command ended, by status or by signal: silence is a connection that broke.
      else setImmediate(() => this.fail(this.#lost('the session ended without an exit status')));
    });
  }

  fail(error: Error): void {
    if (this.#done) return;
    this.emit('error', error);
    this.emit('exit', null, null);
    this.#finish(null, null);
  }

  /** `close`, as with a real child, comes once all output was read. */
  #finish(code: number | null, signal: string | null): void {
    if (this.#done) return;
    this.#done = true;
    this.stdin.destroy();
    const drained = [this.stdout, this.stderr].map((stream) => {
      stream.end();
      stream.resume();
      return new Promise<void>((resolve) => {
        if (stream.closed) resolve();
        else stream.once('close', resolve);
      });
    });
    Promise.all(drained).then(() => this.emit('close', code, signal));
  }
}
