import type { Lab } from '../support/lab.ts';
import type { EtcdVersion } from '../support/releases/etcdVersions.ts';
import type { Cast } from './story.ts';

/** From one to the next goes an upgrade: by a patch and by a minor. All of them know learners. */
const CHAIN: readonly EtcdVersion[] = ['3.5.16', '3.5.30', '3.6.16', '3.7.3'];

/** The hosts of a lab, and what of the chain its mirror has. */
export function castOf({ hosts, versions }: Lab): Cast {
  return {
    hosts: hosts.map(({ name }) => name),
    versions: CHAIN.filter((version) => versions.includes(version)),
  };
}
