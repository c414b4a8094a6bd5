/** A cluster as it was found: data for other programs, a table for people. */
export interface ClusterState {
  readonly cluster: string;
  /** Null where its members answered in a shape that nobody here knows: it may be either. */
  readonly healthy: boolean | null;
  /** Host of the leader; null without one. */
  readonly leader: string | null;
  /** Whole days until the CA on its members ends, the first to end where they differ; null where none could be read. */
  readonly caDays: number | null;
  readonly members: readonly ClusterMember[];
  /** What is wrong with it, in words. */
  readonly problems: readonly string[];
  /** The same for a person; not part of the JSON stream. */
  readonly table: string;
}

/** One member; what did not answer is null. */
export interface ClusterMember {
  readonly host: string;
  readonly name: string;
  readonly id: string | null;
  readonly address: string;
  readonly role: 'leader' | 'follower' | null;
  readonly health: 'healthy' | 'unhealthy' | 'stopped' | 'not reached';
  readonly version: string | null;
  readonly dbSizeBytes: number | null;
  /** Whole days until the first of its certificates ends; negative when one has ended. */
  readonly certificateDays: number | null;
}
