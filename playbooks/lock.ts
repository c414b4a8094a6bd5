import { OF_PLANS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { isPlaybookHere } from '../lib/cli/start/playbook-here.ts';
import { heldPlay, holdProblems } from '../lib/dsl/hold/holding.ts';
import { CLUSTER_FLAG, clusterProblems } from '../lib/etcd/operations/common/cluster-flag.ts';
import { lockStrategy } from '../lib/etcd/operations/lock/strategy.ts';
import { etcdPlay } from '../lib/etcd/play.ts';

const play = etcdPlay('lock', []);
const ofCluster: typeof play = {
  ...play,
  strategy: lockStrategy,
  check: async (hosts) => [
    ...((await play.check?.(hosts)) ?? []),
    ...clusterProblems(hosts),
    ...holdProblems(hosts),
  ],
};

export default await main(import.meta.url, {
  name: 'lock',
  description: "Shows who has a cluster: a run, or a person whose hold keeps everybody's runs off.",
  inventory: '../inventory/local.yaml',
  hides: [
    ...OF_PLANS,
    'yes',
    'diff',
    'role',
    'tags',
    'skip-tags',
    'list-tasks',
    'list-tags',
    'detailed-exitcode',
  ],
  examples: [
    ['-i inventory/prod.yaml --show', 'who has it, since when and why'],
    ['-i inventory/prod.yaml --hold "disk swap on etcd02"', 'keep every run off until it is released'],
    ['-i inventory/prod.yaml --release', 'let runs in again'],
    ['-i hosts.yaml web --hold "moving racks"', 'the same for the hosts of a play of roles'],
  ],
  flags: [
    CLUSTER_FLAG,
    { name: 'hold', type: 'string', placeholder: 'WHY', description: 'keep runs off, and tell them why' },
    { name: 'release', type: 'boolean', description: 'end a hold' },
    { name: 'show', type: 'boolean', description: 'only look: what is done without another word' },
  ],
  words: '[PLAY…]',
  plays: [ofCluster],
  playsFor: (names) =>
    names.length === 0 ? [ofCluster] : names.map((name) => heldPlay(name, isPlaybookHere)),
});
