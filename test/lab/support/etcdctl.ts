import type { LabHost } from './host/record.ts';
import type { Lab } from './lab.ts';

const SSL = '/opt/etcd/ssl';

/**
 * Shell functions for a host of the lab: `ctl` is etcdctl against these members, with a certificate of the host it
 * runs on; `again` tries for as long as etcd refuses changes of members after a start.
 */
export function etcdctl(members: readonly Pick<LabHost, 'address'>[]): string {
  const endpoints = members.map(({ address }) => `https://${address}:2379`).join(',');
  return `ctl() { ETCDCTL_API=3 /opt/etcd/bin/etcdctl --cacert=${SSL}/ca.pem --cert=${SSL}/server.pem --key=${SSL}/server-key.pem --endpoints=${endpoints} "$@"; }
again() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 20 ] || return 1; sleep 0.5; done; }`;
}

/** The host whose member leads, of those that are members, by default all of the lab; they run. */
export async function leaderOf(
  lab: Lab,
  names: readonly string[] = lab.hosts.map(({ name }) => name),
): Promise<string | undefined> {
  const hosts = lab.hosts.filter(({ name }) => names.includes(name));
  const { stdout } = await lab.ssh('etcd01', `${etcdctl(hosts)}; ctl endpoint status -w fields`);
  const members = stdout.split('"ClusterID"').slice(1);
  const number = (part: string, name: string) => new RegExp(`"${name}" : (\\d+)`).exec(part)?.[1];
  const index = members.findIndex((part) => number(part, 'MemberID') === number(part, 'Leader'));
  return hosts[index]?.name;
}
