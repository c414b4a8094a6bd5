import { type Inventory, type SettledHost, selectHosts } from '../inventory/index.ts';
import type { Report } from '../report/index.ts';
import type { RunHost } from '../runner/session.ts';
import type { ConnectOptions } from '../transport/connect-options.ts';
import type { Connection } from '../transport/host.ts';
import { checkConnections, connect } from '../transport/index.ts';
import type { Options } from './flags/options.ts';
import { askTrust } from './prompt.ts';
import { magicVars, thisMachine } from './run-hosts.ts';
import { traced } from './trace.ts';

/** What connecting to the hosts of a run takes. */
interface Ground {
  readonly inventory: Inventory;
  /** Hosts whose variables and connections are known, by name. */
  readonly settled: ReadonlyMap<string, SettledHost>;
  /** Variables that are the playbook's own: see `chosenGroups`. */
  readonly except: ReadonlySet<string>;
  readonly options: Options;
  readonly withPasswords: (connection: Connection) => Connection;
  /** In place of what the inventory says of a host. */
  readonly connect?: typeof connect | undefined;
  /** Where connecting tells what it sees; asked for only then. */
  readonly report: () => Report;
}

/** How a run reaches its hosts. */
export interface Reach {
  readonly connecting: () => ConnectOptions;
  readonly toRunHost: (host: SettledHost) => RunHost;
  /** Throws for what is wrong with the connections of these hosts, before any contact. */
  readonly judge: (hosts: Iterable<SettledHost>) => Promise<void>;
  /** A host that others delegate to, also where no play names it. */
  readonly reach: (name: string) => Promise<RunHost>;
}

/** Make the hosts of a run from those of the inventory. Nothing is connected until a host's `connect` is called. */
export function reachOf(ground: Ground): Reach {
  const { inventory, settled, except, options, withPasswords, report } = ground;
  const say = (level: 'warning' | 'debug' | 'trace') => (host: string, message: string) =>
    report().emit({ event: 'log', level, host, message });
  const connecting = (): ConnectOptions => ({
    warn: say('warning'),
    tell: say('debug'),
    ...(options.trust && { trust: (...key) => report().suspend(() => askTrust(...key)) }),
  });
  const toRunHost = (host: SettledHost): RunHost => ({
    name: host.name,
    groups: host.groups,
    // A flag that was not given hides the variable of its name: no inventory gives flags.
    vars: { ...host.vars, ...options.own, ...magicVars(host) },
    async connect() {
      const { connection } = host;
      if (connection === undefined) throw new Error(`${host.name} is not among the hosts to contact`);
      const connected = await (ground.connect ?? connect)(withPasswords(connection), connecting());
      if (options.verbosity < 3) return connected;
      return traced(connected, (script) => say('trace')(host.name, `sends\n${script.trimEnd()}`));
    },
  });
  const judge = (hosts: Iterable<SettledHost>) =>
    checkConnections([...hosts].flatMap(({ connection }) => (connection ? [withPasswords(connection)] : [])));
  const reach = async (name: string): Promise<RunHost> => {
    const known = settled.get(name);
    if (known?.connection !== undefined) return toRunHost(known);
    const listedHost = inventory.hosts.find((host) => host.name === name);
    if (listedHost === undefined && name === 'localhost') return thisMachine(inventory.files);
    const hosts = selectHosts(inventory, name, 'delegateTo');
    const one = await inventory.settle({ hosts, except, contacts: (all) => all });
    await judge(one.hosts.values());
    return toRunHost(one.hosts.get(name) as SettledHost);
  };
  return { connecting, toRunHost, judge, reach };
}
