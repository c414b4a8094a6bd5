import { OF_PLANS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { backupPlay } from '../lib/etcd/operations/backup/play.ts';
import { CLUSTER_FLAG } from '../lib/etcd/operations/common/cluster-flag.ts';

export default await main(import.meta.url, {
  name: 'backup',
  description:
    'Takes a verified snapshot of each cluster, copies it where it is wanted, and thins what is there; or tries the newest.',
  inventory: '../inventory/local.yaml',
  hides: [...OF_PLANS, 'diff', 'role', 'tags', 'skip-tags', 'list-tasks', 'list-tags', 'yes'],
  examples: [
    ['-i inventory/prod.yaml', 'one on a host of each cluster, in etcd_backup_dir'],
    ['-i inventory/prod.yaml --to /srv/backups', 'and a copy on this machine'],
    ['-i inventory/prod.yaml --to sftp://backup@vault/srv/etcd', 'and a copy on another machine'],
    ['-i inventory/prod.yaml --list', 'which there are'],
    [
      '-i inventory/prod.yaml --drill',
      'does the newest one restore? what would be lost, how long would it take?',
    ],
  ],
  flags: [
    { ...CLUSTER_FLAG, description: 'one cluster alone, where the inventory has several' },
    {
      name: 'to',
      type: 'string',
      placeholder: 'PLACE',
      description: 'also copy it to a folder of this machine, or sftp://user@host/folder, s3://bucket/prefix',
    },
    {
      name: 'encrypt-to',
      type: 'string',
      placeholder: 'age1…,…',
      description: 'encrypt the copy to these public keys of age (default: etcd_backup_age_recipients)',
    },
    {
      name: 'identity',
      type: 'string',
      placeholder: 'FILE',
      description: 'private key of age, 0600, for a drill of encrypted copies',
    },
    {
      name: 'keep',
      type: 'string',
      placeholder: '24h,7d,4w,12m',
      description:
        'which stay, as in 24h,7d,4w,12m: the last of each hour, day, week and month (default: etcd_backup_keep); or all',
    },
    {
      name: 'list',
      type: 'boolean',
      description: 'only list the snapshots that there are; with --to also the copies',
    },
    {
      name: 'drill',
      type: 'boolean',
      description:
        'take none: restore the newest one, with --to the newest copy, into an etcd of its own, compare, and remove it',
    },
  ],
  plays: [backupPlay],
});
