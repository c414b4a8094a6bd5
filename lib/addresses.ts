import { isIP } from 'node:net';

/** The one spelling of an IPv6 address among many, that of RFC 5952; all else as it is. */
export function canonicalAddress(text: string): string {
  // The URL parser knows no zones (`fe80::1%eth0`).
  if (isIP(text) !== 6 || text.includes('%')) return text;
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}
