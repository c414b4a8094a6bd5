import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { overlaps } from '../../resources/firewall/network.ts';
import type { PortReading } from './ports.ts';

/** What keeps packets of a member from a port of another one. */
export interface Stop {
  /**
   * A `zone` of firewalld that has no rule for it, a `rule` of others, which ours cannot undo, our `own` ones, or something
   * on the `way` that neither end shows.
   */
  readonly by: 'zone' | 'rule' | 'own' | 'way';
  /** Whose it is. */
  readonly host: string;
  readonly said: string;
}

/**
 * Read-only shell: what the host's firewall says of ports. `firewalld` alone when no zone mentions one; the first
 * `rule` of others that drops or rejects it, and all of our `own`, as they stand.
 */
export function probeRules(ports: readonly number[]): Sh {
  return sh`q_rules=$(nft -nn list ruleset 2>/dev/null || iptables-save 2>/dev/null)
q_about() { grep -E "port.*[^0-9]$q_port([^0-9]|$)" | sed "s/^[[:space:]]*/$q_port $1 /"; }
for q_port in ${ports}; do
  if [ "$(systemctl is-active firewalld.service 2>/dev/null)" = active ]; then
    firewall-cmd --list-all-zones 2>/dev/null | grep -qw "$q_port" || echo "$q_port no-rule firewalld"
  fi
  printf '%s\n' "$q_rules" | sed '/^table inet quorate_/,/^}/d; /QUORATE/d' | q_about rule | grep -iE 'drop|reject' | head -n 1
  printf '%s\n' "$q_rules" | sed -n '/^table inet quorate_/,/^}/p; /QUORATE/p' | q_about own
done`;
}

/**
 * Finds it in what `probeRules` printed at both ends, by host; undefined where the far end said nothing. What lets in
 * nobody but whom it knows, as firewalld and our own rules do, says nothing of what is sent.
 */
export function stopOf(
  { from, to, port, sources }: PortReading,
  rules: ReadonlyMap<string, string>,
): Stop | undefined {
  const said = (host: string, kind: string) => {
    const start = `${port} ${kind} `;
    const lines = (rules.get(host) ?? '').split('\n').filter((line) => line.startsWith(start));
    return lines.map((line) => line.slice(start.length));
  };
  const [zone] = said(to, 'no-rule');
  if (zone !== undefined) return { by: 'zone', host: to, said: `${zone} on ${to} has no rule for it` };
  for (const host of [to, from]) {
    const [rule] = said(host, 'rule');
    if (rule !== undefined) return { by: 'rule', host, said: hasRule(host, rule) };
  }
  const own = said(to, 'own');
  const shuts = own.find((rule) => /drop/i.test(rule));
  if (shuts !== undefined && !sources.some((source) => letsIn(own, source)))
    return { by: 'own', host: to, said: hasRule(to, shuts) };
  if (!rules.has(to)) return undefined;
  return {
    by: 'way',
    host: to,
    said: `no rule on ${from} or ${to} does that: a security group or a router between them, or NAT`,
  };
}

function hasRule(host: string, rule: string): string {
  return `${host} has the rule "${rule}"`;
}

/** `ip saddr 10.0.0.0/8 tcp dport 2380 accept`, `-A QUORATE-etcd -s 10.0.0.1/32 -p tcp -m tcp --dport 2380 -j ACCEPT`. */
function letsIn(own: readonly string[], source: string): boolean {
  return own
    .filter((rule) => /accept/i.test(rule) && !/iifname|-i lo/.test(rule))
    .some((rule) => overlaps(/(?:saddr|-s) (\S+)/.exec(rule)?.[1] ?? source, source));
}
