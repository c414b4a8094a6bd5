import type { Role } from '../lib/dsl/role.ts';
import type { EtcdFacts } from '../lib/etcd/facts/index.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';

/**
 * Health of every endpoint, members, leader, alarms, hashes and certificate dates; then, after a change
 * or when asked for by name, the canary. It looks at all members together, so it is the strategy's last
 * step (`lib/etcd/operations/site/verify.ts`), and there is nothing that a single host must do.
 */
export const verify: Role<EtcdFacts> = {
  name: 'verify',
  description: 'the cluster is healthy and does its work',
  vars: declare(...MEMBER_VARS),
  tasks: () => [],
};
