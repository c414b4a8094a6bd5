import { type Sh, sh } from '../../dsl/shell/sh.ts';
import {
  type Barrier,
  barrierName,
  isIptables,
  isOf,
  judge,
  openingLines,
  parseBarriers,
  probeBarriers,
} from '../../resources/firewall/barrier.ts';
import type { Packet } from '../../resources/firewall/match.ts';
import { overlaps } from '../../resources/firewall/network.ts';
import { mayDrop } from '../../resources/firewall/walk.ts';
import { LEGACY, type LegacyStop, legacyStop } from './legacy-input.ts';
import type { PortReading } from './ports.ts';

/** What keeps packets of a member from a port of another one. */
export interface Stop {
  /**
   * A `zone` of firewalld that has no rule for it, a `rule` or a `chain` of others, which ours cannot undo, our `own` ones,
   * or something on the `way` that neither end shows.
   */
  readonly by: 'zone' | 'rule' | 'chain' | 'own' | 'way';
  /** Whose it is. */
  readonly host: string;
  readonly said: string;
  /** The command that lets the packets in, where it is a chain, or may be one. */
  readonly opening?: string;
}

/** Rules of one port that are looked at. */
const RULES = 20;

/**
 * Read-only shell: what the host's firewall says of ports. `firewalld` alone when no zone mentions one; each `rule` of
 * others that drops or rejects it, and all of our `own`, as they stand; then chains that may drop what has none, also those
 * of the old iptables.
 */
export function probeRules(ports: readonly number[]): Sh {
  return sh`q_rules=$(nft -nn list ruleset 2>/dev/null || iptables-save 2>/dev/null)
q_about() { grep -E "port.*[^0-9]$q_port([^0-9]|$)" | sed "s/^[[:space:]]*/$q_port $1 /"; }
for q_port in ${ports}; do
  if [ "$(systemctl is-active firewalld.service 2>/dev/null)" = active ]; then
    firewall-cmd --list-all-zones 2>/dev/null | grep -qw "$q_port" || echo "$q_port no-rule firewalld"
  fi
  printf '%s\n' "$q_rules" | sed '/^table inet quorate_/,/^}/d; /QUORATE/d' | q_about rule | grep -iE 'drop|reject' | head -n ${RULES}
  printf '%s\n' "$q_rules" | sed -n '/^table inet quorate_/,/^}/p; /QUORATE/p' | q_about own
done
${LEGACY}
printf '%s\n' "$q_legacy"
${probeBarriers('all')}`;
}

/**
 * Finds it in what `probeRules` printed at both ends, by host; undefined where the far end said nothing. What lets in
 * nobody but whom it knows, as firewalld and our own rules do, says nothing of what is sent.
 */
export function stopOf(reading: PortReading, rules: ReadonlyMap<string, string>): Stop | undefined {
  const { from, to, port, sources } = reading;
  const said = (host: string, kind: string) => {
    const start = `${port} ${kind} `;
    const lines = (rules.get(host) ?? '').split('\n').filter((line) => line.startsWith(start));
    return lines.map((line) => line.slice(start.length));
  };
  const [zone] = said(to, 'no-rule');
  if (zone !== undefined) return { by: 'zone', host: to, said: `${zone} on ${to} has no rule for it` };
  const packet = packetOf(reading);
  const ruleOn = (host: string, otherWay: RegExp): Stop | undefined => {
    const rule = said(host, 'rule').find((one) => !otherWay.test(one) && mayDrop(one, packet));
    return rule === undefined ? undefined : { by: 'rule', host, said: hasRule(host, rule) };
  };
  const theirs = ruleOn(to, /^-A OUTPUT /);
  if (theirs !== undefined) return theirs;
  const own = said(to, 'own');
  const shuts = own.find((rule) => /drop/i.test(rule));
  if (shuts !== undefined && !sources.some((source) => letsIn(own, source)))
    return { by: 'own', host: to, said: hasRule(to, shuts) };
  return (
    chainStop(reading, rules) ??
    // What is there for its own port says nothing of what it sends, as long as something else explains that.
    ruleOn(from, /^-A INPUT /) ??
    (rules.has(to) ? wayStop(reading) : undefined)
  );
}

function packetOf({ port, sources }: PortReading): Packet {
  return { port, protocol: 'tcp', sources: sources.length > 0 ? sources : ['0.0.0.0/0', '::/0'] };
}

/** One that shuts it out for certain comes before those that may. */
function chainStop(reading: PortReading, rules: ReadonlyMap<string, string>): Stop | undefined {
  const { from, to } = reading;
  const packet = packetOf(reading);
  const legacy = legacyStop(rules.get(to) ?? '', packet);
  const barriers = (host: string, hook: Barrier['hook']) =>
    parseBarriers(rules.get(host) ?? '')
      .filter((one) => one.hook === hook && packet.sources.some((source) => isOf(one.family, source)))
      .map((barrier) => ({ host, barrier, judgement: judge(barrier, packet) }));
  const all = [...barriers(to, 'input'), ...barriers(from, 'output')];
  const shut = all.find(({ judgement }) => judgement === 'shut');
  if (shut === undefined && legacy !== undefined) return ofLegacy(legacy, to);
  const found = shut ?? all.find(({ judgement }) => judgement === 'unsure');
  if (found === undefined) return undefined;
  const { host, barrier } = found;
  const [opening = ''] = openingLines(barrier, [packet]);
  const chain = `${barrierName(barrier)} on ${host}`;
  if (shut === undefined)
    return { by: 'way', host, said: `${chain} may drop it, or ${BETWEEN} does`, opening };
  const by = isIptables(barrier) ? 'own' : 'chain';
  return { by, host, said: `${chain} drops what none of its rules accepts`, opening };
}

/** Our own rules are in nftables there, and undo none of it. */
function ofLegacy({ isSure, said, opening }: LegacyStop, host: string): Stop {
  const chain = `${said} on ${host}`;
  return isSure
    ? { by: 'chain', host, said: `${chain} drops what none of its rules accepts`, opening }
    : { by: 'way', host, said: `${chain} may drop it, or ${BETWEEN} does`, opening };
}

function wayStop({ from, to }: PortReading): Stop {
  return { by: 'way', host: to, said: `nothing on ${from} or ${to} shows why: ${BETWEEN}` };
}

const BETWEEN = 'a security group, a router or NAT between them';

function hasRule(host: string, rule: string): string {
  return `${host} has the rule "${rule}"`;
}

/** `ip saddr 10.0.0.0/8 tcp dport 2380 accept`, `-A QUORATE-etcd -s 10.0.0.1/32 -p tcp -m tcp --dport 2380 -j ACCEPT`. */
function letsIn(own: readonly string[], source: string): boolean {
  return own
    .filter((rule) => /accept/i.test(rule) && !/iifname|-i lo/.test(rule))
    .some((rule) => overlaps(/(?:saddr|-s) (\S+)/.exec(rule)?.[1] ?? source, source));
}
