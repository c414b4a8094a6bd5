import type { Play } from '../dsl/play.ts';
import type { Role } from '../dsl/role.ts';
import { caPassphrase } from '../pki/index.ts';
import { type EtcdFacts, etcdFacts } from './facts/index.ts';
import { clusterName, memberOf } from './model/cluster.ts';
import { modelProblems } from './model/problems.ts';
import { ETCD_VARS } from './model/vars.ts';
import { etcdStrategy } from './operations/site/strategy.ts';

/** A play of etcd roles over the group `etcd`. */
export function etcdPlay(name: string, roles: readonly Role<EtcdFacts>[]): Play<EtcdFacts> {
  return {
    name,
    hosts: 'etcd',
    groupVariable: 'etcd_group',
    gather: etcdFacts,
    roles,
    // An inventory describes the whole job, also for a playbook with some of its roles only.
    vars: ETCD_VARS,
    strategy: etcdStrategy,
    check: (hosts) => {
      // Throws before any contact for one that is soon guessed.
      caPassphrase();
      return modelProblems(hosts);
    },
    stateDir: (host) => memberOf(host).stateDir,
    together: (host) => clusterName(host.vars),
    owner: (host) => `cluster ${clusterName(host.vars)}`,
  };
}
