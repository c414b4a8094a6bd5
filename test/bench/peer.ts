import type { Outcome } from '../lab/support/host/process.ts';
import type { Kind, PeerName } from './options.ts';
import type { Stage } from './stage.ts';

/** Something that does a job, as it is started. */
export interface Way {
  /** `node --import tsx`, `Ansible`: as the tables call it. */
  readonly title: string;
  readonly peer: PeerName;
  /** Ways that take over each other's hosts share a lab. */
  readonly lab: 'ours' | 'ansible' | 'limit' | 'plain';
  /** What it can do; both when not given. */
  readonly only?: Kind;
  /** The run that is measured. */
  job(stage: Stage): Command;
  /** A run that does nothing: what starting alone takes. */
  empty(): Command;
  /** Throws unless it did its job; says what it told about it. */
  judge(outcome: Outcome): Told;
  /** Tidies up after a run, so that the next one starts as cold. */
  after?(stage: Stage): Promise<void>;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The checkout when not given. */
  readonly cwd?: string;
}

export interface Told {
  /** Hosts' changes, all together. */
  readonly changed: number;
  /** The most that a host needed. */
  readonly roundTrips?: number;
  /** Milliseconds of proofs that the other peers do not do: the canary. */
  readonly extraMs?: number;
}
