import type { Lab } from '../support/lab.ts';
import { on } from './hosts.ts';
import type { Node, NodeGroup } from './topology.ts';

/** What is not as it must be, for people. */
export type Problems = readonly string[];

/** Every member is up, starts at boot, is of the version and hardened: as systemd and the binaries say. */
export function memberProblems(lab: Lab, nodes: readonly Node[], version: string): Promise<Problems> {
  return ofAll(nodes, async ({ name, host, service, binDir }) => {
    const said = await on(
      lab,
      host,
      `systemctl is-active ${service}; systemctl is-enabled ${service}; ${binDir}/etcd --version | head -n 1
systemd-analyze security --no-pager ${service}.service | tail -n 1`,
    );
    const [active, enabled, found, exposure = ''] = said.split('\n');
    return [
      ...(active === 'active' && enabled === 'enabled' ? [] : [`${name} is ${active} and ${enabled}`]),
      ...(found === `etcd Version: ${version}` ? [] : [`${name} has ${found}`]),
      ...(Number(/: ([\d.]+) /.exec(exposure)?.[1]) <= 1.5 ? [] : [`${name}: ${exposure}`]),
    ];
  });
}

/** Every member runs with a setting. */
export function settingProblems(
  lab: Lab,
  nodes: readonly Node[],
  variable: string,
  value: number,
): Promise<Problems> {
  return ofAll(nodes, async ({ name, host, service }) => {
    const environment = `/proc/$(systemctl show -p MainPID --value ${service})/environ`;
    const said = await on(lab, host, `tr '\\0' '\\n' <${environment} | grep ^${variable}= || true`);
    return said === `${variable}=${value}` ? [] : [`${name} runs with "${said}"`];
  });
}

/** No two members of a cluster were down at once when they were last restarted; hosts of a lab share one clock. */
export async function overlapProblems(lab: Lab, { name, nodes }: NodeGroup): Promise<Problems> {
  const downs = await Promise.all(
    nodes.map(async ({ host, service }) => {
      const times = 'ActiveExitTimestampMonotonic -p ActiveEnterTimestampMonotonic';
      const said = await on(lab, host, `systemctl show -p ${times} ${service}`);
      const time = (what: string) => Number(new RegExp(`^${what}.*=(\\d+)$`, 'm').exec(said)?.[1]);
      return { from: time('ActiveExit'), to: time('ActiveEnter') };
    }),
  );
  const sorted = downs.sort((a, b) => a.from - b.from);
  const isApart = sorted.every(({ from, to }, i) => from < to && (i === 0 || sorted[i - 1]!.to <= from));
  return isApart ? [] : [`members of ${name} were down at the same time: ${JSON.stringify(sorted)}`];
}

/** The member that leads, by its name in the inventory; each is asked for itself, with its own certificate. */
export async function leaderOf(lab: Lab, { nodes }: NodeGroup): Promise<string | undefined> {
  const leaders = await ofAll(nodes, async ({ name, host, binDir, certDir, clientUrl }) => {
    const status = await on(
      lab,
      host,
      `ETCDCTL_API=3 ${binDir}/etcdctl --cacert=${certDir}/ca.pem --cert=${certDir}/server.pem \\
--key=${certDir}/server-key.pem --endpoints=${clientUrl} endpoint status -w fields`,
    );
    const id = (what: string) => new RegExp(`"${what}" : (\\d+)`).exec(status)?.[1];
    return id('MemberID') === id('Leader') ? [name] : [];
  });
  return leaders[0];
}

/** The processes of all members: the same text as long as none was restarted. */
export async function processesOf(lab: Lab, nodes: readonly Node[]): Promise<string> {
  const pids = await ofAll(nodes, async ({ host, service }) => [
    await on(lab, host, `systemctl show -p MainPID --value ${service}`),
  ]);
  return pids.join(' ');
}

/** Whether control, which is not a member, gets through to the peer port of the first cluster's member. */
export async function isOpenToStrangers(lab: Lab, { host }: Node): Promise<boolean> {
  const knocks = [host.address, host.address6].map((address) =>
    lab.run('timeout', ['1', 'bash', '-c', `exec 3<>/dev/tcp/${address}/2380`]),
  );
  return (await Promise.all(knocks)).some(({ code }) => code === 0);
}

async function ofAll(nodes: readonly Node[], ask: (node: Node) => Promise<Problems>): Promise<Problems> {
  return (await Promise.all(nodes.map(ask))).flat();
}
