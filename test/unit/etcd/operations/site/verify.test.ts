import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlannedTask, PlayHost, PlayRun } from '../../../../../lib/dsl/play.ts';
import { MARK } from '../../../../../lib/dsl/probe.ts';
import { EXIT } from '../../../../../lib/errors.ts';
import { type EtcdFacts, ORDINARY } from '../../../../../lib/etcd/facts/index.ts';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { verify } from '../../../../../lib/etcd/operations/site/verify.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

const SICK: MemberReading = { healthy: false, said: '', certificates: [], alarms: [] };

const HEALTHY = `${MARK}@status 0
[{"Status":{"header":{"cluster_id":1,"member_id":2},"version":"3.7.3","leader":2,"raftIndex":9,"raftTerm":2}}]
${MARK}@members 0
{"members":[{"ID":2,"name":"etcd01","peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"]}]}
${MARK}@hash 0
[{"HashKV":{"header":{"revision":7},"hash":1,"compact_revision":-1}}]
${MARK}@alarms 0
{}`;

const CHANGED = [{ changes: [{}] }] as unknown as readonly PlannedTask[];

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
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1' };
  const cluster = { state: 'live', version: '3.5.30', token: undefined, caPem: undefined, furtherHosts: [] };
  const facts = { ...ORDINARY, cluster, reading: SICK };
  let asked = 0;
  const host = {
    target: { name: 'etcd01', vars, hostvars: { etcd01: vars }, facts },
    selected: true,
    plan,
    read: async (doing: string) => {
      if (doing !== 'asking the member') return { code: 0, out: '' };
      asked += 1;
      return { code: 0, out: asked > silent ? HEALTHY : `${MARK}@members 1\ntimed out` };
    },
    act: async () => ({ code: 0, out: '' }),
    report: () => {},
  } as unknown as PlayHost<EtcdFacts>;
  const errors: unknown[] = [];
  const run: Partial<PlayRun<EtcdFacts>> = {
    check,
    roles: ['verify'],
    explicitRoles: false,
    hosts: [host],
    unreachable: [],
    stopping: () => asked >= stopAt,
    log: () => {},
    show: () => {},
    conclude: () => {},
    each: async (some, work) => {
      await Promise.all(some.map(work));
      return some;
    },
    failed: () => failed,
    fail: (error) => errors.push(error),
  };
  const began = Date.now();
  let over = false;
  const done = verify(run as PlayRun<EtcdFacts>).finally(() => {
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
