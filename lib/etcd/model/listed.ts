import type { PlayProblem } from '../../dsl/play.ts';
import type { HostData } from '../../dsl/role.ts';
import type { Member } from './cluster.ts';
import type { EtcdVar } from './vars.ts';

/** Something wrong with what the inventory says of a member, at the variable to change. */
export type Problem = PlayProblem & { readonly variable: EtcdVar };

/** A host of the inventory, and the member that it carries. */
export interface Listed {
  readonly host: HostData;
  readonly member: Member;
}
