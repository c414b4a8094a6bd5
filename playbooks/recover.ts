import { OF_TASKS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { operationPlay } from '../lib/etcd/operations/common/operation.ts';
import { RECOVER_FLAGS } from '../lib/etcd/operations/recover/flags.ts';
import { recoverOperation } from '../lib/etcd/operations/recover/index.ts';
import { backups } from '../roles/backups.ts';
import { binaries } from '../roles/binaries.ts';
import { certs } from '../roles/certs.ts';
import { config } from '../roles/config.ts';
import { firewall } from '../roles/firewall.ts';
import { systemd } from '../roles/systemd.ts';

export default await main(import.meta.url, {
  name: 'recover',
  description:
    'Makes a cluster that has lost its quorum for good of what one host still has; other data is set aside.',
  inventory: '../inventory/local.yaml',
  hides: [...OF_TASKS, 'limit', 'role', 'tags', 'skip-tags', 'list-tasks', 'list-tags', 'diff'],
  asks: true,
  examples: [
    [
      '-i inventory/prod.yaml --check',
      'what each host and snapshot has, what each choice would lose, the steps',
    ],
    ['-i inventory/prod.yaml --from etcd01', 'make it of the data of etcd01; the other hosts join it'],
  ],
  flags: RECOVER_FLAGS,
  plays: [operationPlay(recoverOperation(), [firewall, certs, binaries, config, systemd, backups])],
});
