import { expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import { EXIT } from '../../../../../lib/errors.ts';
import { parseMember } from '../../../../../lib/etcd/facts/read-member.ts';
import { doctorStrategy } from '../../../../../lib/etcd/operations/doctor/index.ts';
import { clusterFacts, fakeCluster } from '../../../support/fake-cluster.ts';

const LIST =
  '{"members":[{"ID":2,"name":"etcd01","peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"]}]}';

/** A member alone that is well, but for what is in `list`. */
function answers(list: string): string {
  return `${MARK}@status 0
[{"Status":{"header":{"cluster_id":1,"member_id":2},"version":"3.7.3","leader":2,"raftIndex":9,"raftTerm":2}}]
${MARK}@members 0
${list}
${MARK}@hash 0
[{"HashKV":{"header":{"revision":7},"hash":1,"compact_revision":-1}}]
${MARK}@alarms 0
{"etcd":"of another world"}
${MARK}@version 0 3.9.1`;
}

it.each([
  ['alone ends with 2', LIST, EXIT.failed, /whether the cluster is healthy cannot be read/],
  [
    'beside a fault ends with 7',
    LIST.replace('10.0.0.1:2380', '10.0.0.9:2380'),
    EXIT.unhealthy,
    /not healthy, and no cause was found/,
  ],
])('an answer that nobody here can read, %s', async (_name, list, exitCode, message) => {
  const out = answers(list);
  const facts = { cluster: clusterFacts(), reading: parseMember(out), service: 'active' as const };
  const { run, errors } = fakeCluster([
    { facts, says: (doing) => (doing === 'asking the member' ? out : '') },
  ]);
  await doctorStrategy.verify?.(run());
  expect(errors).toMatchObject([{ exitCode, message: expect.stringMatching(message) }]);
});
