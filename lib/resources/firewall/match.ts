import { canonicalNetwork, isWithin, overlaps } from './network.ts';

/** The first one of a connection from another host. */
export interface Packet {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Addresses and networks that it may come from. */
  readonly sources: readonly string[];
}

/** `named`: the condition has its port, and something besides that cannot be told here. */
export type Match = 'never' | 'perhaps' | 'named' | 'always';

/** `alien`: of another protocol, whatever the value is. */
type Judgement = 'never' | 'perhaps' | 'holds' | 'alien';

/**
 * Whether a packet meets the condition of a rule in nftables, as far as its text tells.
 *
 * @example
 * matchOf('tcp dport { 22, 80 }', { port: 2380, protocol: 'tcp', sources: ['10.0.0.1'] }) // 'never'
 */
export function matchOf(condition: string, packet: Packet): Match {
  // Several fields at once, by a set.
  if (/ \. /.test(condition)) return 'perhaps';
  const judged: Judgement[] = [];
  let named = false;
  let left = condition;
  for (const [pattern, judge] of FIELDS) {
    left = left.replace(pattern, (_all, field: string, not: string | undefined, value: string) => {
      const items = value.split(/[{},\s]+/).filter((item) => item !== '');
      const judgement = judge(items, packet, field);
      judged.push(not === undefined ? judgement : NOT[judgement]);
      named ||= not === undefined && judgement === 'holds' && field.endsWith(' dport');
      return '';
    });
  }
  if (judged.includes('never') || judged.includes('alien')) return 'never';
  if (left.trim() === '' && !judged.includes('perhaps')) return 'always';
  return named ? 'named' : 'perhaps';
}

const NOT: Readonly<Record<Judgement, Judgement>> = {
  never: 'holds',
  holds: 'never',
  perhaps: 'perhaps',
  alien: 'alien',
};

type Judge = (items: readonly string[], packet: Packet, field: string) => Judgement;

const FIELDS: readonly (readonly [RegExp, Judge])[] = [
  [field('(?:tcp|udp|th) dport'), ofPort],
  [field('ct state'), ofState],
  [field('(?:ip protocol|ip6 nexthdr|(?:meta )?l4proto)'), ofProtocol],
  [field('(?:icmp|icmpv6|igmp|udplite|sctp|dccp|esp|ah|vrrp) \\w+'), () => 'alien'],
  [
    field('(?:meta )?[io]if(?:name)?'),
    (items) => (items.every((one) => /^"?lo"?$/.test(one)) ? 'never' : 'perhaps'),
  ],
  [field('ip6? saddr'), ofSource],
];

/** `FIELD VALUE`, `FIELD != VALUE`, `FIELD { VALUE, VALUE }`. */
function field(name: string): RegExp {
  return new RegExp(`\\b(${name}) (!= )?(\\{[^}]*\\}|\\S+)`, 'g');
}

function ofPort(items: readonly string[], { port, protocol }: Packet, field: string): Judgement {
  if (!field.startsWith(protocol) && !field.startsWith('th')) return 'alien';
  const ranges = items.map((item) => /^(\d+)(?:-(\d+))?$/.exec(item));
  if (ranges.some((range) => range !== null && isWithin(port, range[1], range[2]))) return 'holds';
  return ranges.every((range) => range !== null) ? 'never' : 'perhaps';
}

/** New, or not followed at all. */
function ofState(items: readonly string[]): Judgement {
  if (!items.every((item) => /^(?:0x[\da-f]+|new|established|related|invalid|untracked)$/.test(item)))
    return 'perhaps';
  const begins = (item: string) =>
    item.startsWith('0x') ? (Number(item) & 0x48) !== 0 : /^(new|untracked)$/.test(item);
  return items.some(begins) ? 'holds' : 'never';
}

function ofProtocol(items: readonly string[], { protocol }: Packet): Judgement {
  const [name, number] = protocol === 'tcp' ? ['tcp', '6'] : ['udp', '17'];
  if (items.includes(name) || items.includes(number)) return 'holds';
  return items.every((item) => /^(?:\d+|[a-z][a-z\d-]*)$/.test(item)) ? 'never' : 'perhaps';
}

function ofSource(items: readonly string[], { sources }: Packet): Judgement {
  if (items.some((item) => canonicalNetwork(item) === undefined)) return 'perhaps';
  return items.some((item) => sources.some((source) => overlaps(item, source))) ? 'perhaps' : 'never';
}
