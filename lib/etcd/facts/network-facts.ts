import { isIP } from 'node:net';
import { canonicalAddress } from '../../addresses.ts';
import type { HostData } from '../../dsl/role.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { clusterOf, memberOf } from '../model/cluster.ts';

/** Which of its addresses a host's packets carry on their way to another member. */
export interface Source {
  /** Numeric address of the other member. */
  readonly to: string;
  readonly from: string;
}

/**
 * Read-only shell: what the kernel would take as source towards each other member, in one call of `ip`. Names are
 * resolved as the host does it. Nothing is asked where members are on loopback, or where there is no `ip`.
 */
export function networkFacts(host: HostData): Sh {
  const own = memberOf(host);
  const others = clusterOf(host).members.filter((member) => member.host !== own.host);
  const targets = [...new Set(others.map(({ peerAddress }) => peerAddress))];
  if ((own.manager === 'process' && own.local) || targets.length === 0) return sh`:`;
  const numbers = targets.filter((target) => isIP(target) !== 0);
  const names = targets.filter((target) => isIP(target) === 0);
  return sh`q_targets=${numbers.join(' ')}
for q_name in ${names}; do q_targets="$q_targets $(getent ahosts "$q_name" | while read -r q_ip q_rest; do echo "$q_ip"; break; done)"; done
for q_ip in $q_targets; do echo "route get $q_ip"; done | ip -o -force -batch - 2>/dev/null | sed -n 's/^\(.*\) src \([^ ]*\).*/source \2 \1/p'`;
}

/** Takes apart what `networkFacts` printed among other lines; what stays on the host itself is passed over. */
export function parseNetworkFacts(out: string): readonly Source[] {
  return [...out.matchAll(/^source (\S+) (\S+) (.*)$/gm)].flatMap(([, from = '', to = '', rest = '']) =>
    isIP(from) === 0 || isIP(to) === 0 || / dev lo\b/.test(rest)
      ? []
      : [{ from: canonicalAddress(from), to: canonicalAddress(to) }],
  );
}
