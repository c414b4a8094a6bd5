/** A folder of files in any place: on this machine, or behind a protocol. */
export interface Store {
  /** For people; without secrets. */
  readonly name: string;
  /** Its files; none where it is not there yet. */
  list(): Promise<readonly StoredFile[]>;
  /** A file from its beginning, in pieces. */
  read(name: string): AsyncIterable<Uint8Array>;
  /** Puts a file there, private, under its name once all of `bytes` has come; nothing of it stays where that throws. */
  write(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Takes a file away, where it is there. */
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface StoredFile {
  readonly name: string;
  readonly size: number;
  /** Milliseconds since it was written last, by the clock of this machine. */
  readonly age: number;
}

/** Name of a file that is on its way. */
export function passingName(name: string): string {
  return `.${name}.part`;
}
