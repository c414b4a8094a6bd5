import type { Target } from '../../lib/dsl/role.ts';
import { type EtcdFacts, ORDINARY } from '../../lib/etcd/facts/index.ts';
import { DEFAULTS } from '../unit/support/defaults.ts';

const VERSION = '3.5.16';

/** A bare host of a new cluster of its own, as roles see it; defaults but for `vars`. */
export function targetOf(
  name: string,
  vars: Readonly<Record<string, unknown>> = {},
  facts: Partial<EtcdFacts> = {},
): Target<EtcdFacts> {
  const all = {
    ...DEFAULTS,
    ansible_host: '10.0.0.1',
    inventory_file: 'fuzz.yaml',
    inventory_dir: '/tmp',
    ...vars,
  };
  const cluster = {
    state: 'new',
    version: VERSION,
    caPem: undefined,
    furtherHosts: [],
    peersApart: true,
    renewBefore: { server: 0, peer: 0 },
    token: 'fuzz-0',
  } as const;
  return { name, vars: all, hostvars: { [name]: all }, facts: { ...ORDINARY, cluster, ...facts } };
}
