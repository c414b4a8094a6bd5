import type { ChildProcess, spawn as nodeSpawn } from 'node:child_process';
import { $ } from 'zx/core';
import { type Become, launchCommand, SudoTalk } from './become.ts';

/** What zx calls to start a command: a shell here, a channel of a connection there. */
export type Spawn = typeof nodeSpawn;

/** A program under way on a host, ready to take its input. */
export interface Launched {
  readonly child: ChildProcess;
  /** Settles once sudo, if any, let the program start; rejects when it did not. */
  readonly ready: Promise<void>;
  /** Settles when it ended; null after a signal. */
  readonly ended: Promise<{ readonly code: number | null }>;
}

// zx would signal a local process by the number of a remote one; ours are ended by their launcher.
$.kill = async () => {};

/** zx keeps all output for its result; ours is streamed, and may be long. */
class NoStore extends Array<string> {
  override push(): number {
    return 0;
  }
}

/** Starts `program` (POSIX shell on one line, without single quotes) on a host through zx's `$`. */
export function launch(host: string, program: string, spawn: Spawn, become: Become | undefined): Launched {
  const options = {
    spawn,
    shell: '/bin/sh',
    prefix: '',
    postfix: '',
    quote: String,
    nothrow: true,
    quiet: true,
    stdio: 'pipe',
    store: { stdout: new NoStore(), stderr: new NoStore(), stdall: new NoStore() },
  };
  const command = [launchCommand(program, become)] as unknown as TemplateStringsArray;
  const running = $(options as object)(command);
  const child = running.child as ChildProcess;
  // The other end may be gone before all is written; `ended` tells.
  child.stdin?.on('error', () => {});
  const ended = (async () => {
    const { exitCode, cause } = await running;
    if (cause) throw cause;
    return { code: exitCode };
  })();
  return { child, ended, ready: become ? talkToSudo(host, child, become, ended) : Promise.resolve() };
}

function talkToSudo(
  host: string,
  child: ChildProcess,
  become: Become,
  ended: Promise<unknown>,
): Promise<void> {
  const talk = new SudoTalk(host, become);
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      if (talk.ready) return;
      try {
        const answer = talk.hear(chunk.toString('latin1'));
        if (answer !== undefined) child.stdin?.write(answer);
        if (talk.ready) resolve();
      } catch (error) {
        child.stdin?.end();
        reject(error);
      }
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    ended.then(() => reject(talk.refusal()), reject);
  });
}
