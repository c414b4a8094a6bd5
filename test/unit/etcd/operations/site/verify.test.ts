import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlannedTask } from '../../../../../lib/dsl/play.ts';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import { EXIT } from '../../../../../lib/errors.ts';
import { parseMember } from '../../../../../lib/etcd/facts/read-member.ts';
import { showStatus, verify } from '../../../../../lib/etcd/operations/site/verify.ts';
import { canaryAnswers } from '../../../support/canary-answers.ts';
import { clusterFacts, fakeCluster, memberReading, planned } from '../../../support/fake-cluster.ts';

type Run = Parameters<typeof verify>[0];

const SICK = memberReading({ healthy: false });

const HEALTHY = `${MARK}@status 0
[{"Status":{"header":{"cluster_id":1,"member_id":2},"version":"3.7.3","leader":2,"raftIndex":9,"raftTerm":2}}]
${MARK}@members 0
{"members":[{"ID":2,"name":"etcd01","peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"]}]}
${MARK}@hash 0
[{"HashKV":{"header":{"revision":7},"hash":1,"compact_revision":-1}}]
${MARK}@alarms 0
{}`;

const CHANGED = [planned('file:/x', 'update')];

interface Story {
  readonly plan?: readonly PlannedTask[];
  readonly check?: boolean;
  /** The host failed already. */
  readonly failed?: boolean;
  /** Questions that go unanswered; after them the member is healthy. */
  readonly silent: number;
  /** Somebody asks to stop at this question. */
  readonly stopAt?: number;
}

/** Verifies a living cluster of one that was sick when facts were read; what was reported, and how long it took. */
async function verified({ plan = [], check = false, failed = false, silent, stopAt = Infinity }: Story) {
  let asked = 0;
  const says = (doing: string, text: string) => {
    if (doing.startsWith('proving ')) return canaryAnswers(text);
    if (doing !== 'asking the member') return '';
    asked += 1;
    return asked > silent ? HEALTHY : `${MARK}@members 1\ntimed out`;
  };
  const facts = { cluster: clusterFacts(), reading: SICK };
  const { run, errors } = fakeCluster([{ facts, plan, says }]);
  const began = Date.now();
  let over = false;
  const done = verify(
    run({ check, roles: ['verify'], stopping: () => asked >= stopAt, failed: () => failed }),
  ).finally(() => {
    over = true;
  });
  while (!over) await vi.advanceTimersByTimeAsync(50);
  await done;
  return {
    codes: errors.map((error) => (error as { exitCode: number }).exitCode),
    asked,
    ms: Date.now() - began,
  };
}

describe('the verification at the end of a run', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('waits after changes until members have found each other', async () => {
    const { codes, ms } = await verified({ plan: CHANGED, silent: 20 });
    expect(codes).toEqual([]);
    expect(ms).toBeGreaterThan(4000);
  });

  it('says what is wrong when they do not', async () => {
    const { codes, ms } = await verified({ plan: CHANGED, silent: Infinity });
    expect(codes).toEqual([EXIT.unhealthy]);
    expect(ms).toBeGreaterThanOrEqual(20_000);
  });

  it.each([
    ['nothing was changed', { silent: 20 }],
    ['it is a check', { plan: CHANGED, check: true, silent: 20 }],
    ['a task failed before', { plan: CHANGED, failed: true, silent: 20 }],
    ['somebody asks to stop', { plan: CHANGED, silent: 20, stopAt: 1 }],
  ])('answers at once when %s', async (_name, story) => {
    const { codes, ms } = await verified(story);
    expect(codes).toEqual([EXIT.unhealthy]);
    expect(ms).toBeLessThan(1000);
  });
});

it.each([
  ['status leaves it alone, and says so', showStatus, 0],
  ['site compares it, and asks for nothing that the facts have', (run: Run) => verify(run), 1],
] as const)('large data: %s', async (_what, look, times) => {
  let asked = 0;
  const large = `${HEALTHY}\n${MARK}@version 0 3.7.3\n${MARK}@unhashed 0 ${2 ** 31}`;
  const says = (doing: string, text: string) => {
    if (doing === 'asking the member') asked += 1;
    return text.includes('--rev=0') ? large : `${HEALTHY}\n${MARK}@version 0 3.7.3`;
  };
  const { hash: _, ...reading } = parseMember(HEALTHY.replace('"member_id":2', '"member_id":2,"revision":7'));
  const facts = {
    cluster: clusterFacts(),
    owner: 'cluster etcd',
    data: 'present' as const,
    reading: { ...reading, unhashed: 2 ** 31 },
  };
  const { run, said, errors } = fakeCluster([{ facts, says }]);
  await look(run({ check: true, roles: ['verify'] }));
  expect(errors).toEqual([]);
  expect(asked).toBe(times);
  expect(said.some((line) => line.includes('not compared here'))).toBe(times === 0);
});

describe('an answer in a shape that nobody here knows', () => {
  it.each(['status', 'members', 'hash', 'alarms'])(
    '%s: it is said as that, with the version, and never as sickness',
    async (name) => {
      const answers = HEALTHY.replace(new RegExp(`(@${name} 0\n).*`), '$1{"etcd":"of another world"}');
      const reading = parseMember(`${answers}\n${MARK}@version 0 3.9.1`);
      const { run, errors } = fakeCluster([{ facts: { cluster: clusterFacts(), reading } }]);
      const shown: unknown[] = [];
      const said: string[] = [];
      const running = run({ check: true, roles: ['verify'], show: (event) => shown.push(event) });
      const hosts = running.hosts.map((host) => ({
        ...host,
        report: (_role: string, _task: string, status: string) => said.push(status),
        read: async () => ({ code: 0, out: `${answers}\n${MARK}@version 0 3.9.1` }),
      }));
      await verify({ ...running, hosts });
      expect(errors).toMatchObject([
        {
          exitCode: EXIT.failed,
          message: expect.stringMatching(
            /^etcd: whether the cluster is healthy cannot be read:\n {2}etcd01: etcdctl 3\.9\.1 answered `[a-z ]+` in a shape not known here$/,
          ),
          hint: expect.stringMatching(/-- -w json (?:endpoint|member|alarm) \w+ shows the answer/),
        },
      ]);
      expect(shown).toMatchObject([{ healthy: null, members: [{ health: 'healthy' }] }]);
      expect(said).toEqual(['unknown']);
    },
  );
});
