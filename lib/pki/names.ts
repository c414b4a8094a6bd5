import { isIP } from 'node:net';
import { canonicalAddress } from '../addresses.ts';

export type NameType = 'dns' | 'ip' | 'email' | 'url';

/** One subject alternative name, in the form in which two are compared. */
export interface AlternativeName {
  readonly type: NameType;
  readonly value: string;
}

/** The kind of name `host` is: an address, else an e-mail address, else a URI, else a DNS name. */
export function alternativeName(host: string): AlternativeName {
  if (isIP(host) !== 0) return { type: 'ip', value: canonicalAddress(host) };
  if (host.includes('@') && !host.includes('://')) return { type: 'email', value: host };
  if (/^[a-z][a-z0-9+.-]*:/i.test(host)) return { type: 'url', value: host };
  return { type: 'dns', value: host.toLowerCase() };
}

/** The same names once each, in their first order. */
export function alternativeNames(hosts: readonly string[]): readonly AlternativeName[] {
  const names = new Map<string, AlternativeName>();
  for (const host of hosts) {
    const name = alternativeName(host);
    const key = `${name.type}:${name.value}`;
    if (!names.has(key)) names.set(key, name);
  }
  return [...names.values()];
}

const PRINTED: Readonly<Record<string, NameType>> = {
  DNS: 'dns',
  'IP Address': 'ip',
  email: 'email',
  URI: 'url',
};

/**
 * Reads what node:crypto prints of a certificate's names, in the form `alternativeName` compares them in.
 * One of another kind than its text says keeps its label: Go's TLS looks for an address among the IP
 * addresses only, so `DNS:10.0.0.1` does not stand for 10.0.0.1.
 */
export function readAlternativeNames(printed: string | undefined): readonly string[] {
  const names: string[] = [];
  for (const [, label, raw] of (printed ?? '').matchAll(/([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g)) {
    const value = raw!.startsWith('"') ? unquote(raw!) : raw!;
    const name = alternativeName(value);
    names.push(name.type === PRINTED[label!] ? name.value : `${label}:${value}`);
  }
  return names;
}

function unquote(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
