import { OF_TASKS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { operationPlay } from '../lib/etcd/operations/common/operation.ts';
import { RESTORE_FLAGS } from '../lib/etcd/operations/restore/flags.ts';
import { restoreOperation } from '../lib/etcd/operations/restore/index.ts';

export default await main(import.meta.url, {
  name: 'restore',
  description: 'Gives a cluster the data of a snapshot, all members the same; what it had is set aside.',
  inventory: '../inventory/local.yaml',
  hides: [...OF_TASKS, 'diff', 'role', 'tags', 'skip-tags', 'list-tasks', 'list-tags'],
  asks: true,
  examples: [
    ['-i inventory/prod.yaml --from /srv/backups/FILE.db --check', 'the steps, and what would be lost'],
    ['-i inventory/prod.yaml --from FILE.db', 'a snapshot that lies on a host: see backup --list'],
    ['-i inventory/prod.yaml --from s3://backups/etcd/FILE.db', 'a copy: see backup --list --to s3://…'],
  ],
  flags: RESTORE_FLAGS,
  plays: [operationPlay(restoreOperation())],
});
