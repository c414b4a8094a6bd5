import { canonicalAddress } from '../addresses.ts';
import { formatPosition } from '../errors.ts';
import type { InventoryHost } from './inventory.ts';
import type { Problems } from './problems.ts';

/** Two names for one SSH address are one host that would be changed twice at the same time. */
export function refuseDuplicates(hosts: readonly InventoryHost[], problems: Problems): void {
  const seen = new Map<string, InventoryHost>();
  for (const host of hosts) {
    const { kind, address, port = 22 } = host.connection;
    if (kind === 'local') continue;
    // A zone says which link, not which host.
    const key = `${canonicalAddress(address.replace(/%.*/, '')).toLowerCase()} port ${port}`;
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
