import type { Play } from '../lib/dsl/play.ts';
import type { Role } from '../lib/dsl/role.ts';
import { type EtcdFacts, etcdFacts } from '../lib/etcd/facts.ts';
import { clusterName, memberOf } from '../lib/etcd/model.ts';
import { modelProblems } from '../lib/etcd/model-problems.ts';
import { etcdStrategy } from '../lib/etcd/strategy.ts';
import { ETCD_VARS } from '../lib/etcd/vars.ts';

/** A play of etcd roles over the group `etcd`. */
export function etcdPlay(name: string, roles: readonly Role<EtcdFacts>[]): Play<EtcdFacts> {
  return {
    name,
    hosts: 'etcd',
    gather: etcdFacts,
    roles,
    // An inventory describes the whole job, also for a playbook with some of its roles only.
    vars: ETCD_VARS,
    strategy: etcdStrategy,
    check: modelProblems,
    stateDir: (host) => memberOf(host).stateDir,
    owner: (host) => `cluster ${clusterName(host.vars)}`,
  };
}
