import { main } from '../lib/cli/main.ts';
import { etcdPlay } from '../lib/etcd/play.ts';
import { backups } from '../roles/backups.ts';
import { binaries } from '../roles/binaries.ts';
import { certs } from '../roles/certs.ts';
import { config } from '../roles/config.ts';
import { firewall } from '../roles/firewall.ts';
import { systemd } from '../roles/systemd.ts';
import { verify } from '../roles/verify.ts';

export default await main(import.meta.url, {
  name: 'site',
  description: 'Brings the etcd clusters of the inventory up and keeps them as described.',
  inventory: '../inventory/local.yaml',
  hides: ['yes'],
  examples: [
    ['', 'three members on this machine, to try it'],
    ['-i inventory/prod.yaml --check --diff', 'what a run would change on your hosts'],
    ['-i inventory/prod.yaml', 'bring them up, or put right what drifted'],
    ['-i inventory/prod.yaml -l etcd02 -r certs', 'one role on one host'],
  ],
  flags: [
    {
      name: 'set-aside-data',
      type: 'string',
      placeholder: 'HOST,…',
      description: 'move the data of hosts that never joined this cluster aside; nothing is deleted',
    },
  ],
  plays: [etcdPlay('etcd clusters', [firewall, certs, binaries, config, systemd, backups, verify])],
});
