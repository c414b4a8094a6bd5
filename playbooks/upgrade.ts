import { OF_TASKS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { CLUSTER_FLAG } from '../lib/etcd/operations/common/cluster-flag.ts';
import { operationPlay } from '../lib/etcd/operations/common/operation.ts';
import { upgradeOperation } from '../lib/etcd/operations/upgrade/index.ts';
import { binaries } from '../roles/binaries.ts';
import { config } from '../roles/config.ts';
import { systemd } from '../roles/systemd.ts';

export default await main(import.meta.url, {
  name: 'upgrade',
  description: 'Takes a cluster to another version of etcd, one member after another, without a gap.',
  inventory: '../inventory/local.yaml',
  asks: true,
  hides: [...OF_TASKS, 'limit', 'role', 'tags', 'skip-tags', 'list-tasks', 'list-tags'],
  examples: [
    ['-i inventory/prod.yaml --check', 'the steps to the etcd_version of the inventory'],
    ['-i inventory/prod.yaml -e etcd_version=3.7.3 --via 3.5.33,3.6.16', 'over these releases'],
    ['-i inventory/prod.yaml -e etcd_version=3.6.16 --downgrade', 'from 3.7 back to 3.6'],
    ['-i inventory/prod.yaml --cancel', 'take back a downgrade that is under way'],
  ],
  flags: [
    CLUSTER_FLAG,
    {
      name: 'via',
      type: 'string',
      placeholder: 'VERSION,…',
      description: 'releases to stop at on the way over several minors; else the newest that are known',
    },
    { name: 'downgrade', type: 'boolean', description: 'go down: from 3.7 to 3.6, from 3.6 to 3.5' },
    { name: 'cancel', type: 'boolean', description: 'take back a downgrade that is under way' },
    {
      name: 'accept-downtime',
      type: 'boolean',
      description: 'a cluster of one or two may be down while a member restarts',
    },
  ],
  plays: [operationPlay(upgradeOperation(), [binaries, config, systemd])],
});
