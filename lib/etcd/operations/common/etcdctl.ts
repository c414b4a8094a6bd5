import { type Sh, sh } from '../../../dsl/shell/sh.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import { memberOf } from '../../model/cluster.ts';
import type { EtcdHost } from '../../surveyed.ts';

/** etcdctl for the member of this host, as it is reached. */
export function etcdctl({ target }: EtcdHost, line: Sh): Sh {
  return sh`${etcdctlFunction(memberOf(target))}
q_reach
${line}`;
}
