import { OF_CHANGES } from '../lib/cli/flags/flags.ts';
import { INVENTORY_FLAGS, showInventory } from '../lib/cli/inventory/index.ts';
import { main } from '../lib/cli/main.ts';
import { etcdPlay } from '../lib/etcd/play.ts';

export default await main(import.meta.url, {
  name: 'inventory',
  description: 'Shows the inventory as it is read: groups, hosts, variables; contacts no host.',
  inventory: '../inventory/local.yaml',
  hides: [
    ...OF_CHANGES,
    'forks',
    'become',
    'ask-pass',
    'ask-become-pass',
    'trust',
    'list-hosts',
    'log',
    'report',
    'shard',
    'verbose',
  ],
  examples: [
    ['-i hosts.ini --graph', 'the tree of groups and hosts'],
    ['-i hosts.ini --list', 'all of it, in the form of ansible-inventory'],
    ['-i hosts.ini --connection etcd01', 'how a run would log in, as ssh -G says it'],
    ['-i hosts.ini --explain etcd01 etcd_data_dir', 'which file says it, and what that beat'],
  ],
  flags: INVENTORY_FLAGS,
  words: '[GROUP | VAR]',
  show: showInventory,
  plays: [etcdPlay('inventory', [])],
});
