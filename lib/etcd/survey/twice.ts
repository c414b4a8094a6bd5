import type { QuorateError } from '../../errors.ts';
import { boundAddress } from '../facts/bound-address.ts';
import { memberOf } from '../model/cluster.ts';
import { ofMachines } from '../model/machine-problems.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost } from '../surveyed.ts';

/**
 * Hosts that turn out to be one machine, and whose members want the same of it: names that lead to one address are seen
 * on contact only. Of one cluster or of two.
 */
export function twiceProblems(hosts: readonly EtcdHost[]): readonly QuorateError[] {
  const machines = new Map(hosts.map(({ target }) => [target.name, target.facts.host.machine]));
  const all = hosts.map(({ target }) => {
    const member = memberOf(target);
    const listenAddress = boundAddress(member, target.facts, 'client');
    const peerListenAddress = boundAddress(member, target.facts, 'peer');
    return { host: target, member: { ...member, listenAddress, peerListenAddress } };
  });
  const withData = new Set(
    hosts.filter(({ target }) => target.facts.data === 'present').map(({ target }) => target.name),
  );
  const hasData = (host: string) => withData.has(host);
  const found = ofMachines(all, { machineOf: (host) => machines.get(host), hasData });
  if (found.length === 0) return [];
  const byName = new Set(
    ofMachines(all, { machineOf: () => undefined, hasData }).map(({ message }) => message),
  );
  return found.map(({ host, message, hint }) =>
    refusal({ host }, byName.has(message) ? message : `${message}: it is one machine by two names`, hint),
  );
}
