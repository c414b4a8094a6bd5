import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Packet } from './match.ts';
import { senders } from './means.ts';
import { familyOf } from './network.ts';
import { type Outcome, walk } from './walk.ts';
import type { FirewallDesired, PortWish } from './wish.ts';

/** A chain of others in nftables that all packets pass, and that may drop them whatever other tables say. */
export interface Barrier {
  readonly hook: 'input' | 'output';
  readonly family: 'inet' | 'ip' | 'ip6';
  readonly table: string;
  readonly chain: string;
  /** Rules of all chains of its table, as `nft -nn` prints them. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

/**
 * Read-only shell that prints such chains with their tables, but for sets. firewalld's are left out, and `incoming` those
 * of iptables, where rules of ours have a place; `all` looks at what leaves the host, too.
 */
export function probeBarriers(which: 'incoming' | 'all'): Sh {
  const others = which === 'all' ? sh`nothing` : sh`'ip filter INPUT '* | 'ip6 filter INPUT '* | *' output'`;
  return sh`nft list chains 2>/dev/null | while read -r q_word q_a q_b q_c q_rest; do
  case $q_word in
    table) q_family=$q_a q_of=$q_b ;;
    chain) q_chain=$q_a ;;
    type)
      case "$q_family $q_of $q_chain $q_a $q_c" in
        'inet quorate_'* | *' firewalld '* | ${others}) ;;
        'inet '*' filter input' | 'ip '*' filter input' | 'ip6 '*' filter input' | 'inet '*' filter output' | 'ip '*' filter output' | 'ip6 '*' filter output')
          case $(nft list chain "$q_family" "$q_of" "$q_chain" </dev/null 2>/dev/null) in
            *drop* | *reject*)
              echo "barrier $q_c $q_family $q_of $q_chain"
              nft -nn -s list table "$q_family" "$q_of" </dev/null | sed '/^[[:blank:]]set /,/^[[:blank:]]}/d; /^[[:blank:]]map /,/^[[:blank:]]}/d; /^[[:blank:]]/!d' ;;
          esac ;;
      esac ;;
  esac
done`;
}

/** Finds them among other lines. */
export function parseBarriers(out: string): readonly Barrier[] {
  const found = out.matchAll(/^barrier (input|output) (inet|ip6?) (\S+) (\S+)\n((?:[ \t].*(?:\n|$))*)/gm);
  return [...found].map(([, hook, family, table = '', chain = '', text = '']) => ({
    hook: hook as Barrier['hook'],
    family: family as Barrier['family'],
    table,
    chain,
    chains: new Map(
      [...text.matchAll(/^[ \t]chain (\S+) \{\n((?:[ \t]{2}.*\n)*)/gm)].map(([, name = '', rules = '']) => [
        name,
        rules.trim().split(/\s*\n\s*/),
      ]),
    ),
  }));
}

/**
 * What becomes of a packet that begins a connection: `shut` only where no rule could accept it, `unsure` where one might,
 * by interface, say, or by a set.
 */
export function judge({ chain, chains }: Barrier, packet: Packet): 'open' | 'shut' | 'unsure' {
  const { end, may }: Outcome = walk(chains, chain, packet);
  if (end === 'accept') return 'open';
  if (may) return 'unsure';
  const drops = /; policy drop;/.test(chains.get(chain)?.[0] ?? '');
  return end === 'drop' || drops ? 'shut' : 'open';
}

interface Seen {
  readonly barriers: readonly Barrier[];
  /** Addresses of the host itself: what it sends to itself passes by. */
  readonly local: readonly string[];
}

/** Throws exit code 3 where a barrier shuts out, for certain, all whom a port is for. */
export function requireOpen(
  { ports, addresses }: Pick<FirewallDesired, 'ports' | 'addresses'>,
  { barriers, local }: Seen,
): void {
  for (const barrier of barriers) {
    const shut = ports.filter(({ sources, ...wish }) => {
      const all = senders(sources, addresses);
      const here = all.filter((one) => isOf(barrier.family, one) && !local.includes(one));
      // For `sources: 'any'`, one family alone may be shut out on purpose.
      const isPart = sources === 'any' && here.length < all.length;
      return here.length > 0 && !isPart && judge(barrier, { ...wish, sources: here }) === 'shut';
    });
    if (shut.length === 0) continue;
    const names = shut.map(({ port, protocol }) => `${port}/${protocol}`).join(' and ');
    throw new QuorateError(
      `${barrierName(barrier)} drops what comes to ${names}: none of its rules accepts that, and no other table can undo it`,
      {
        exitCode: EXIT.refused,
        hint: `${openingLines(barrier, shut).join('; ')}: now, and in the file that the table is loaded from; our own table still blocks everybody else`,
      },
    );
  }
}

/** Whether packets from there come by chains of a family. */
export function isOf(family: Barrier['family'], source: string): boolean {
  return family === 'inet' || (family === 'ip6') === (familyOf(source) === 6);
}

/** It is one of iptables, in which rules of ours, of ufw or of firewalld have a place. */
export function isIptables({ family, table, chain }: Barrier): boolean {
  return family !== 'inet' && table === 'filter' && /^(INPUT|OUTPUT)$/.test(chain);
}

/** `chain input of table inet filter` */
export function barrierName({ family, table, chain }: Barrier): string {
  return `chain ${chain} of table ${family} ${table}`;
}

/** The commands that let ports in there, whoever sends: who may is for our own rules to say. */
export function openingLines(
  { family, table, chain }: Barrier,
  ports: readonly Pick<PortWish, 'port' | 'protocol'>[],
): readonly string[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const numbers = ports.filter((one) => one.protocol === protocol).map(({ port }) => port);
    if (numbers.length === 0) return [];
    const which = numbers.length === 1 ? numbers[0] : `{ ${numbers.join(', ')} }`;
    return [`nft insert rule ${family} ${table} ${chain} ${protocol} dport ${which} accept`];
  });
}
