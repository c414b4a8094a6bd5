import { expect, it } from 'vitest';
import { joinEnvironment } from '../../../../../lib/etcd/files/etcd-conf.ts';
import { joinsOf } from '../../../../../lib/etcd/operations/members/joins.ts';
import { bare, member } from './scenes.ts';

const url = (n: number) => `https://10.0.0.${n}:2380`;
const itself = member(4, { name: '', started: false });

it.each([
  [
    'those who are listed, and no one that is still to come',
    [member(1), itself],
    `etcd01=${url(1)},etcd04=${url(4)}`,
  ],
  [
    'all addresses of each',
    [member(1, { peerUrls: [url(1), url(9)] }), itself],
    `etcd01=${url(1)},etcd01=${url(9)},etcd04=${url(4)}`,
  ],
  ['another one of its own name', [member(1, { name: 'etcd04' }), itself], `1a=${url(1)},etcd04=${url(4)}`],
  [
    'two of one name',
    [member(1), member(2, { name: 'etcd01' }), itself],
    `1a=${url(1)},2a=${url(2)},etcd04=${url(4)}`,
  ],
  [
    'one that never started',
    [member(1), member(2, { name: '' }), itself],
    `etcd01=${url(1)},2a=${url(2)},etcd04=${url(4)}`,
  ],
])('who joins is told the list as it is: %s', (_what, list, wanted) => {
  expect(joinEnvironment(joinsOf(bare(4), list))).toBe(`ETCD_INITIAL_CLUSTER="${wanted}"\n`);
});
