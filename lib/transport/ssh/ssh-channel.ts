import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { QuorateError } from '../../errors.ts';
import { connectionLost } from '../failures.ts';
import type { Spawn } from '../launch.ts';
import type { Attach, Pool } from './ssh-pool.ts';

/**
 * A `spawn` that opens a channel of a connection and passes it off as a child process, so that zx runs a
 * remote command as it runs a local one.
 */
export function channelSpawn(host: string, pool: Pool): Spawn {
  const spawn = (command: string): ChildProcess => {
    const child = new ChannelProcess();
    // As with a real child, what is wrong with it is told after `spawn` has returned.
    const attach: Attach = (channel, link) =>
      child.attach(channel, (why) => connectionLost(host, link.lost() ?? why));
    pool.exec(command, attach).catch((error: Error) => {
      const why = pool.lost() ?? error.message;
      child.fail(error instanceof QuorateError ? error : connectionLost(host, why));
    });
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
  #done = false;

  attach(channel: ClientChannel, lost: (why: string) => Error): void {
    if (this.#done) {
      channel.close();
      return;
    }
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
      else setImmediate(() => this.fail(lost('the session ended without an exit status')));
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
