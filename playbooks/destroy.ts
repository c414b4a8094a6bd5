import { OF_PLANS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { requireConsent } from '../lib/etcd/operations/destroy/consent.ts';
import { destroyFacts } from '../lib/etcd/operations/destroy/facts.ts';
import { destroyStrategy } from '../lib/etcd/operations/destroy/strategy.ts';
import { etcdPlay } from '../lib/etcd/play.ts';
import { destroy } from '../roles/destroy.ts';

export default await main(import.meta.url, {
  name: 'destroy',
  description:
    'Takes away what runs have put on the hosts. Data and CA are set aside unless --purge; of a local cluster nothing is kept.',
  inventory: '../inventory/local.yaml',
  hides: [...OF_PLANS, 'role', 'tags', 'skip-tags', 'list-tags'],
  examples: [
    ['-y', 'the sample cluster on this machine'],
    ['-i inventory/prod.yaml --cluster prod --check', 'what would go'],
    ['-i inventory/prod.yaml --cluster prod -y', 'take it away; data and CA are set aside'],
  ],
  flags: [
    {
      name: 'cluster',
      type: 'string',
      placeholder: 'NAME',
      description: 'the cluster to destroy, by name; not needed for a local one',
    },
    { name: 'purge', type: 'boolean', description: 'also delete data, CA and certificates' },
  ],
  refuses: (hosts, { check, yes, own }) =>
    requireConsent(hosts, { check, yes, cluster: own.cluster as string | undefined }),
  plays: [{ ...etcdPlay('destroy', [destroy]), gather: destroyFacts, strategy: destroyStrategy }],
});
