import { isIP } from 'node:net';
import type { HostData } from '../../dsl/role.ts';
import { joinSh, type Sh, sh } from '../../dsl/sh.ts';
import { clusterOf, type Member, memberOf } from '../model/cluster.ts';

export type FirewallBackendName = 'firewalld' | 'ufw' | 'nftables' | 'iptables';

export interface FirewallFacts {
  /** The active firewall, else what a table of our own can be made with; `none` when there is neither. */
  readonly backend: FirewallBackendName | 'none';
  /** What a table of our own can be made with. */
  readonly own: 'nftables' | 'iptables' | 'none';
  /** Addresses of members that the inventory gives by name, as this host resolves them. */
  readonly resolved: ReadonlyMap<string, readonly string[]>;
}

/**
 * Which firewall is active, cheapest answers first. Where none is, rules in iptables' INPUT that drop, in a
 * family that members have addresses of, decide for iptables: a table of our own cannot let in what another one
 * drops, a jump at the top of INPUT can. The rules are read with `nft`, because `iptables -S` may load modules
 * and make tables; old iptables says in /proc that it is in use.
 */
export function firewallFacts(host: HostData): Sh {
  if (leavesFirewall(host)) return sh`:`;
  return joinSh([
    sh`q_firewall= q_own=none
if command -v nft >/dev/null; then q_own=nftables; elif command -v iptables >/dev/null; then q_own=iptables; fi
if [ -d /etc/firewalld ]; then
  case $(systemctl is-active firewalld.service) in active | activating | reloading) q_firewall=firewalld ;; esac
fi
if [ -z "$q_firewall" ] && [ -f /etc/ufw/ufw.conf ] && grep -qi '^ENABLED=yes' /etc/ufw/ufw.conf; then q_firewall=ufw; fi
if [ -z "$q_firewall" ]; then
  q_input=
  q_firewall=$q_own
  for q_family in ${familiesOf(host)}; do
    if ! command -v "\${q_family}tables" >/dev/null; then continue; fi
    if grep -qx filter "/proc/net/\${q_family}_tables_names" 2>/dev/null; then q_input=$q_input$("\${q_family}tables" -w -S INPUT)
    elif [ "$q_firewall" = nftables ]; then q_input=$q_input$(nft list chain "$q_family" filter INPUT 2>/dev/null); fi
  done
  case $q_input in *'policy drop;'* | *' drop'* | *' reject'* | *' DROP'* | *' REJECT'*) q_firewall=iptables ;; esac
fi
echo "firewall $q_firewall"; echo "own-firewall $q_own"`,
    ...namesOf(host).map(
      (name) =>
        sh`getent ahosts ${name} | while read -r q_ip q_rest; do printf 'resolves %s %s\n' ${name} "$q_ip"; done`,
    ),
  ]);
}

export function parseFirewallFacts(out: string): FirewallFacts {
  const backend = (/^firewall (\w+)$/m.exec(out)?.[1] ?? 'none') as FirewallFacts['backend'];
  const own = (/^own-firewall (\w+)$/m.exec(out)?.[1] ?? 'none') as FirewallFacts['own'];
  const resolved = new Map<string, readonly string[]>();
  for (const [, name = '', address = ''] of out.matchAll(/^resolves (\S+) (\S+)$/gm)) {
    if (isIP(address) === 0) continue;
    resolved.set(name, [...new Set([...(resolved.get(name) ?? []), address])]);
  }
  return { backend, own, resolved };
}

/** Nothing is filtered for plain processes of this machine: they are on loopback, and whoever runs them is not root. */
export function leavesFirewall(host: HostData): boolean {
  const { manager, local } = memberOf(host);
  return host.vars.etcd_firewall === 'none' || (manager === 'process' && local);
}

function addressesOf({ address, peerAddress }: Member): readonly string[] {
  return [address, peerAddress];
}

/** As nft and iptables name them; both, where a name may stand for either. */
function familiesOf(host: HostData): readonly string[] {
  const families = clusterOf(host).members.flatMap(addressesOf).map(isIP);
  return ['ip', 'ip6'].filter((_, i) => families.includes(0) || families.includes(i === 0 ? 4 : 6));
}

function namesOf(host: HostData): readonly string[] {
  const names = clusterOf(host).members.flatMap(addressesOf);
  return [...new Set(names)].filter((address) => isIP(address) === 0);
}
