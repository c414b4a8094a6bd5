import { OF_PLANS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { CERTS_FLAGS, isAskedFor } from '../lib/etcd/operations/certs/flags.ts';
import { certsPlay } from '../lib/etcd/operations/certs/operation.ts';
import { showCertificate } from '../lib/etcd/operations/certs/show.ts';
import { certs } from '../roles/certs.ts';
import { config } from '../roles/config.ts';
import { systemd } from '../roles/systemd.ts';

const ROLES = [certs, config, systemd];

export default await main(import.meta.url, {
  name: 'certs',
  description: 'Shows every certificate of a cluster, renews them, issues them to clients, rotates the CA.',
  inventory: '../inventory/local.yaml',
  hides: [...OF_PLANS, 'limit', 'diff', 'role', 'tags', 'skip-tags', 'list-tasks', 'list-tags'],
  examples: [
    ['-i inventory/prod.yaml', 'all certificates, on disk and served, with their ends'],
    ['-i inventory/prod.yaml --renew', 'make those anew that are due; no restart'],
    ['-i inventory/prod.yaml --renew etcd02', 'make those of a host anew, due or not'],
    ['-i inventory/prod.yaml --client patroni', 'a bundle for an application, and what to configure'],
    ['-i inventory/prod.yaml --rotate-ca', 'a new CA: stops once all members trust both'],
    ['-i inventory/prod.yaml --rotate-ca --clients-ready', 'goes on once clients have their bundles'],
    ['-i inventory/prod.yaml --csr out/', 'requests for the CA of your company, keys stay here'],
    ['-i inventory/prod.yaml --import in/', 'what it has signed: checked, taken in, installed'],
    ['-i inventory/prod.yaml --crl crl.pem', 'what it has revoked: checked, and looked at by members'],
    ['--show ca.pem', 'what is in a file, as cfssl certinfo prints it'],
  ],
  flags: CERTS_FLAGS,
  words: '[NAME…]',
  asks: ({ own }) => isAskedFor(own),
  prints: ({ own }) => (own.show === undefined ? undefined : showCertificate(String(own.show))),
  plays: [certsPlay(ROLES)],
  playsFor: (words) => [certsPlay(ROLES, words)],
});
