import { isIP } from 'node:net';

/** The one spelling of an IPv6 address among many, that of RFC 5952; all else as it is. */
export function canonicalAddress(text: string): string {
  // The URL parser knows no zones (`fe80::1%eth0`).
  if (isIP(text) !== 6 || text.includes('%')) return text;
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/**
 * The spelling of inet_ntop(3), which ssh and its known_hosts have: an IPv4 address inside of an IPv6 one has dots, a
 * zone stays (`fe80::1%eth0`); all else as it is.
 */
export function numericAddress(text: string): string {
  const [address = '', zone] = text.split('%', 2);
  if (isIP(address) !== 6) return text;
  const hex = canonicalAddress(address);
  const [, before, high = '', low = ''] = /^(::(?:ffff:)?)([\da-f]+):([\da-f]+)$/.exec(hex) ?? [];
  const bytes = [high, low].flatMap((word) => {
    const value = Number.parseInt(word, 16);
    return [value >> 8, value & 255];
  });
  return `${before === undefined ? hex : `${before}${bytes.join('.')}`}${zone === undefined ? '' : `%${zone}`}`;
}

/** The host of a URL, an IPv6 address without its brackets: `fd00::1` of `https://[fd00::1]:2380`. */
export function hostOf(url: URL | string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

/** Whether all addresses are meant, in whatever spelling: `0.0.0.0`, `0x0`, `::`, `0::0`, `::ffff:0.0.0.0`. */
export function isWildcard(text: string): boolean {
  const url = isIP(text) === 6 ? `http://[${text}]` : `http://${text}`;
  return URL.canParse(url) && /^(0\.0\.0\.0|\[::(ffff:0:0)?\])$/.test(new URL(url).hostname);
}

/**
 * Whether only the machine itself is reached there: an address or a name, with or without a URL's brackets. A name that
 * merely begins like such an address (`127.example.com`) is another one's.
 */
export function isLoopback(text: string): boolean {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) === 4) return bare.startsWith('127.');
  if (isIP(bare) === 6) return /^::(1$|ffff:7f[0-9a-f]{2}:)/.test(canonicalAddress(bare));
  return /(^|\.)localhost\.?$/i.test(bare);
}
