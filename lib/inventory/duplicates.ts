import { isIP } from 'node:net';
import { formatPosition } from '../errors.ts';
import type { InventoryHost } from './index.ts';
import type { Problems } from './problems.ts';

/** Two names for one SSH address are one host that would be changed twice at the same time. */
export function refuseDuplicates(hosts: readonly InventoryHost[], problems: Problems): void {
  const seen = new Map<string, InventoryHost>();
  for (const host of hosts) {
    const { kind, address, port = 22 } = host.connection;
    if (kind === 'local') continue;
    const key = `${comparable(address)} port ${port}`;
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

/** Names in lower case, IPv6 addresses in their one short form. */
function comparable(address: string): string {
  return isIP(address) === 6 ? new URL(`ssh://[${address.split('%')[0]}]`).hostname : address.toLowerCase();
}
