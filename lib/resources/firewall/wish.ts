import { mistakesIn } from '../../dsl/options/mistakes.ts';
import { is, must, type OptionTable, refuse, usage } from '../../dsl/options/options.ts';
import { checkedPath } from '../../dsl/path.ts';
import { canonicalNetwork } from './network.ts';

/** A port and who may reach it. */
export interface OpenPort {
  readonly port: number;
  /** TCP unless said. */
  readonly protocol?: 'tcp' | 'udp';
  /** Addresses and networks, or everybody. */
  readonly sources: readonly string[] | 'any';
  /** A service that firewalld ships for this port: as an entry of a zone it opens the port to everybody. */
  readonly service?: string;
}

export interface FirewallOptions {
  /**
   * Each with its `port`, its `sources` (`'any'`, or addresses and networks), its `protocol` where that is not `'tcp'`, and
   * the `service` that firewalld ships for it, which would open it to everybody.
   */
  readonly ports: readonly OpenPort[];
  /** `absent`: these rules are gone, and for ports with the `sources` `[]` all that let somebody in. */
  readonly state?: 'present' | 'absent';
  /** What has the rules: `auto`, unless said, is the firewall that is active, else a table of our own. */
  readonly backend?: 'auto' | 'firewalld' | 'ufw' | 'nftables' | 'iptables';
  /** Addresses of the host that the ports are bound to, which choose firewalld's zones; all unless said. */
  readonly addresses?: readonly string[];
  /** Where the rules of a table of our own lie, without ending; `/etc/NAME-firewall` unless said. */
  readonly rulesFile?: string;
}

/** A port in one form: each once, with sources as kernels print them. */
export interface PortWish extends OpenPort {
  readonly protocol: 'tcp' | 'udp';
}

export interface FirewallDesired extends Required<FirewallOptions> {
  /** Tells our rules apart from others of the host. */
  readonly name: string;
  readonly ports: readonly PortWish[];
  /** Loads a table of our own at boot. */
  readonly unit: string;
}

export const FIREWALL: OptionTable<FirewallOptions> = {
  ports: must(is.list(is.object<OpenPort>())),
  state: is.one('present', 'absent'),
  backend: is.one('auto', 'firewalld', 'ufw', 'nftables', 'iptables'),
  addresses: is.list(is.text),
  rulesFile: is.text,
};

const PORT: OptionTable<OpenPort> = {
  port: must(is.count(1, 65535)),
  protocol: is.one('tcp', 'udp'),
  sources: must(is.either(is.one('any'), is.list(is.text))),
  service: is.text,
};

/** Brings a wish into one form; throws exit code 1 for ports and names that no firewall could have. */
export function completeFirewall(name: string, options: FirewallOptions): FirewallDesired {
  const who = `firewall ${JSON.stringify(name)}`;
  const {
    state = 'present',
    backend = 'auto',
    addresses = [],
    rulesFile = `/etc/${name}-firewall`,
  } = options;
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name))
    throw usage(`${who}: it has no name for a table`, "take letters, digits, _, - and '.': 'web'");
  // It stands in a unit of systemd, in a line for the shell.
  if (/[\s'"$`\\%;&|<>()*?{}[\]]/.test(rulesFile))
    throw usage(`${who}: rulesFile is ${JSON.stringify(rulesFile)}, a path of plain letters was wanted`);
  refuse(options.ports.flatMap((one, i) => mistakesIn(`${who}: ports[${i}]`, one, PORT)));
  return {
    name,
    state,
    backend,
    addresses,
    rulesFile: checkedPath(rulesFile),
    unit: `${name}-firewall.service`,
    ports: merged(options.ports.map((one, i) => completePort(one, `${who}: ports[${i}].sources`))),
  };
}

function completePort({ sources, ...port }: OpenPort, where: string): PortWish {
  const networks = sources === 'any' ? 'any' : sources.map((one) => networkOf(one, where));
  return { protocol: 'tcp', ...port, sources: together(networks) };
}

function networkOf(source: string, where: string): string {
  const network = canonicalNetwork(source);
  if (network !== undefined) return network;
  throw usage(
    `${where}: ${source} is neither an address nor a network`,
    'write it like 10.0.0.0/8 or fd00::/8',
  );
}

/** Where a port is named more than once, all of it counts. */
function merged(ports: readonly PortWish[]): readonly PortWish[] {
  const byKey = new Map<string, PortWish>();
  for (const one of ports) {
    const key = `${one.port}/${one.protocol}`;
    const before = byKey.get(key);
    byKey.set(key, { ...before, ...one, sources: union(before?.sources ?? [], one.sources) });
  }
  return [...byKey.values()];
}

function union(one: PortWish['sources'], other: PortWish['sources']): PortWish['sources'] {
  return one === 'any' || other === 'any' ? 'any' : together([...one, ...other]);
}

const WHOLE = [
  ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1'],
  ['::/0', '::/1', '8000::/1'],
] as const;

/** Each once, in order. A whole address family becomes two halves: not every firewall keeps a source of length 0 as one. */
function together(networks: PortWish['sources']): PortWish['sources'] {
  if (networks === 'any' || WHOLE.every(([all]) => networks.includes(all))) return 'any';
  const halves = networks.flatMap((one) => WHOLE.find(([all]) => all === one)?.slice(1) ?? [one]);
  return [...new Set(halves)].sort();
}
