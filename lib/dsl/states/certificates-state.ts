/** The certificates of a cluster as they were found: data for other programs, a table for people. */
export interface CertificatesState {
  readonly cluster: string;
  readonly certificates: readonly CertificateState[];
  /** The same for a person; not part of the JSON stream. */
  readonly table: string;
}

/** One certificate in one place. */
export interface CertificateState {
  /** Where it lies; `control` is this machine. */
  readonly host: string;
  readonly path: string;
  readonly kind: 'ca' | 'server' | 'peer' | 'client';
  /** As in `CN=etcd01`. */
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339, UTC. */
  readonly from: string;
  readonly until: string;
  /** Whole days until its end; negative when it is over. */
  readonly days: number;
  /** SHA-256 of its DER, in hex. */
  readonly sha256: string;
  /**
   * What the member shows in a handshake, and who made it. `sha256` is null where it showed none; all of it is null where
   * nobody could try, and for what is not served.
   */
  readonly served: {
    readonly same: boolean;
    readonly sha256: string | null;
    readonly by: 'host' | 'control';
  } | null;
  /** For a client's bundle: its key is not on this machine. */
  readonly keyElsewhere?: true;
}
