import type { EtcdFacts } from '../facts/index.ts';
import type { Member } from '../model/cluster.ts';

/** A member with what its host told before anything was written. */
export interface Candidate {
  readonly member: Member;
  readonly facts: EtcdFacts;
}
