import { contains, isWithin, overlaps } from './network.ts';
import type { PortWish } from './wish.ts';

/** What of a rule in firewalld's rich language says which packets it is about, and when it is looked at. */
interface RichRule {
  /** Lower ones are looked at first; of one priority those that deny, then those that accept. */
  readonly priority: number;
  readonly verdict: 'accept' | 'deny';
  /** Undefined: anybody. */
  readonly source: string | undefined;
  /** Undefined: all that the source sends. */
  readonly element: string | undefined;
  /** It asks for more, or for another thing than an address. */
  readonly isNarrow: boolean;
}

/**
 * The first of the rules of a zone that denies all packets from a source to a port, whatever entry accepts them; undefined
 * where one that accepts may come before it.
 */
export function denyingRule(rules: readonly string[], port: PortWish, from: string): string | undefined {
  const all = rules.map((text) => ({ text, ...parse(text) }));
  const denying = all
    .filter((one) => one.verdict === 'deny' && one.priority <= 0 && deniesAll(one, port, from))
    .sort((a, b) => a.priority - b.priority)[0];
  if (denying === undefined) return undefined;
  const before = all.filter(
    ({ verdict, priority, source, text }) =>
      verdict === 'accept' &&
      priority < denying.priority &&
      !text.includes(` port port="${port.port}" protocol="${port.protocol}"`) &&
      (source === undefined || overlaps(source, from) || !/^[\d.:a-f/]+$/.test(source)),
  );
  return before.length > 0 ? undefined : denying.text;
}

function parse(text: string): RichRule {
  const [, priority = '0'] = /^rule\b.*? priority="(-?\d+)"/.exec(text) ?? [];
  const [, family] = /^rule\b.*? family="ipv([46])"/.exec(text) ?? [];
  const [, source] = / source address="([^"]+)"/.exec(text) ?? [];
  const [element] = / (?:port port="[^"]+" protocol="\w+"|service name="[^"]+")/.exec(text) ?? [];
  const rest = text.replace(
    / (?:port port="[^"]+" protocol="\w+"|service name="[^"]+"|source address="[^"]+")/g,
    '',
  );
  const all = family === undefined ? undefined : family === '4' ? '0.0.0.0/0' : '::/0';
  return {
    priority: Number(priority),
    verdict: / (?:drop|reject)\b/.test(text) ? 'deny' : 'accept',
    source: source ?? all,
    element: element?.trim(),
    isNarrow:
      / (?:source|destination|source-port|protocol|icmp-type|icmp-block|forward-port|masquerade|limit|NOT|tcp-mss-clamp) ?/.test(
        rest,
      ),
  };
}

function deniesAll({ source, element, isNarrow }: RichRule, port: PortWish, from: string): boolean {
  if (isNarrow || !(source === undefined || contains(source, from))) return false;
  if (element === undefined) return true;
  const [, service] = /^service name="([^"]+)"/.exec(element) ?? [];
  if (service !== undefined) return service === port.service;
  const [, first, last, protocol] = /^port port="(\d+)(?:-(\d+))?" protocol="(\w+)"/.exec(element) ?? [];
  return protocol === port.protocol && isWithin(port.port, first, last);
}
