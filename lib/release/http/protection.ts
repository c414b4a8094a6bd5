import { isLoopback } from '../../addresses.ts';

/** Plain http to another machine: whoever is on the way can change what comes. */
export function isUnprotected({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !isLoopback(hostname);
}
