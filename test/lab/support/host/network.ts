import { existsSync } from 'node:fs';
import { must, run } from './process.ts';

/** The control machine's address on a lab's bridge. */
export const CONTROL = { address: '10.0.52.1', address6: 'fd00:52::1' } as const;

const BRIDGE = 'lab0';

/** What the network needs to know of a host. */
export interface Addressed {
  readonly name: string;
  readonly address: string;
  readonly address6: string;
}

/** The addresses of host `index` (from 0): the tutorial's three first, then upwards from .20. */
export function addressesOf(index: number): { address: string; address6: string } {
  const last = [13, 14, 6][index] ?? index + 17;
  return { address: `10.0.52.${last}`, address6: `fd00:52::${last}` };
}

/** The network namespace of a lab's control side, or of one of its hosts. */
export function namespaceOf(lab: string, host?: string): string {
  return host === undefined ? `quorate-${lab}` : `quorate-${lab}-${host}`;
}

/** The file that stands for a network namespace. */
export function namespaceFile(lab: string, host?: string): string {
  return `/run/netns/${namespaceOf(lab, host)}`;
}

/** Makes the outer namespace: a bridge, and no way out. Fails when the lab is there already. */
export async function createNetwork(lab: string): Promise<void> {
  await must('ip', ['netns', 'add', namespaceOf(lab)]);
  await batch(lab, undefined, [
    'link set lo up',
    `link add ${BRIDGE} type bridge mcast_snooping 0`,
    `addr add ${CONTROL.address}/24 dev ${BRIDGE}`,
    `addr add ${CONTROL.address6}/64 dev ${BRIDGE} nodad`,
    `link set ${BRIDGE} up`,
  ]);
}

/** Makes a host's own namespace and plugs it into the bridge; without a default route, as nothing is out there. */
export async function plugHost(lab: string, host: Addressed): Promise<void> {
  const inner = namespaceOf(lab, host.name);
  await must('ip', ['netns', 'add', inner]);
  await batch(lab, undefined, [
    `link add ${portOf(host.name)} type veth peer name eth0 address ${macOf(host)} netns ${inner}`,
    `link set ${portOf(host.name)} master ${BRIDGE} up`,
  ]);
  await batch(lab, host.name, [
    'link set lo up',
    `addr add ${host.address}/24 dev eth0`,
    `addr add ${host.address6}/64 dev eth0 nodad`,
    'link set eth0 up',
  ]);
}

/** Removes a host's namespace, and with it its cable and the firewall rules of its kernel. */
export async function unplugHost(lab: string, host: string): Promise<void> {
  // The cable first: a namespace is torn down some time after its name is gone.
  await run('ip', ['-n', namespaceOf(lab), 'link', 'del', portOf(host)]);
  await removeNamespace(lab, host);
}

/** Removes the outer namespace. */
export async function removeNetwork(lab: string): Promise<void> {
  await removeNamespace(lab);
}

/** Pulls (`down`) or plugs in (`up`) the cable of a host. */
export async function setCable(lab: string, host: string, state: 'up' | 'down'): Promise<void> {
  await must('ip', ['-n', namespaceOf(lab), 'link', 'set', portOf(host), state]);
}

/** A link to cut, in one direction: packets from `from` to TCP port `port` of `to` (any packet without one). */
export interface Cut {
  readonly from: Addressed;
  readonly to: Addressed;
  readonly port?: number;
}

/**
 * Drops what matches `cuts` and nothing else, replacing earlier cuts. It happens on the bridge, so the hosts'
 * own rules stay what the hosts made them.
 */
export async function setCuts(lab: string, cuts: readonly Cut[]): Promise<void> {
  const rules = cuts.flatMap(cutRules).join('\n');
  const chain = (hook: string) =>
    `chain ${hook} {\n type filter hook ${hook} priority 0; policy accept;\n${rules}\n}`;
  // forward: host to host; output and input: this machine's own end of the bridge.
  const table = `table bridge cuts {\n${['forward', 'output', 'input'].map(chain).join('\n')}\n}\n`;
  const input = `table bridge cuts\ndelete table bridge cuts\n${cuts.length === 0 ? '' : table}`;
  await must('nsenter', [`--net=${namespaceFile(lab)}`, 'nft', '-f', '-'], { input });
}

function cutRules({ from, to, port }: Cut): string[] {
  const what = port === undefined ? 'drop' : `tcp dport ${port} drop`;
  return [
    `ip saddr ${from.address} ip daddr ${to.address} ${what}`,
    `ip6 saddr ${from.address6} ip6 daddr ${to.address6} ${what}`,
  ];
}

/** A host keeps its hardware address, or its neighbours would talk to the one before the reboot for a while. */
function macOf({ address }: Addressed): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '00', ...octets].join(':');
}

function portOf(host: string): string {
  return `v-${host}`;
}

async function batch(lab: string, host: string | undefined, lines: readonly string[]): Promise<void> {
  await must('ip', ['-n', namespaceOf(lab, host), '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

async function removeNamespace(lab: string, host?: string): Promise<void> {
  const file = namespaceFile(lab, host);
  if (!existsSync(file)) return;
  const { stderr } = await run('ip', ['netns', 'del', namespaceOf(lab, host)]);
  // Two sweeps may meet; what counts is that it is gone.
  if (existsSync(file)) throw new Error(`Cannot remove ${file}: ${stderr.trim()}`);
}
