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
  /** Resolves when all that was written has left the process, or the reader has. */
  flush(): Promise<void>;
}

const guarded = new WeakMap<OutputStream, { gone: boolean }>();

/** Wraps a stream so that a closed pipe (`| head`) ends the output and not the run. */
export function createOutput(stream: OutputStream): Output {
  const reader = guard(stream);
  return {
    stream,
    isTTY: stream.isTTY === true,
    write(text) {
      if (!reader.gone && text !== '') stream.write(text);
    },
    writeBytes(bytes) {
      if (!reader.gone) stream.write(bytes);
    },
    flush() {
      if (reader.gone) return Promise.resolve();
      return new Promise((resolve) => {
        stream.on('error', () => resolve());
        stream.write('', () => resolve());
      });
    },
  };
}

/** One listener a stream, never removed: the error of the last write may come after the report is closed. */
function guard(stream: OutputStream): { gone: boolean } {
  let reader = guarded.get(stream);
  if (!reader) {
    const made = { gone: false };
    stream.on('error', () => {
      made.gone = true;
    });
    guarded.set(stream, made);
    reader = made;
  }
  return reader;
}
