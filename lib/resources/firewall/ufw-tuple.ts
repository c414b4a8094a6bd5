import { canonicalNetwork, contains, isWithin, overlaps } from './network.ts';
import type { PortWish } from './wish.ts';

/** A rule of ufw for what comes in, as it notes it in `user.rules`. */
export interface UfwTuple {
  /** `allow`, `limit`, `deny` or `reject`. */
  readonly action: string;
  readonly protocol: string;
  readonly isLogged: boolean;
  /** `any`, `2380`, `80,443`, `2300:2400`. */
  readonly ports: string;
  /** A network; undefined where it is none. */
  readonly source: string | undefined;
  /** It asks for more than port and source: an interface, an address of the host, the port of the sender, a program. */
  readonly isNarrow: boolean;
}

/** Reads `### tuple ### allow tcp 2380 0.0.0.0/0 any 10.0.52.14 in`, perhaps with a comment. */
export function parseTuple(line: string): UfwTuple | undefined {
  const [, action = '', log, protocol = '', ports = '', to = '', from, source = '', rest = ''] =
    /^### tuple ### (allow|limit|deny|reject)(_log\S*)? (\S+) (\S+) (\S+) (\S+) (\S+) (.*)$/.exec(line) ?? [];
  const way = rest.replace(/ ?comment=\S*$/, '');
  if (action === '' || !/(^| )in(_|$)/.test(way)) return undefined;
  const isNarrow = !isAll(to) || from !== 'any' || way !== 'in';
  return { action, isLogged: log !== undefined, protocol, ports, source: canonicalNetwork(source), isNarrow };
}

/** Whether a source is a whole address family. */
export function isAll(network: string | undefined): boolean {
  return network === '0.0.0.0/0' || network === '::/0';
}

/** How far it is about packets from a source to a port. */
export function reach(tuple: UfwTuple, { port, protocol }: PortWish, from: string): 'all' | 'some' | 'none' {
  const { source, isNarrow } = tuple;
  const isOther = tuple.protocol !== 'any' && tuple.protocol !== protocol;
  if (isOther || !(tuple.ports === 'any' || tuple.ports.split(',').some((one) => covers(one, port))))
    return 'none';
  if (source === undefined) return 'some';
  if (contains(source, from) && !isNarrow) return 'all';
  return overlaps(source, from) ? 'some' : 'none';
}

function covers(ports: string, port: number): boolean {
  const [from, to] = ports.split(':');
  return isWithin(port, from, to);
}
