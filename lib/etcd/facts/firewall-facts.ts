import { isIP } from 'node:net';
import type { HostData } from '../../dsl/role.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import { type FirewallFound, findFirewall, parseFound } from '../../resources/firewall/means.ts';
import { clusterOf, type Member, memberOf } from '../model/cluster.ts';

export interface FirewallFacts extends FirewallFound {
  /** Addresses of members that the inventory gives by name, as this host resolves them. */
  readonly resolved: ReadonlyMap<string, readonly string[]>;
}

/** Reads which firewall is active, and where names of members lead. */
export function firewallFacts(host: HostData): Sh {
  if (leavesFirewall(host)) return sh`:`;
  return joinSh([
    findFirewall(addressesOf(memberOf(host))),
    ...namesOf(host).map(
      (name) =>
        sh`getent ahosts ${name} | while read -r q_ip q_rest; do printf 'resolves %s %s\n' ${name} "$q_ip"; done`,
    ),
  ]);
}

export function parseFirewallFacts(out: string): FirewallFacts {
  const resolved = new Map<string, readonly string[]>();
  for (const [, name = '', address = ''] of out.matchAll(/^resolves (\S+) (\S+)$/gm)) {
    if (isIP(address) === 0) continue;
    resolved.set(name, [...new Set([...(resolved.get(name) ?? []), address])]);
  }
  return { ...parseFound(out), resolved };
}

/** Nothing is filtered for plain processes of this machine: they are on loopback, and whoever runs them is not root. */
export function leavesFirewall(host: HostData): boolean {
  const { manager, local } = memberOf(host);
  return host.vars.etcd_firewall === 'none' || (manager === 'process' && local);
}

function addressesOf({ address, peerAddress }: Member): readonly string[] {
  return [address, peerAddress];
}

function namesOf(host: HostData): readonly string[] {
  const names = clusterOf(host).members.flatMap(addressesOf);
  return [...new Set(names)].filter((address) => isIP(address) === 0);
}
