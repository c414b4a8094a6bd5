import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { isOf } from '../../resources/firewall/barrier.ts';
import { contains, isWithin, overlaps } from '../../resources/firewall/network.ts';

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
    const about = lines
      .flatMap((line) =>
        line.startsWith('-A INPUT ') ? [ruleOf(line.slice(9), { port, sources: own })] : [],
      )
      .filter(({ meets, target }) => meets !== false && !/^(|LOG|NFLOG|ULOG)$/.test(target));
    // The first that it meets for certain ends its way.
    const last = about.findIndex((rule) => rule.meets && /^(ACCEPT|DROP|REJECT)$/.test(rule.target));
    const before = last < 0 ? about : about.slice(0, last);
    const drops = last < 0 ? lines.some((line) => /^:INPUT DROP\b/.test(line)) : shuts(about[last]);
    if (own.length === 0 || !(drops || before.some(shuts))) continue;
    const isSure = drops && before.every(shuts);
    const tool = `${family}tables-legacy`;
    return {
      isSure,
      said: `chain INPUT of ${tool}`,
      opening: `${tool} -I INPUT -p tcp --dport ${port} -j ACCEPT`,
    };
  }
  return undefined;
}

interface Rule {
  /** Whether the first packet of a connection from another host meets it; undefined where that cannot be told here. */
  readonly meets: boolean | undefined;
  /** A verdict or a chain; empty where it only counts. */
  readonly target: string;
}

function shuts(rule: Rule | undefined): boolean {
  return /^(DROP|REJECT)$/.test(rule?.target ?? '');
}

/** By all of its words: a condition that is not known here may leave the packet out. */
function ruleOf(text: string, knock: Knock): Rule {
  const words = text.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? [];
  const end = words.findIndex((word) => /^-[jg]$/.test(word));
  const judged: (boolean | undefined)[] = [];
  const left = end < 0 ? words : words.slice(0, end);
  while (left.length > 0) {
    const isNot = left[0] === '!' && left.shift() !== undefined;
    const option = left.shift() ?? '';
    const next = left.findIndex((word) => /^(!$|-)/.test(word));
    const values = left.splice(0, next < 0 ? left.length : next);
    // Old versions print `-s ! NETWORK`.
    const holds = values.length === 0 ? undefined : CONDITIONS[option]?.(values, knock);
    judged.push(isNot && holds !== undefined ? !holds : holds);
  }
  const meets = judged.includes(false) ? false : judged.includes(undefined) ? undefined : true;
  return { meets, target: end < 0 ? '' : (words[end + 1] ?? '') };
}

type Condition = (values: readonly string[], knock: Knock) => boolean | undefined;

const CONDITIONS: Readonly<Record<string, Condition>> = {
  '-p': ([protocol = '']) => /^(tcp|all|6)$/.test(protocol),
  '-m': ([name = '']) => /^(tcp|multiport|state|conntrack|comment)$/.test(name) || undefined,
  '-s': ([from = ''], { sources }) =>
    sources.some((source) => overlaps(from, source))
      ? sources.every((source) => contains(from, source)) || undefined
      : false,
  '-i': ([name]) => (name === 'lo' ? false : undefined),
  '--dport': hasPort,
  '--dports': hasPort,
  '--state': isNew,
  '--ctstate': isNew,
  '--tcp-flags': ([mask = '', set]) => set === (mask.split(',').includes('SYN') ? 'SYN' : 'NONE'),
  '--comment': () => true,
};

function hasPort([ports = '']: readonly string[], { port }: Knock): boolean {
  return ports.split(',').some((one) => isWithin(port, ...(one.split(':') as [string, string?])));
}

/** Or not followed at all, by a rule of the table `raw`. */
function isNew([states = '']: readonly string[]): boolean | undefined {
  const all = states.split(',');
  return all.includes('NEW') || (all.includes('UNTRACKED') ? undefined : false);
}
