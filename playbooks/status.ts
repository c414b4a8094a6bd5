import { OF_CHANGES } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { statusStrategy } from '../lib/etcd/operations/site/strategy.ts';
import { etcdPlay } from '../lib/etcd/play.ts';
import { verify } from '../roles/verify.ts';

export default await main(import.meta.url, {
  name: 'status',
  description: 'Shows the etcd clusters of the inventory and whether they are healthy; changes nothing.',
  inventory: '../inventory/local.yaml',
  hides: OF_CHANGES,
  examples: [['-i inventory/prod.yaml --output json', 'the same as data, for another program']],
  plays: [{ ...etcdPlay('status', [verify]), strategy: statusStrategy }],
});
