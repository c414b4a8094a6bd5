import { matchOf, type Packet } from './match.ts';

/** Where the rules of a chain lead a packet. */
export interface Outcome {
  /** `through`: to whatever comes after the chain. */
  readonly end: 'accept' | 'drop' | 'through';
  /** Before that end a rule might accept it. */
  readonly may: boolean;
}

/** Follows a packet from rule to rule of a chain, and into those that it jumps to. */
export function walk(
  chains: ReadonlyMap<string, readonly string[]>,
  name: string,
  packet: Packet,
  above: readonly string[] = [],
): Outcome {
  const rules = chains.get(name);
  if (rules === undefined || above.includes(name)) return { end: 'through', may: true };
  let may = false;
  for (const { condition, verdict } of rules.flatMap(rulesOf)) {
    const match = matchOf(condition, packet);
    if (match === 'never') continue;
    const [, leaves, target] = /^(jump|goto) (\S+)$/.exec(verdict) ?? [];
    const there = target === undefined ? outcomeOf(verdict) : walk(chains, target, packet, [...above, name]);
    if (match === 'always') {
      if (there.end !== 'through') return { end: there.end, may: may || there.may };
      may ||= there.may;
      if (leaves === 'goto' || verdict === 'return') return { end: 'through', may };
    } else {
      // An accept rule that names the port counts, whatever its other conditions: somebody meant this port.
      if (match === 'named' && there.end === 'accept') return { end: 'accept', may };
      may ||= there.may || there.end === 'accept';
    }
  }
  return { end: 'through', may };
}

/** Whether a rule may drop such a packet, wherever it stands; true of a text that is none of nftables. */
export function mayDrop(rule: string, packet: Packet): boolean {
  const rules = rulesOf(rule);
  if (rules.length === 0) return true;
  return rules.some(
    ({ condition, verdict }) => outcomeOf(verdict).end === 'drop' && matchOf(condition, packet) !== 'never',
  );
}

function outcomeOf(verdict: string): Outcome {
  if (verdict === 'accept') return { end: 'accept', may: false };
  if (/^(drop|reject)/.test(verdict)) return { end: 'drop', may: false };
  // Nothing is known of a map, or of a program that decides.
  return { end: 'through', may: verdict !== 'return' && verdict !== 'continue' };
}

interface Rule {
  readonly condition: string;
  readonly verdict: string;
}

/** None for what only counts or logs; one for each entry of a map of verdicts that stands in the rule itself. */
function rulesOf(line: string): readonly Rule[] {
  const plain = line
    .replace(/"([^"]*)"/g, (_all, text: string) => `"${text.replace(/\W/g, '_')}"`)
    .replace(/ comment "\w*"$/, '')
    .replace(/\bcounter(?: packets \d+ bytes \d+)? ?/, '')
    .replace(/\blog(?: (?:prefix|level|group|flags) \S+)* ?/, '');
  if (/^type \w+ hook /.test(plain)) return [];
  const [, condition = '', verdict] =
    /^(.*?) ?\b(accept|drop|reject(?: with .*)?|return|continue|queue.*|(?:jump|goto) \S+|vmap .*)$/.exec(
      plain,
    ) ?? [];
  if (verdict === undefined) return [];
  const [, entries] = /^vmap \{ (.*) \}$/.exec(verdict) ?? [];
  if (entries === undefined) return [{ condition, verdict }];
  return entries.split(', ').map((entry) => {
    const [key = '', to = ''] = entry.split(' : ');
    return { condition: `${condition} ${key}`, verdict: to };
  });
}
