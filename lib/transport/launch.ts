import type { ChildProcess, spawn as nodeSpawn, SpawnOptions } from 'node:child_process';
import type { Writable } from 'node:stream';
import { $, within } from 'zx/core';
import { QuorateError } from '../errors.ts';
import { connectionLost, neverStarted, notStarted } from './failures.ts';
import type { ScriptStreams } from './host.ts';
import { newMarker } from './launcher.ts';
import { type Sudo, SudoTalk } from './sudo.ts';

/** What zx calls to start a command: a process here, a channel of a connection there. */
export type Spawn = typeof nodeSpawn;

/** How programs are started on a host. */
export interface Way {
  readonly host: string;
  readonly spawn: Spawn;
  /** What programs of this machine see; a login on another has its own. */
  readonly env: NodeJS.ProcessEnv;
  /** The command line goes through a login shell, of whatever kind. */
  readonly loginShell: boolean;
  readonly sudo: Sudo | undefined;
}

/** A program under way on a host. */
export interface Launched {
  /** Settles once it has said that it is up and has read what it was given; never rejects. */
  readonly begun: Promise<void>;
  /** Settles when it ended, `code` null after a signal; rejects when it never began or was lost. */
  readonly ended: Promise<{ readonly code: number | null }>;
  /** Its standard input, once that may be written to; undefined when it never comes up. */
  readonly stdin: Promise<Writable | undefined>;
  /** Ends its standard input, whatever state it is in. */
  abandon(): void;
  /** Waits no longer for one that has not begun: `ended` rejects. */
  forget(): void;
  /** Waits for it no longer, whatever it does: `ended` rejects, unless it has settled. */
  drop(why: string): void;
}

/**
 * Milliseconds that a login may take until our program runs, and those that each byte of its input adds: as long as the
 * slowest line of any use takes for it.
 */
const START_MS = 10_000;
const BYTE_MS = 1 / 50;

/** How long sudo may take, and how long output may stay open, and silent, after a program that ended. */
const SUDO_MS = 10_000;
const LINGER_MS = 2_000;

/** zx keeps all output for its result; ours is streamed, and may be long. */
class NoStore extends Array<string> {
  override push(): number {
    return 0;
  }
}

/**
 * Starts a program (POSIX shell on one line, no single quotes) through zx's `$`. `input` is written first,
 * made from the marker that the program prints when it is up: what was printed before, by a login shell's
 * start-up files or sudo, is not the program's and is kept from `streams`.
 */
export function launch(
  way: Way,
  program: string,
  input: (marker: string) => string,
  streams: ScriptStreams,
): Launched {
  const talk = way.sudo && new SudoTalk(way.host, way.sudo);
  const plain = way.loginShell ? `/bin/sh -c '${program}'` : program;
  const wrapped = way.loginShell || talk ? `exec ${talk?.command(program) ?? plain}` : plain;
  const child = start(wrapped, way);
  return new Conversation(way.host, child, talk, input, streams);
}

interface Started {
  readonly process: ChildProcess;
  readonly result: Promise<{ readonly exitCode: number | null; readonly cause?: unknown }>;
}

function start(command: string, { spawn, env }: Way): Started {
  const options = {
    // zx has the working directory of its import in its options, which may be gone by now, or may not be entered.
    spawn: ((file: string, args: readonly string[], { cwd: _, ...rest }: SpawnOptions) =>
      spawn(file, args, rest)) as Spawn,
    shell: '/bin/sh',
    prefix: '',
    postfix: '',
    quote: String,
    nothrow: true,
    quiet: true,
    // Whatever ZX_… variables of the user say.
    preferLocal: false,
    timeout: 0,
    stdio: 'pipe',
    env,
    // A process group of its own: it is ended as a whole, and a Ctrl-C here does not reach it.
    detached: true,
    store: { stdout: new NoStore(), stderr: new NoStore(), stdall: new NoStore() },
  };
  return within(() => {
    // zx would signal a local process by the number of a remote one; ours are ended by their launcher. Within: a program
    // that embeds us may have the same zx, whose own processes end as ever.
    $.kill = async () => {};
    const result = $(options as object)([command] as unknown as TemplateStringsArray);
    return { process: result.child as ChildProcess, result };
  });
}

/** The beginning of a program: sudo, the input, the marker; then its output flows through. */
class Conversation implements Launched {
  readonly begun: Promise<void>;
  readonly ended: Promise<{ readonly code: number | null }>;
  readonly stdin: Promise<Writable | undefined>;
  readonly #host: string;
  readonly #process: ChildProcess;
  readonly #talk: SudoTalk | undefined;
  readonly #marker = newMarker();
  readonly #streams: ScriptStreams;
  #before = Buffer.alloc(0);
  readonly #since = performance.now();
  #said = '';
  #hasBegun = false;
  #abandoned = false;
  #fail: (failure: QuorateError) => void = () => {};
  #startTimer: NodeJS.Timeout | undefined;
  #begin: () => void = () => {};
  #open: (stdin: Writable | undefined) => void = () => {};

