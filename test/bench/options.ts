import { parseArgs } from 'node:util';

const SCENARIOS = ['first', 'no-change', 'no-change-30'] as const;
export type Scenario = (typeof SCENARIOS)[number];

const PEERS = ['ours', 'ansible', 'mitogen', 'limit'] as const;
export type PeerName = (typeof PEERS)[number];

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly peers: readonly PeerName[];
  readonly runs: number;
  /** Hosts of the large scenario, a multiple of three. */
  readonly many: number;
  /** Where the results go; into the lab's cache when not given. */
  readonly json: string | undefined;
}

export const USAGE = `npm run bench -- [options]

  --only first|no-change    one kind of run alone; repeatable
  --hosts 3|30              clusters of three on that many hosts; repeatable (3 and 30)
  --runs N                  runs of everything, of which the median counts (5)
  --peers NAME,…            of ours, ansible, mitogen, limit (all)
  --json FILE               where the results go`;

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
  const hosts = values.hosts.map((text) => whole('--hosts', text, 3, 99));
  const runs = whole('--runs', values.runs, 1, 100);
  if (hosts.some((count) => count % 3 !== 0)) throw new Error('--hosts: clusters have three members each');
  const unknown = values.only.find((kind) => kind !== 'first' && kind !== 'no-change');
  if (unknown !== undefined) throw new Error(`--only is first or no-change, not ${unknown}`);
  const many = hosts.find((count) => count > 3);
  const peers = values.peers.split(',').map((name) => {
    const known = PEERS.find((peer) => peer === name);
    if (known === undefined) throw new Error(`--peers are ${PEERS.join(', ')}, not ${name}`);
    return known;
  });
  const scenarios = SCENARIOS.filter((scenario) => {
    if (scenario === 'no-change-30') return many !== undefined && values.only.includes('no-change');
    return hosts.includes(3) && values.only.includes(scenario);
  });
  return { scenarios, peers, runs, many: many ?? 30, json: values.json };
}

function whole(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${flag} takes a whole number from ${least} to ${most}, not ${text}`);
}
