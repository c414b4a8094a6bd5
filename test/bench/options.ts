import { parseArgs } from 'node:util';

export type Job = 'etcd' | 'plain';
export type Kind = 'first' | 'no-change';

/** What is measured: a job, on hosts that are bare or done. */
export interface Scenario {
  /** `etcd`: clusters of three. `plain`: twelve tasks on each host. */
  readonly job: Job;
  readonly kind: Kind;
  readonly hosts: number;
}

const PEERS = ['ours', 'ansible', 'mitogen', 'pyinfra', 'limit'] as const;
export type PeerName = (typeof PEERS)[number];

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  /** Whether the role of `docs/compared.md` is run by each tool. */
  readonly sideBySide: boolean;
  readonly peers: readonly PeerName[];
  readonly runs: number;
  /** Where the results go; into the lab's cache when not given. */
  readonly json: string | undefined;
}

export const USAGE = `npm run bench -- [options]

  --only KIND        of first, no-change (clusters of etcd), plain-first, plain-no-change (twelve tasks on each
                     host), side-by-side (the role of docs/compared.md by each tool); repeatable (the first two)
  --hosts N          on that many hosts, up to 100, for etcd a multiple of three; repeatable (3 and 30)
  --runs N           runs of everything, of which the median counts (5)
  --peers NAME,…     of ours, ansible, mitogen, pyinfra (plain only), limit (all)
  --json FILE        where the results go`;

const KINDS: Readonly<Record<string, Omit<Scenario, 'hosts'>>> = {
  first: { job: 'etcd', kind: 'first' },
  'no-change': { job: 'etcd', kind: 'no-change' },
  'plain-first': { job: 'plain', kind: 'first' },
  'plain-no-change': { job: 'plain', kind: 'no-change' },
};
const SIDE_BY_SIDE = 'side-by-side';

/** Takes the command line apart; throws with the usage on what it does not know. */
export function parseBench(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: ['first', 'no-change'] },
      hosts: { type: 'string', multiple: true, default: ['3', '30'] },
      runs: { type: 'string', default: '5' },
      peers: { type: 'string', default: PEERS.join(',') },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const hosts = values.hosts.map((text) => whole('--hosts', text, 1, 100)).sort((one, other) => one - other);
  const runs = whole('--runs', values.runs, 1, 100);
  const kinds = values.only.filter((name) => name !== SIDE_BY_SIDE);
  const peers = values.peers.split(',').map((name) => {
    const known = PEERS.find((peer) => peer === name);
    if (known === undefined) throw new Error(`--peers are ${PEERS.join(', ')}, not ${name}`);
    return known;
  });
  const scenarios = kinds.flatMap((name) => {
    const kind = KINDS[name];
    if (kind === undefined)
      throw new Error(`--only is ${[...Object.keys(KINDS), SIDE_BY_SIDE].join(', ')}, not ${name}`);
    return hosts.map((count) => ({ ...kind, hosts: count })).filter(isMeasured);
  });
  if (scenarios.some(({ job, hosts: count }) => job === 'etcd' && count % 3 !== 0))
    throw new Error('--hosts: clusters have three members each');
  return { scenarios, sideBySide: values.only.includes(SIDE_BY_SIDE), peers, runs, json: values.json };
}

/** A first run of many clusters takes long, and says nothing new. */
function isMeasured({ job, kind, hosts }: Scenario): boolean {
  return job === 'plain' || kind === 'no-change' || hosts === 3;
}

function whole(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${flag} takes a whole number from ${least} to ${most}, not ${text}`);
}
