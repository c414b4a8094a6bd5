import { portOf } from './values.ts';

/** A jump host as ProxyJump names it. */
export interface Hop {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
}

/** `[user@]host[:port]`, or the same as `ssh://…`; undefined for what is neither. */
export function parseHop(text: string): Hop | undefined {
  const uri = text.startsWith('ssh://');
  const bare = uri ? text.slice(6) : text;
  const at = uri ? bare.indexOf('@') : bare.lastIndexOf('@');
  const user = at < 0 ? undefined : uri ? decoded(bare.slice(0, at).replace(/;.*/, '')) : bare.slice(0, at);
  const [, bracketed, plain, mark, rest] =
    /^(?:\[([^\]]*)\]|([^[:/][^:/]*))(?:([:/])(.*))?$/s.exec(bare.slice(at + 1)) ?? [];
  const host = bracketed ?? plain;
  if (user === '' || host === undefined || host === '') return undefined;
  if (uri && !/^\w[\w.-]*$/.test(host)) return undefined;
  if (uri && mark === '/') return rest ? undefined : { user, host, port: undefined };
  if (!rest) return { user, host, port: undefined };
  const [number = '', path] = uri ? rest.split('/') : [rest];
  const port = portOf(number);
  return port === undefined || port === 0 || path ? undefined : { user, host, port };
}

/**
 * The value of ProxyJump: as `ssh -G` prints it (empty for `none`), then the hops as they are written; undefined for
 * what ssh refuses. As with ssh `none` with a comment after it is a host of that name, and a blank ends the last hop.
 */
export function jumpOf(raw: string): readonly string[] | undefined {
  const given = raw.replace(/^[ \t\r\n=]+/, '');
  if (/^none$/i.test(given)) return [''];
  const hops = given
    .replace(/#.*/s, '')
    .replace(/(?<=.)\s.*/s, '')
    .split(',');
  const parsed = hops.map(parseHop);
  const last = parsed.at(-1);
  if (last === undefined || parsed.includes(undefined)) return undefined;
  const before = given.includes(',') ? `${given.slice(0, given.lastIndexOf(','))},` : '';
  return [`${before}${shownHop(last)}`, ...hops];
}

/** As `ssh -G` prints it: addresses in brackets. */
function shownHop({ user, host, port }: Hop): string {
  const address = host.includes(':') || /^[\d.]+$/.test(host) ? `[${host}]` : host;
  return `${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : `:${port}`}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return '';
  }
}
