import { holding } from '../../../dsl/hold/holding.ts';
import type { Strategy } from '../../../dsl/play.ts';
import { memberOf } from '../../model/cluster.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { isOfCluster } from '../common/cluster-flag.ts';
import { etcdStrategy } from '../site/strategy.ts';

/** Shows who has the hosts of a cluster; `--hold` keeps everybody's runs off until `--release`. */
export const lockStrategy: Strategy<EtcdHost['target']['facts']> = {
  ...holding((host) => memberOf(host).stateDir),
  scope: (selected, all) => etcdStrategy.scope?.(selected.filter(isOfCluster), all) ?? [],
};
