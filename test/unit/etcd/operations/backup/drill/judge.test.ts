import { describe, expect, it } from 'vitest';
import {
  type Judgement,
  judgeDrill,
  parseRestored,
  parseSaid,
  type Restored,
  type Said,
} from '../../../../../../lib/etcd/operations/backup/drill/judge.ts';
import type { Snapshot } from '../../../../../../lib/etcd/snapshots/index.ts';
import { memberStatus } from '../../../../support/fake-cluster.ts';

const SNAPSHOT: Snapshot = {
  file: 'prod-20261127T101500Z-r41.db',
  time: '2026-11-27T10:15:00Z',
  member: 'etcd01',
  cluster: 'prod',
  clusterId: 'c',
  revision: 41,
  keys: 13,
  size: 1024,
  hash: 7,
  sha256: 'a',
  version: '3.5.30',
  run: 'r1',
  age: 5000,
};
const hash = (value: number, compacted = 3) => ({ hash: value, revision: 41, compacted });
const SAID: Said = {
  status: memberStatus(1, { revision: 41 }),
  hash: hash(99),
  count: 8,
  read: 'b',
  unread: [],
};
const RESTORED: Restored = { ...SAID, seconds: 1.5, told: { hash: 7, revision: 41, keys: 13 } };
const LIVE: Said = { ...SAID, status: memberStatus(1, { revision: 53 }) };
const status = (change: object) => ({ status: memberStatus(1, { revision: 41, ...change }) });

describe('a snapshot that was tried', () => {
  it.each<[what: string, restored: Partial<Restored>, live: Partial<Said> | undefined, Partial<Judgement>]>([
    ['is the cluster as it was', {}, {}, { same: ['hash', 'count', 'keys'], apart: undefined, behind: 12 }],
    [
      'when leases let go of a key meanwhile',
      status({ revision: 42 }),
      {},
      { same: ['hash', 'count', 'keys'] },
    ],
    [
      'of a cluster that was compacted since, by its keys',
      {},
      { hash: hash(5, 9) },
      { same: ['count', 'keys'] },
    ],
    [
      'of a cluster in the midst of an upgrade, by its keys',
      status({ version: '3.4.30' }),
      {},
      { same: ['count', 'keys'] },
    ],
    [
      'that is compacted beyond it, by nothing',
      {},
      { hash: undefined, count: undefined },
      {
        same: [],
        behind: 12,
        apart: 'the cluster tells nothing of revision 41: compacted, or may not be read',
      },
    ],
    [
      'by its hash, where its keys may not be read',
      { count: undefined, read: undefined },
      {},
      { same: ['hash'], apart: undefined },
    ],
    [
      'by its hash, where the keys of the cluster may not be read',
      {},
      { count: undefined, read: undefined },
      { same: ['hash'], apart: undefined },
    ],
    [
      'of a cluster from before a restore, by nothing',
      {},
      status({ clusterId: 'd' }),
      { same: [], behind: undefined, apart: 'the cluster has another ID since' },
    ],
    [
      'where nobody answers, by nothing',
      {},
      undefined,
      { same: [], behind: undefined, apart: 'no member answered' },
    ],
    [
      'where its answer is in no shape known here, by nothing',
      {},
      { unread: ['etcdctl 3.9.0 answered `get` in a shape not known here'] },
      { same: [], apart: 'etcdctl 3.9.0 answered `get` in a shape not known here' },
    ],
    [
      'told by a tool of another version, which may count otherwise',
      { ...status({ version: '3.6.1' }), told: { hash: 1, revision: 41, keys: 2 } },
      {},
      {},
    ],
  ])('%s', (_what, restored, live, wanted) => {
    const judged = judgeDrill(SNAPSHOT, { ...RESTORED, ...restored }, live && { ...LIVE, ...live });
    expect(judged).toMatchObject({ problems: [], ...wanted });
  });

  it.each<[problem: string, restored: Partial<Restored>, live: Partial<Said>]>([
    ['the file has keys 12, its description 13', { told: { hash: 7, revision: 41, keys: 12 } }, {}],
    ['the file has hash 8, its description 7', { told: { hash: 8, revision: 41, keys: 13 } }, {}],
    ['the file has revision 40, its description 41', { told: { hash: 7, revision: 40, keys: 13 } }, {}],
    ['it comes up at revision 40, its description says 41', status({ revision: 40 }), {}],
    ['it comes up at revision 0, its description says 41', { status: undefined }, {}],
    ["etcd's tool does not tell what is in the file", { told: undefined }, {}],
    [
      'what was restored does not tell the hash of all keys at that revision, and the cluster does',
      { hash: undefined },
      {},
    ],
    [
      'what was restored does not tell the number of keys at that revision, and the cluster does',
      { count: undefined },
      { hash: hash(5, 9) },
    ],
    [
      'what was restored does not tell the first keys at that revision, and the cluster does',
      { read: undefined },
      { hash: hash(5, 9) },
    ],
    ['the cluster has another hash of all keys at that revision', {}, { hash: hash(98) }],
    ['the cluster has another number of keys at that revision', {}, { count: 9 }],
    ['the cluster has another content of the first keys at that revision', {}, { read: 'c' }],
  ])('is none: %s', (problem, restored, live) => {
    const judged = judgeDrill(SNAPSHOT, { ...RESTORED, ...restored }, { ...LIVE, ...live });
    expect(judged.problems).toEqual([problem]);
  });

  it('is read from what the shell printed', () => {
    const sum = 'ab'.repeat(32);
    const out = `seconds 00.57
status 0 [{"Endpoint":"unix://c:1","Status":{"header":{"cluster_id":17823499234872349123,"member_id":5,"revision":41,"raft_term":2},"version":"3.6.16","dbSize":1024,"leader":5,"raftIndex":9,"raftTerm":2,"raftAppliedIndex":9}}]
hashkv 0 [{"Endpoint":"unix://c:1","HashKV":{"header":{"revision":41},"hash":99,"compact_revision":3,"hash_revision":41}}]
count 0 {"header":{"revision":41}}
read ${sum}
told 0 {"hash":7,"revision":41,"totalKey":13,"totalSize":1024,"version":"3.6.0"}`;
    expect(parseRestored(out, '3.6.16')).toMatchObject({
      seconds: 0.57,
      status: { revision: 41, version: '3.6.16' },
      hash: { hash: 99, compacted: 3 },
      count: 0,
      read: sum,
      told: { hash: 7, revision: 41, keys: 13 },
      unread: [],
    });
    expect(parseRestored(out.replace('totalKey', 'keys'), '3.9.0')).toMatchObject({
      told: undefined,
      unread: ['etcdutl 3.9.0 answered `snapshot status` in a shape not known here'],
    });
    expect(parseSaid('count 1 \nhashkv 1 []\n', '3.6.16')).toEqual({
      status: undefined,
      hash: undefined,
      count: undefined,
      read: undefined,
      unread: [],
    });
  });
});
