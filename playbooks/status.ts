import { main } from '../lib/cli/main.ts';
import { statusStrategy } from '../lib/etcd/operations/site/strategy.ts';
import { etcdPlay } from '../lib/etcd/play.ts';
import { verify } from '../roles/verify.ts';

await main(import.meta.url, {
  name: 'status',
  description: 'Shows the etcd clusters of the inventory and whether they are healthy; changes nothing.',
  plays: [{ ...etcdPlay('status', [verify]), strategy: statusStrategy }],
});
