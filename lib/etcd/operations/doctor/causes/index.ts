import type { Cause } from './cause.ts';
import { FILES_AND_SETTINGS } from './files-and-settings.ts';
import { FOLLOWING } from './following.ts';
import { HOST_AND_DATA } from './host-and-data.ts';
import { MEMBERSHIP } from './membership.ts';
import { TRUST_AND_NETWORK } from './trust-and-network.ts';

/**
 * What can be wrong with a cluster, likely causes first: from the disk upwards what a member needs to run at all,
 * its data, what it is started with, its certificates, the network, and in the end what merely follows. Sources:
 * etcd's operations guide and the messages of its source.
 */
export const CAUSES = [
  ...HOST_AND_DATA,
  ...FILES_AND_SETTINGS,
  ...TRUST_AND_NETWORK,
  ...MEMBERSHIP,
  ...FOLLOWING,
] as const satisfies readonly Cause[];

export type CauseId = (typeof CAUSES)[number]['id'];

/** A cause by its name. */
export function causeOf(id: CauseId): Cause {
  return CAUSES.find((cause) => cause.id === id) as Cause;
}

/** Place in the order of likelihood; 0 is the first. */
export function weightOf(id: CauseId): number {
  return CAUSES.findIndex((cause) => cause.id === id);
}
