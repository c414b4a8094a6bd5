import type { EtcdHost, Surveyed } from '../surveyed.ts';
import { filtered, type PortReading, parsePorts, probePorts, probeRules, ruleSaid } from './ports.ts';

/** Lines like `etcd01 → etcd02:2380 filtered; firewalld on etcd02 has no rule for it`; none when all is open. */
export async function filteredPorts(surveyed: Surveyed): Promise<readonly string[]> {
  const { cluster, hosts } = surveyed;
  const readings = await ofAll(hosts, async (host) => {
    const { name } = host.target;
    const others = cluster.members.filter((member) => member.host !== name);
    const { out } = await host.read('trying ports', probePorts(others));
    return parsePorts(name, others, out);
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

/** One pair as a line, with what the firewall of either end says about it: ours comes last, it knows the members. */
export function filteredSaid({ from, to, port }: PortReading, rules: ReadonlyMap<string, string>): string {
  const [there, here] = [rules.get(to) ?? '', rules.get(from) ?? ''];
  const said =
    ruleSaid(to, port, there, ['no-rule', 'rule']) ??
    ruleSaid(from, port, here, ['rule']) ??
    ruleSaid(to, port, there, ['own']);
  return `${from} → ${to}:${port} filtered${said === undefined ? '' : `; ${said}`}`;
}
