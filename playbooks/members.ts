import { OF_TASKS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { CLUSTER_FLAG } from '../lib/etcd/operations/common/cluster-flag.ts';
import { operationPlay } from '../lib/etcd/operations/common/operation.ts';
import { membersOperation } from '../lib/etcd/operations/members/index.ts';
import { backups } from '../roles/backups.ts';
import { binaries } from '../roles/binaries.ts';
import { certs } from '../roles/certs.ts';
import { config } from '../roles/config.ts';
import { firewall } from '../roles/firewall.ts';
import { systemd } from '../roles/systemd.ts';

export default await main(import.meta.url, {
  name: 'members',
  description:
    'Makes the members of a living cluster those of the inventory, one step at a time; no member is removed unless you name it.',
  inventory: '../inventory/local.yaml',
  hides: [...OF_TASKS, 'limit', 'role', 'tags', 'skip-tags', 'list-tasks', 'list-tags', 'diff'],
  asks: true,
  examples: [
    ['-i inventory/prod.yaml --check', 'what differs, and the steps that close it'],
    ['-i inventory/prod.yaml', 'add the hosts that have no member yet, move those with another address'],
    ['-i inventory/prod.yaml --remove etcd04,etcd05', 'from five members to three'],
    ['-i inventory/prod.yaml --replace etcd02', 'its machine or its data is lost: a new member in its place'],
  ],
  flags: [
    CLUSTER_FLAG,
    {
      name: 'remove',
      type: 'string',
      placeholder: 'NAME,…',
      description: 'take these members out of the cluster: hosts, or names or IDs of members',
    },
    {
      name: 'replace',
      type: 'string',
      placeholder: 'NAME,…',
      description: 'take these out, and put what the inventory has in their place',
    },
    {
      name: 'accept-downtime',
      type: 'boolean',
      description: 'go on where the cluster cannot serve for a moment (one or two members)',
    },
  ],
  plays: [operationPlay(membersOperation(), [firewall, certs, binaries, config, systemd, backups])],
});
