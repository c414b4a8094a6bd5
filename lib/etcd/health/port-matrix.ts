import { memberOf } from '../model/cluster.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import { filtered, type PortReading, parsePorts, probePorts } from './ports.ts';
import { probeRules, stopOf } from './stops.ts';

/** Lines like `etcd01 → etcd02:2380 filtered; firewalld on etcd02 has no rule for it`; none when all is open. */
export async function filteredPorts(surveyed: Surveyed): Promise<readonly string[]> {
  const { cluster, hosts } = surveyed;
  const readings = await ofAll(hosts, async (host) => {
    const { target } = host;
    const others = cluster.members.filter((member) => member.host !== target.name);
    const { out } = await host.read('trying ports', probePorts(others));
    return parsePorts({ member: memberOf(target), facts: target.facts }, others, out);
  });
  const pairs = filtered(readings.flat(), (name) => hosts.some(({ target }) => target.name === name));
  const rules = await firewallRules(surveyed, pairs);
  return pairs.map((pair) => filteredSaid(pair, rules));
}

/** What firewalls say, by host, asked only at both ends of what is filtered. */
export async function firewallRules(
  { cluster, hosts }: Surveyed,
  pairs: readonly PortReading[],
): Promise<ReadonlyMap<string, string>> {
  const ends = new Set(pairs.flatMap(({ from, to }) => [from, to]));
  const ports = [...new Set(cluster.members.flatMap(({ clientPort, peerPort }) => [clientPort, peerPort]))];
  const asked = hosts.filter(({ target }) => ends.has(target.name));
  const rules = await ofAll(asked, async (host) => {
    const { out } = await host.read('reading firewall rules', probeRules(ports));
    return [host.target.name, out] as const;
  });
  return new Map(rules);
}

/** Side by side, also on hosts where a task failed; one that cannot answer any more is left out. */
async function ofAll<T>(
  hosts: readonly EtcdHost[],
  ask: (host: EtcdHost) => Promise<T>,
): Promise<readonly T[]> {
  const answers = await Promise.allSettled(hosts.map(ask));
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** One pair as a line, with what stops its packets. */
export function filteredSaid(pair: PortReading, rules: ReadonlyMap<string, string>): string {
  const stop = stopOf(pair, rules);
  return `${pair.from} → ${pair.to}:${pair.port} filtered${stop === undefined ? '' : `; ${stop.said}`}`;
}
