import { writeSync } from 'node:fs';
import { EXIT, type ExitCode, worstExit } from '../errors.ts';

/** What a report needs of `process.stdout`. */
export interface OutputStream {
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** A stream that nobody may be reading. */
export interface Output {
  readonly stream: OutputStream;
  readonly isTTY: boolean;
  /** Writes `text` as it is; nothing once the reader has gone. */
  write(text: string): void;
  writeBytes(bytes: Uint8Array): void;
  /** Writes a text that is all that was asked for, and waits until it has left; rejects where it cannot be written. */
  writeWhole(text: string): Promise<void>;
  /** Resolves when all that was written has left the process, or the reader has. */
  flush(): Promise<void>;
}

/** Who reads a stream: nobody any more, or one who hears of a failed write by itself. */
interface Reader {
  gone: boolean;
  isTold: boolean;
  /** There is something to wait for: on a full disk, even the write of nothing fails. */
  isWritten: boolean;
}

const guarded = new WeakMap<OutputStream, Reader>();

/**
 * Wraps a stream so that a closed pipe (`| head`) ends the output and not the run. Where it cannot be written to, as on a
 * full disk, the run goes on as well, but the process says so and does not end with 0: half of an output with that code
 * would be taken for a whole one.
 */
export function createOutput(stream: OutputStream): Output {
  const reader = watch(stream);
  const put = (what: string | Uint8Array) => {
    if (reader.gone || what.length === 0) return;
    reader.isWritten = true;
    stream.write(what);
  };
  return {
    stream,
    isTTY: stream.isTTY === true,
    write: put,
    writeBytes: put,
    writeWhole(text) {
      if (reader.gone) return Promise.resolve();
      reader.isTold = true;
      return new Promise((resolve, reject) => {
        stream.write(text, (error) => (!error || hasGone(stream, error) ? resolve() : reject(error)));
      });
    },
    flush() {
      if (reader.gone || !reader.isWritten) return Promise.resolve();
      return new Promise((resolve) => {
        stream.on('error', () => resolve());
        stream.write('', () => resolve());
      });
    },
  };
}

/** One listener a stream, never removed: the error of the last write may come after the report is closed. */
function watch(stream: OutputStream): Reader {
  const known = guarded.get(stream);
  if (known) return known;
  const reader: Reader = { gone: false, isTold: false, isWritten: false };
  stream.on('error', (error) => {
    if (!reader.gone && !reader.isTold && !hasGone(stream, error)) failedToWrite(stream, error);
    reader.gone = true;
  });
  guarded.set(stream, reader);
  return reader;
}

/** The pipe is closed, or the terminal is. */
function hasGone({ isTTY }: OutputStream, { code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || (code === 'EIO' && isTTY === true);
}

function failedToWrite(stream: OutputStream, { code, message }: NodeJS.ErrnoException): void {
  if (stream !== process.stdout && stream !== process.stderr) return;
  process.once('exit', () => {
    process.exitCode = worstExit([Number(process.exitCode ?? EXIT.ok) as ExitCode, EXIT.failed]);
  });
  try {
    const name = stream === process.stdout ? 'standard output' : 'standard error';
    writeSync(2, `error: cannot write to ${name}: ${code ?? message}\n`);
  } catch {
    // Nor is there anybody to hear of it.
  }
}
