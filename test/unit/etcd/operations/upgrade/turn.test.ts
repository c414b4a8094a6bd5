import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import { errorsOf } from '../../../../../lib/errors.ts';
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

/** What the member of a host answers; `''` does not run. */
function answer(version: string): string {
  if (version === '') return `${MARK}@down 0\n`;
  const status = { header: { cluster_id: 1, member_id: 2 }, version, leader: 2, raftIndex: 9, raftTerm: 2 };
  return `${MARK}@status 0\n${JSON.stringify([{ Status: status }])}\n${MARK}@members 0\n{"members":[]}\n${MARK}@version 0 ${version}`;
}

/** Moves etcd01 of three from 3.6.16 to 3.7.3; the turn fails, and these versions answer by then. */
async function failsTo(versions: readonly string[], acceptDowntime = false) {
  const done: string[] = [];
  const cluster = fakeCluster(
    versions.map((version) => ({
      facts: {
        cluster: clusterFacts(),
        kept: { ...NOTHING_KEPT, program: '3.6.16' },
        service: 'inactive' as const,
      },
      says: (doing) => {
        done.push(doing);
        return doing === 'asking the member' ? answer(version) : '';
      },
    })),
  );
  const [host] = cluster.hosts;
  if (host === undefined) throw new Error('no host');
  let applied = 0;
  Object.assign(host, {
    apply: async () => {
      if (applied++ === 0) throw new Error('the gate after it refuses');
    },
  });
  const run = cluster.run({
    failed: () => cluster.errors.length > 0,
    each: async (some, work) => {
      const passed = await Promise.all(
        some.map((one) =>
          work(one).then(
            () => [one],
            (error) => {
              run.fail(error);
              return [];
            },
          ),
        ),
      );
      return passed.flat();
    },
  });
  const wish = { version: '3.7.3', settings: {}, acceptDowntime };
  const error = await moveMember(run, cluster, host, wish).catch((thrown) => thrown);
  const all = cluster.errors.flatMap((one) => errorsOf(one).map(({ message }) => message)).join('\n');
  return { isBack: done.includes('putting back what ran before'), message: error.message, all, done };
}

describe('a member whose turn failed', () => {
  it('stays on the new version where it works on it: another one may have failed', async () => {
    const { isBack, message, done } = await failsTo(['3.7.3', '3.6.16', '']);
    expect([isBack, message]).toEqual([
      false,
      expect.stringContaining('stopped after etcd01: it runs etcd 3.7.3'),
    ]);
    expect(done).toContain('forgetting what ran before');
  });

  it.each<[what: string, versions: readonly string[], acceptDowntime?: boolean]>([
    ['does not run', ['', '3.6.16', '3.6.16']],
    ['does not run, though another one neither does', ['', '3.6.16', '']],
    ['runs on another version, and the others can spare it', ['3.6.16', '3.6.16', '3.6.16']],
    ['does not run, and another one is on the new version already', ['', '3.7.3', '3.6.16']],
    ['is the only one, and that was agreed to', ['3.6.16'], true],
  ])('is put back where it %s', async (_what, versions, acceptDowntime) => {
    const { isBack, message } = await failsTo(versions, acceptDowntime);
    expect([isBack, message]).toEqual([true, expect.stringContaining('it does not run etcd 3.7.3')]);
  });

  it('is not restarted where that costs the quorum', async () => {
    const { isBack, all } = await failsTo(['3.6.16', '3.6.16', '']);
    expect([isBack, all]).toEqual([false, expect.stringContaining('stopping etcd01 leaves 1')]);
  });
});
