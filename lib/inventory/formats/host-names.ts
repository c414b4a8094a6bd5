import { isIPv6 } from 'node:net';
import { expandRange } from '../ranges.ts';

export type HostNames =
  | { readonly names: readonly string[]; readonly port: number | undefined }
  | { readonly problem: string };

/**
 * The hosts that a name in an inventory stands for: ranges written out, a port taken off (`web:2222`, `[fd00::1]:22`).
 * What is not a host name with a port is a name as it is.
 */
export function hostNames(written: string): HostNames {
  const [, bracketed, itsPort] = /^\[(.+)\](?::(\d+))?$/.exec(written) ?? [];
  if (bracketed !== undefined && isIPv6(bracketed)) return { names: [bracketed], port: portOf(itsPort) };
  if (bracketed !== undefined && itsPort !== undefined) return expanded(bracketed, portOf(itsPort));
  if (isIPv6(written)) return { names: [written], port: undefined };
  const [, base, port] = /^((?:[\w.-]|\[[^\]]*\])+):(\d+)$/.exec(written) ?? [];
  return base === undefined ? expanded(written, undefined) : expanded(base, portOf(port));
}

function portOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function expanded(pattern: string, port: number | undefined): HostNames {
  const names = expandRange(pattern);
  return 'problem' in names ? names : { names, port };
}
