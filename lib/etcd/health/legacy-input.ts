import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { isOf } from '../../resources/firewall/barrier.ts';
import { overlaps } from '../../resources/firewall/network.ts';

/** What begins a connection to a port. */
interface Knock {
  readonly port: number;
  readonly sources: readonly string[];
}

/** How the old iptables keeps it out: for certain, or by chains that are not read here. */
export interface LegacyStop {
  readonly isSure: boolean;
  readonly said: string;
  /** The command that lets it in. */
  readonly opening: string;
}

/**
 * Read-only shell that sets `$q_legacy` to the rules of the old iptables, which `nft` does not show, as `legacy ip -A INPUT …`.
 * Where its tables are not in use nothing is asked: asking makes them.
 */
export const LEGACY: Sh = sh`q_legacy=
for q_family in ip ip6; do
  if ! grep -qx filter "/proc/net/\${q_family}_tables_names" 2>/dev/null; then continue; fi
  q_save=\${q_family}tables-legacy-save
  command -v "$q_save" >/dev/null || q_save=\${q_family}tables-save
  q_legacy=$q_legacy$("$q_save" -t filter 2>/dev/null | grep -E '^(:|-A )' | sed "s/^/legacy $q_family /")$q_nl
done`;

/** Takes apart what was printed of `$q_legacy`; undefined where nothing of it drops such a packet. */
export function legacyStop(out: string, { port, sources }: Knock): LegacyStop | undefined {
  for (const family of ['ip', 'ip6'] as const) {
    const own = sources.filter((source) => isOf(family, source));
    const start = `legacy ${family} `;
    const lines = out
      .split('\n')
      .flatMap((line) => (line.startsWith(start) ? [line.slice(start.length)] : []));
    const rules = lines.filter((line) => line.startsWith('-A INPUT ')).map((line) => line.slice(9));
    const about = rules.filter((rule) => concerns(rule, port, own));
    const first = about.find((rule) => /-j (ACCEPT|DROP|REJECT)\b/.test(rule));
    const drops =
      first === undefined ? lines.some((line) => /^:INPUT DROP\b/.test(line)) : !/ACCEPT/.test(first);
    if (own.length === 0 || !drops) continue;
    const isSure = !about.some((rule) => !/-j (ACCEPT|DROP|REJECT|LOG)\b/.test(rule));
    const tool = `${family}tables-legacy`;
    return {
      isSure,
      said: `chain INPUT of ${tool}`,
      opening: `${tool} -I INPUT -p tcp --dport ${port} -j ACCEPT`,
    };
  }
  return undefined;
}

/** It may meet the first packet of a connection from another host. */
function concerns(rule: string, port: number, sources: readonly string[]): boolean {
  const [, protocol = 'tcp'] = /(?:^|\s)-p (\S+)/.exec(rule) ?? [];
  const [, not, from] = /(! )?-s (\S+)/.exec(rule) ?? [];
  const [, states = 'NEW'] = /--(?:ct)?state (\S+)/.exec(rule) ?? [];
  const [, ports] = /--dports? (\S+)/.exec(rule) ?? [];
  const isPort = ports?.split(',').some((one) => {
    const [low, high = low] = one.split(':').map(Number);
    return low !== undefined && high !== undefined && low <= port && port <= high;
  });
  const isFrom = from === undefined || not !== undefined || sources.some((source) => overlaps(from, source));
  return (
    /^(tcp|all|6)$/.test(protocol) &&
    !/-i lo\b/.test(rule) &&
    /NEW|UNTRACKED/.test(states) &&
    isFrom &&
    isPort !== false
  );
}
