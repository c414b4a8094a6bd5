import { numericAddress } from '../addresses.ts';
import { formatPosition } from '../errors.ts';
import type { SettledHost } from './inventory.ts';
import type { Problems } from './problems.ts';

/**
 * Two names for one SSH address are one host that would be changed twice at the same time. Behind different jump hosts
 * one address is two hosts.
 */
export function refuseDuplicates(hosts: readonly SettledHost[], problems: Problems): void {
  const seen = new Map<string, SettledHost>();
  for (const host of hosts) {
    if (host.connection === undefined || host.kind === 'local') continue;
    const { address, port = 22, proxyJump, proxyCommand } = host.connection;
    // A zone says which link, not which host.
    const where = numericAddress(address.replace(/%.*|\.$/g, '')).replace(/^::ffff:(?=\d+\.)/, '');
    const key = `${where.toLowerCase()} port ${port} ${proxyJump ?? proxyCommand ?? ''}`;
    const first = seen.get(key);
    if (first) {
      problems.add(
        `${host.name} and ${first.name} (${formatPosition(first.position)}) have the same address: ${address} port ${port}`,
        host.position,
        'a host has one name here; with a range, ansible_host cannot stand beside it',
        'same address',
      );
    } else seen.set(key, host);
  }
}
