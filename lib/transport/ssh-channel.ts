import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import type { ClientChannel } from 'ssh2';
import type { Spawn } from './channel.ts';

/**
 * A `spawn` that opens a channel of a connection and passes it off as a child process, so that zx runs a
 * remote command as it runs a local one. `lost` tells why the connection is gone.
 */
export function channelSpawn(ssh: NodeSSH, lost: () => Error | undefined): Spawn {
  const spawn = (command: string): ChildProcess => {
    const child = new ChannelProcess();
    const fail = (error: Error) => child.fail(lost() ?? error);
    if (lost() || !ssh.connection) {
      queueMicrotask(() => fail(new Error('not connected')));
      return child as unknown as ChildProcess;
    }
    try {
      ssh.connection.exec(command, (error, channel) => {
        if (error) fail(error);
        else child.attach(channel, lost);
      });
    } catch (error) {
      queueMicrotask(() => fail(error as Error));
    }
    return child as unknown as ChildProcess;
  };
  return spawn as unknown as Spawn;
}

/** The events and streams of a child process, as far as zx and we look at them. */
class ChannelProcess extends EventEmitter {
  readonly pid = undefined;
  readonly stdin = new PassThrough({ highWaterMark: 256 * 1024 });
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  #done = false;

  attach(channel: ClientChannel, lost: () => Error | undefined): void {
    let exit: number | null = null;
    this.stdin.pipe(channel);
    channel.on('error', () => {});
    channel.pipe(this.stdout);
    channel.stderr.pipe(this.stderr);
    channel.on('exit', (code: number | null) => {
      exit = code;
    });
    channel.on('close', () => {
      // A dropped connection closes its channels, without an exit status, just before itself.
      setImmediate(() => {
        const gone = exit === null ? lost() : undefined;
        if (gone) this.fail(gone);
        else this.#finish(exit);
      });
    });
  }

  fail(error: Error): void {
    if (this.#done) return;
    this.emit('error', error);
    this.#finish(null);
  }

  #finish(code: number | null): void {
    if (this.#done) return;
    this.#done = true;
    this.stdout.end();
    this.stderr.end();
    this.stdin.destroy();
    // As with a real child, `close` comes after all output was read.
    const drained = [this.stdout, this.stderr].map(
      (stream) =>
        new Promise<void>((resolve) => {
          if (stream.readableEnded) resolve();
          else stream.once('end', resolve).once('close', resolve);
          stream.resume();
        }),
    );
    Promise.all(drained).then(() => {
      this.emit('exit', code, null);
      this.emit('close', code, null);
    });
  }
}
