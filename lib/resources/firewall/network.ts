import { isIP } from 'node:net';
import { canonicalAddress } from '../../addresses.ts';

/**
 * The one spelling of an address or a network that kernels print: host bits cleared, IPv6 compressed, no
 * `/32` or `/128`. Undefined when the text is neither.
 */
export function canonicalNetwork(text: string): string | undefined {
  const network = parse(text);
  if (network === undefined) return undefined;
  const { family, base, prefix } = network;
  const address = family === 4 ? ipv4Text(base) : ipv6Text(base);
  return prefix === WIDTH[family] ? address : `${address}/${prefix}`;
}

/** Address family of an address or a network. */
export function familyOf(network: string): 4 | 6 {
  return network.includes(':') ? 6 : 4;
}

/** Whether two networks have an address in common; what is not a network overlaps nothing. */
export function overlaps(one: string, other: string): boolean {
  const a = parse(one);
  const b = parse(other);
  if (a === undefined || b === undefined || a.family !== b.family) return false;
  const prefix = Math.min(a.prefix, b.prefix);
  return masked(a.base, a.family, prefix) === masked(b.base, b.family, prefix);
}

/** Whether a network has all addresses of another one. */
export function contains(one: string, other: string): boolean {
  const [outer, inner] = [parse(one), parse(other)];
  return outer !== undefined && inner !== undefined && outer.prefix <= inner.prefix && overlaps(one, other);
}

/** Whether a port is the one of a rule, or within its range. */
export function isWithin(port: number, from: string | undefined, to = from): boolean {
  return Number(from) <= port && port <= Number(to);
}

const WIDTH = { 4: 32, 6: 128 } as const;

interface Network {
  readonly family: 4 | 6;
  readonly base: bigint;
  readonly prefix: number;
}

function parse(text: string): Network | undefined {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  if (family !== 4 && family !== 6) return undefined;
  const prefix = bits === undefined ? WIDTH[family] : Number(bits);
  if (prefix > WIDTH[family]) return undefined;
  const value = family === 4 ? ipv4Value(address) : ipv6Value(address);
  return { family, base: masked(value, family, prefix), prefix };
}

function masked(value: bigint, family: 4 | 6, prefix: number): bigint {
  const host = BigInt(WIDTH[family] - prefix);
  return (value >> host) << host;
}

function ipv4Value(address: string): bigint {
  return address.split('.').reduce((value, octet) => value * 256n + BigInt(octet), 0n);
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function ipv6Value(address: string): bigint {
  const [head = [], tail = []] = canonicalAddress(address)
    .split('::')
    .map((half) => half.split(':').filter(Boolean));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].reduce((value, word) => value * 65536n + BigInt(`0x${word}`), 0n);
}

function ipv6Text(value: bigint): string {
  const words = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return canonicalAddress(words.join(':'));
}
