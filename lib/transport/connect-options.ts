/** What may be asked, and whom to tell, while a host is connected. */
export interface ConnectOptions {
  /**
   * `--trust`: asked for a host key that nobody knows; yes records it, undefined is that nobody could be asked.
   * Without it, unknown is refused.
   */
  readonly trust?: (host: string, fingerprint: string, keyType: string) => Promise<boolean | undefined>;
  /** Told what the user should know of a connection that stands nevertheless. */
  readonly warn?: (host: string, message: string) => void;
  /** Told how a connection came about: the way, the login, the host's key. */
  readonly tell?: (host: string, message: string) => void;
}