  constructor(
    host: string,
    started: Started,
    talk: SudoTalk | undefined,
    input: (marker: string) => string,
    streams: ScriptStreams,
  ) {
    this.#host = host;
    this.#process = started.process;
    this.#talk = talk;
    this.#streams = streams;
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.stdin = new Promise((resolve) => {
      this.#open = resolve;
    });
    const { stdin, stdout, stderr } = this.#process;
    // The other end may be gone before all is written; `ended` tells.
    stdin?.on('error', () => {});
    stdout?.on('data', (chunk: Buffer) => this.#hearOut(chunk, input));
    stderr?.on('data', (chunk: Buffer) => this.#hearErr(chunk));
    const givenUp = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.ended = Promise.race([this.#end(started), givenUp]);
    // Whoever waits for it may still be busy with the input.
    this.ended.catch(() => {});
    if (!talk || talk.ready) this.#send(input);
    else this.#expectSudo();
  }

  abandon(): void {
    this.#abandoned = true;
    this.#process.stdin?.end();
  }

  forget(): void {
    if (this.#hasBegun || this.#abandoned) return;
    const said = lastLine(this.#said) || lastLine(this.#before.toString('latin1'));
    const seconds = Math.round((performance.now() - this.#since) / 1000);
    this.#giveUp(neverStarted(this.#host, seconds, said));
  }

  drop(why: string): void {
    this.#giveUp(connectionLost(this.#host, why));
  }

  #send(input: (marker: string) => string): void {
    const { stdin } = this.#process;
    const text = input(this.#marker);
    if (stdin?.writable) stdin.write(text);
    this.#open(stdin ?? undefined);
    this.#expectStart(START_MS + Math.floor(Buffer.byteLength(text) * BYTE_MS));
  }

  /** A login may hang in its start-up files, or be something else than a shell. */
  #expectStart(ms: number): void {
    this.#startTimer = setTimeout(() => {
      // Where this process itself was busy, what has arrived meanwhile is heard first.
      setImmediate(() => this.forget());
    }, ms);
    const disarm = () => clearTimeout(this.#startTimer);
    this.begun.then(disarm);
    this.ended.then(disarm, disarm);
  }

  #hearOut(chunk: Buffer, input: (marker: string) => string): void {
    if (this.#hasBegun) {
      this.#streams.stdout(chunk);
      return;
    }
    if (this.#talk && !this.#talk.ready) {
      this.#talk.hearOut(chunk.toString('latin1'));
      if (this.#talk.ready) {
        this.#said = '';
        this.#send(input);
      }
      return;
    }
    const bytes = Buffer.concat([this.#before, chunk]);
    const line = Buffer.from(`${this.#marker}\n`);
    const at = bytes.indexOf(line);
    if (at < 0) {
      this.#before = bytes.subarray(-4096);
      return;
    }
    this.#hasBegun = true;
    this.#before = Buffer.alloc(0);
    this.#begin();
    if (this.#said) this.#streams.stderr(Buffer.from(this.#said, 'latin1'));
    const rest = bytes.subarray(at + line.length);
    if (rest.length > 0) this.#streams.stdout(rest);
  }

  #hearErr(chunk: Buffer): void {
    if (this.#hasBegun) {
      this.#streams.stderr(chunk);
      return;
    }
    this.#said = (this.#said + chunk.toString('latin1')).slice(-4000);
    if (!this.#talk || this.#talk.ready) return;
    try {
      const answer = this.#talk.hearErr(chunk.toString('latin1'));
      if (answer === undefined) return;
      this.#said = '';
      this.#process.stdin?.write(answer);
    } catch (error) {
      this.#giveUp(error as QuorateError);
    }
  }

  async #end({ process, result }: Started): Promise<{ readonly code: number | null }> {
    process.once('exit', () => closeWhenIdle(process));
    const { exitCode, cause } = await result;
    this.#open(undefined);
    if (cause instanceof QuorateError) throw cause;
    if (cause instanceof Error) throw notStarted(this.#host, cause.message);
    if (this.#hasBegun || this.#abandoned) return { code: this.#hasBegun ? exitCode : null };
    const said = lastLine(this.#said) || lastLine(this.#before.toString('latin1'));
    throw this.#talk?.refusal(said) ?? notStarted(this.#host, said || `exit status ${exitCode}`);
  }

  /** sudo may ask what we have no answer for. */
  #expectSudo(): void {
    const timer = setTimeout(() => {
      if (this.#talk?.ready || this.#abandoned) return;
      const said = lastLine(this.#said) || `no answer within ${SUDO_MS / 1000} s`;
      this.#giveUp(this.#talk?.refusal(said) as QuorateError);
    }, SUDO_MS);
    this.stdin.then(() => clearTimeout(timer));
  }

  #giveUp(failure: QuorateError): void {
    this.#fail(failure);
    // Nobody waits for the input any more, and no timer may keep the process.
    this.#open(undefined);
    const { stdin, stdout, stderr } = this.#process;
    stdin?.end();
    stdout?.destroy();
    stderr?.destroy();
    // On this machine: one that does not end must not keep this process.
    this.#process.unref?.();
  }
}

/** What a daemon keeps open must not keep the run; what is still on its way must not be lost. */
function closeWhenIdle(process: ChildProcess): void {
  const { stdout, stderr } = process;
  const timer = setTimeout(() => {
    stdout?.destroy();
    stderr?.destroy();
  }, LINGER_MS);
  for (const stream of [stdout, stderr]) stream?.on('data', () => timer.refresh());
  process.once('close', () => clearTimeout(timer));
}

/** The last line of bytes kept as latin1. */
function lastLine(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8').trim().split('\n').at(-1)?.trim() ?? '';
}
