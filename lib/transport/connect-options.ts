/** What may be asked, and whom to tell, while a host is connected. */
export interface ConnectOptions {
  /**
   * `--trust`: asked for a host key that nobody knows; yes records it, undefined is that nobody could be asked.
   * `waiting` lists those that are to be asked about next; `all` is a yes to these, too, once they were shown. Without
   * it, unknown is refused.
   */
  readonly trust?: (
    key: UnknownKey,
    waiting: () => readonly UnknownKey[],
  ) => Promise<boolean | 'all' | undefined>;
  /** Told what the user should know of a connection that stands nevertheless. */
  readonly warn?: (host: string, message: string) => void;
  /** Told how a connection came about: the way, the login, the host's key. */
  readonly tell?: (host: string, message: string) => void;
}

/** A key that a host has shown, and that no file of known hosts has. */
export interface UnknownKey {
  readonly host: string;
  readonly fingerprint: string;
  readonly keyType: string;
}
