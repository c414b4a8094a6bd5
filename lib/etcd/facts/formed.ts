import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Cluster, Member } from '../model/cluster.ts';
import { formedRecord } from '../model/paths.ts';

/** A member as the cluster knows it; by our record of it, without ID, and as one that votes. */
export interface KnownMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly id?: string;
  readonly clientUrls?: readonly string[];
  readonly learner?: boolean;
}

/** Which cluster it is of, and who its members are: for when none of them can be asked. */
export function formedText({ name, members }: Cluster): string {
  return [`cluster ${name}`, ...members.map((member) => `${member.peerUrl} ${member.name}`), ''].join('\n');
}

/** Read-only shell, without a process: `formed` where there is a record, and its lines. */
export function formedFacts(member: Member): Sh {
  const path = formedRecord(member);
  return sh`if [ -f ${path} ]; then echo 'formed'; while IFS= read -r q_line; do echo "formed-with $q_line"; done <${path}; fi`;
}

/** Takes apart what `formedFacts` printed among other lines; undefined without a record. */
export function parseFormed(out: string): readonly KnownMember[] | undefined {
  if (!/^formed$/m.test(out)) return undefined;
  return [...out.matchAll(/^formed-with (https?:\S+) (.+)$/gm)].map(([, peerUrl = '', name = '']) => ({
    name,
    peerUrls: [peerUrl],
  }));
}
