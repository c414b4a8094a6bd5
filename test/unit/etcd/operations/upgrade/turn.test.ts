import { expect, it } from 'vitest';
import { NOTHING_KEPT } from '../../../../../lib/etcd/facts/kept.ts';
import { moveMember } from '../../../../../lib/etcd/operations/upgrade/turn.ts';
import { clusterFacts, fakeCluster } from '../../../support/fake-cluster.ts';

const UNREADABLE = '{"level":"warn","msg":"failed to read a snap file","path":"x.snap"}';

/** Brings a member that does not run from 3.5 to 3.6; `said` is what etcdutl prints. */
async function move(said: string) {
  const scripts = new Map<string, string>();
  const cluster = fakeCluster([
    {
      facts: { cluster: clusterFacts(), kept: { ...NOTHING_KEPT, program: '3.5.30' }, service: 'inactive' },
      says: (doing, script) => {
        scripts.set(doing, script);
        return doing === 'looking for data of API 2' ? said : '';
      },
    },
  ]);
  const [host] = cluster.hosts;
  if (host === undefined) throw new Error('no host');
  const run = cluster.run({ failed: () => cluster.errors.length > 0 });
  const wish = { version: '3.6.16', settings: {}, acceptDowntime: false };
  const error = await moveMember(run, cluster, host, wish).catch((thrown) => thrown);
  return { scripts, said: cluster.said, errors: [...cluster.errors, error] };
}

it('goes no further where a raft snapshot cannot be read, whatever etcdutl ends with', async () => {
  const { said, errors } = await move(UNREADABLE);
  expect(errors).toContainEqual(
    expect.objectContaining({ exitCode: 3, message: expect.stringContaining('cannot read a raft snapshot') }),
  );
  expect(said).toContainEqual(expect.stringContaining('etcd 3.5.30 is back in the place of 3.6.16'));
});

it('looks for data of API 2 as the member’s user, behind a stop that is proven', async () => {
  const { scripts } = await move(UNREADABLE);
  const script = scripts.get('looking for data of API 2') ?? '';
  expect(script).toMatch(/\$q_become env -i PATH="\$PATH" \S+\/etcdutl check v2store/);
  expect(script).toMatch(/is not stopped[\s\S]*check v2store/);
  expect(scripts.get('stopping the member')).toContain('is not stopped');
});
