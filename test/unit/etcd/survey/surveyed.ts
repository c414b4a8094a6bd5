import { type EtcdFacts, ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { clusterOf } from '../../../../lib/etcd/model/cluster.ts';
import type { EtcdHost, Surveyed } from '../../../../lib/etcd/surveyed.ts';
import { DEFAULTS } from '../../support/defaults.ts';

/** A cluster of `etcd01`… at 10.0.0.1… whose hosts have these facts; one that is undefined was not reached. */
export function surveyedOf(hosts: readonly (Partial<EtcdFacts> | undefined)[], vars: object = {}): Surveyed {
  const name = (i: number) => `etcd0${i + 1}`;
  const hostvars = Object.fromEntries(
    hosts.map((_, i) => [name(i), { ...DEFAULTS, etcd_address: `10.0.0.${i + 1}`, ...vars }]),
  );
  const targets = hosts.flatMap((facts, i) => {
    const data = { name: name(i), vars: hostvars[name(i)] ?? {}, hostvars };
    return facts ? [{ ...data, facts: { ...ORDINARY, ...facts } }] : [];
  });
  return {
    cluster: clusterOf(targets[0]!),
    hosts: targets.map((target) => ({ target }) as unknown as EtcdHost),
  };
}
