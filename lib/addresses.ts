import { isIP } from 'node:net';

/** The one spelling of an IPv6 address among many, that of RFC 5952; all else as it is. */
export function canonicalAddress(text: string): string {
  // The URL parser knows no zones (`fe80::1%eth0`).
  if (isIP(text) !== 6 || text.includes('%')) return text;
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** Whether all addresses are meant, in whatever spelling: `0.0.0.0`, `0x0`, `::`, `0::0`, `::ffff:0.0.0.0`. */
export function isWildcard(text: string): boolean {
  const url = isIP(text) === 6 ? `http://[${text}]` : `http://${text}`;
  return URL.canParse(url) && /^(0\.0\.0\.0|\[::(ffff:0:0)?\])$/.test(new URL(url).hostname);
}
