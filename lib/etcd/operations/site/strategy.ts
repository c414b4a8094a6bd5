import type { Strategy } from '../../../dsl/play.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { clusterName } from '../../model/cluster.ts';
import { admitIssuing } from '../../survey/admit-certificates.ts';
import { survey } from '../../survey/survey.ts';
import { admit, converge } from './converge.ts';
import { foreseeGate } from './foresee-gate.ts';
import { showStatus, verify } from './verify.ts';

/** How members of etcd clusters go through a play: the cluster is looked at whole, and never risked. */
export const etcdStrategy: Strategy<EtcdFacts> = {
  scope(selected, all) {
    const clusters = new Set(selected.map(({ vars }) => clusterName(vars)));
    return all.filter(({ vars }) => clusters.has(clusterName(vars)));
  },
  survey: (run) => survey(run),
  async admit(run) {
    admit(run);
    await admitIssuing(run);
    if (run.check) await foreseeGate(run);
  },
  converge,
  verify,
};

/** Looks, and touches nothing: also at what is not ours or is half dead. */
export const statusStrategy: Strategy<EtcdFacts> = {
  scope: etcdStrategy.scope,
  async converge() {},
  verify: showStatus,
};
