import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { unsafeText } from './checks/validate.ts';

/** Where a connection goes. */
export interface Destination {
  /** Counts where no variable and no flag names one. */
  readonly user: string | undefined;
  readonly host: string;
}

/** `user@host` as ssh takes it. */
export function destinationOf(text: string): Destination {
  const [, user = '', host = text] = /^([^\s:/]+)@(.*)$/s.exec(text) ?? [];
  return isUser(user) ? { user, host } : { user: undefined, host: text };
}

/** Whether ssh could look for it: a host's name, or an alias of ssh_config. */
export function isHostName(text: string): boolean {
  return isIP(text) !== 0 || HOST_NAME.test(text);
}

/** Whether ssh takes it as a login. */
export function isUser(text: string): boolean {
  return USER.test(text) && unsafeText(text) === undefined;
}

/** A name of digits and dots alone is an IP address with a slip in it. */
export function isAddress(text: string): boolean {
  if (isIP(text)) return !/^(0\.0\.0\.0|::)$/.test(text);
  return HOST_NAME.test(text) && !/^[\d.]+$|\.\./.test(text);
}

/**
 * What ssh takes as a host, which a line of ssh_config may give a name to: nothing that a shell would take apart; here
 * no patterns, ports and paths either. A dot at the end keeps search domains away.
 */
const HOST_NAME = /^(?!.{254})(?=.*[A-Za-z0-9])[A-Za-z0-9_.+~=%^][A-Za-z0-9_.+~=%^#!-]*$/;

/** What ssh takes as a user: nothing that a shell would take apart, and no word that could be an option. */
const USER = /^(?!.*(^|\s)-|.*\\$|\s|.*\s$)[^'"`;&<>|(){}]+$/;

/** What may be meant by what is not an address. */
export function addressHint(value: unknown): string | undefined {
  const text = String(value);
  if (/^(0\.0\.0\.0|::)$/.test(text)) return 'that is not an address to connect to';
  if (/^[\d.]+$/.test(text)) return 'an IPv4 address has four numbers, 0 to 255';
  if (/^ | $/.test(text)) return 'without spaces around it';
  if (/^([\w.-]+|\[[\da-fA-F:.]+\]):\d+$/.test(text)) return 'the port goes into ansible_port';
  if (text.includes('[')) return 'ranges are for the names of hosts: give each host its address';
  if (text.includes('://')) return 'without ssh://';
  if (text.includes('@')) return 'the user goes into ansible_user';
  return asciiHint(text);
}

/** What the DNS has for a name in other letters. */
export function asciiHint(name: string): string | undefined {
  const ascii = /[^\0-\x7f]/.test(name) ? domainToASCII(name) : '';
  return HOST_NAME.test(ascii) ? `the DNS has it as ${ascii}` : undefined;
}
