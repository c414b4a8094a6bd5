import type { HostData } from '../../dsl/role.ts';
import { clusterOf } from './cluster.ts';

/** Two clusters with one folder of certificates. */
export interface SharedPki {
  /** The first host of the second. */
  readonly host: string;
  readonly clusters: readonly [first: string, second: string];
  readonly dir: string;
}

/** Clusters whose CA, clients and revocations another one takes for its own. */
export function sharedPki(hosts: readonly HostData[]): readonly SharedPki[] {
  const firsts = new Map<string, string>();
  const told = new Set<string>();
  return hosts.flatMap((host) => {
    const { name, pkiDir: dir } = clusterOf(host);
    const first = firsts.get(dir) ?? name;
    firsts.set(dir, first);
    if (first === name || told.has(name)) return [];
    told.add(name);
    return [{ host: host.name, clusters: [first, name] as const, dir }];
  });
}
