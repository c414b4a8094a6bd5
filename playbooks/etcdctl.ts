import { OF_PLANS } from '../lib/cli/flags/flags.ts';
import { readInput } from '../lib/cli/input.ts';
import { main } from '../lib/cli/main.ts';
import { CLUSTER_FLAG } from '../lib/etcd/operations/common/cluster-flag.ts';
import { etcdctlProblems, etcdctlStrategy } from '../lib/etcd/operations/etcdctl/strategy.ts';
import { toldWords } from '../lib/etcd/operations/etcdctl/words.ts';
import { etcdPlay } from '../lib/etcd/play.ts';

const play = etcdPlay('etcdctl', []);

export default await main(import.meta.url, {
  name: 'etcdctl',
  description:
    "Runs etcdctl on a member, with that member's certificate: the first that works, or the one of -l.",
  inventory: '../inventory/local.yaml',
  hides: [...OF_PLANS, 'diff', 'role', 'tags', 'skip-tags', 'list-tasks', 'list-tags', 'detailed-exitcode'],
  examples: [
    ['-- member list -w table', 'ask the sample cluster on this machine'],
    ['-i inventory/prod.yaml -l etcd02 -- endpoint status -w json', 'ask one member'],
    ['-i inventory/prod.yaml -- put /greeting <hello.txt', 'a value from a file'],
  ],
  flags: [CLUSTER_FLAG],
  words: '-- ARGS',
  tellsWords: toldWords,
  pipes: true,
  plays: [play],
  playsFor: (words) => [
    {
      ...play,
      strategy: etcdctlStrategy(words, readInput),
      check: async (hosts) => [...((await play.check?.(hosts)) ?? []), ...etcdctlProblems(hosts, words)],
    },
  ],
});
