import { describe, expect, it } from 'vitest';
import type { PlayRun } from '../../../../../lib/dsl/play.ts';
import type { EtcdFacts } from '../../../../../lib/etcd/facts/index.ts';
import type { Intent } from '../../../../../lib/etcd/facts/intent.ts';
import {
  type Operation,
  type OperationStep,
  operationPlay,
} from '../../../../../lib/etcd/operations/common/operation.ts';
import { ledger, tally } from '../../../../../lib/etcd/operations/common/tally.ts';
import { intentProblem, openIntent } from '../../../../../lib/etcd/survey/intents.ts';
import { fakeCluster, memberReading } from '../../../support/fake-cluster.ts';

const LIVES = { facts: { owner: 'cluster etcd', reading: memberReading() } };
const LEDGER = ledger(tally(3, 3));

describe('an operation', () => {
  /** A list of titles that gets shorter by what is carried out. */
  function listOf(titles: readonly string[], broken: { title?: string; does?: () => void } = {}) {
    const left = [...titles];
    const done: string[] = [];
    const operation: Operation = {
      name: 'members',
      derive: async () =>
        left.map(
          (title): OperationStep => ({
            host: 'etcd01',
            title,
            ledger: LEDGER,
            carryOut: async () => {
              done.push(title);
              if (title === broken.title) return broken.does?.();
              left.shift();
            },
          }),
        ),
      verify: async () => {},
    };
    return { operation, done, left };
  }

  async function carryOut(operation: Operation, changes: Partial<PlayRun<EtcdFacts>> = {}) {
    const cluster = fakeCluster([LIVES, LIVES, LIVES]);
    const { strategy } = operationPlay(operation);
    const run = cluster.run(changes);
    let error: { message: string; exitCode?: number } | undefined;
    try {
      await strategy.admit?.(run);
      if (!run.check) await strategy.converge(run);
      await strategy.verify?.(run);
    } catch (thrown) {
      error = thrown as typeof error;
    }
    return { steps: cluster.steps, error };
  }

  it('shows all steps, then takes one after another', async () => {
    const { operation, done } = listOf(['add', 'promote']);
    const { steps, error } = await carryOut(operation);
    expect(error).toBeUndefined();
    expect(done).toEqual(['add', 'promote']);
    expect(steps).toEqual([
      'planned etcd01: add',
      'planned etcd01: promote',
      'begun etcd01: add',
      'done etcd01: add',
      'begun etcd01: promote',
      'done etcd01: promote',
    ]);
  });

  it('only shows them in a check', async () => {
    const { operation, done } = listOf(['add']);
    expect((await carryOut(operation, { check: true })).steps).toEqual(['planned etcd01: add']);
    expect(done).toEqual([]);
  });

  it('is not refused as without a cluster where the hosts that have it are out of reach', async () => {
    const { strategy } = operationPlay(listOf([]).operation);
    const admit = strategy.admit as NonNullable<typeof strategy.admit>;
    await expect(admit(fakeCluster([{}, undefined]).run())).rejects.toMatchObject({ exitCode: 4 });
    await expect(admit(fakeCluster([{}, {}]).run())).rejects.toMatchObject({ exitCode: 7 });
  });

  it('begins once the timer of a host has taken its snapshot', async () => {
    const { operation, done } = listOf(['add']);
    const seen: (readonly string[])[] = [];
    const says = (_doing: string, script: string) => {
      if (!script.includes('is-active')) return '';
      seen.push([...done]);
      return seen.length === 1 ? 'activating\n' : 'inactive\n';
    };
    const timed = { facts: { ...LIVES.facts, backupTimer: true }, says };
    const run = fakeCluster([timed]).run();
    const { strategy } = operationPlay(operation);
    await strategy.admit?.(run);
    await strategy.converge(run);
    expect([seen, done]).toEqual([[[], []], ['add']]);
  });

  it('asks nobody where nothing is to be done', async () => {
    const consent = () => Promise.reject(new Error('asked'));
    expect((await carryOut(listOf([]).operation, { consent })).error).toBeUndefined();
  });

  it('does nothing without consent: 3', async () => {
    const { operation, done } = listOf(['add']);
    const { error } = await carryOut(operation, { consent: async () => false });
    expect([error?.exitCode, done]).toEqual([3, []]);
    expect(error?.message).toContain('not agreed to');
  });

  it('stops at a step that is still to be done once it was carried out: 3', async () => {
    const { operation, done } = listOf(['add', 'promote'], { title: 'add' });
    const { error, steps } = await carryOut(operation);
    expect([error?.exitCode, done, steps.at(-1)]).toEqual([3, ['add'], 'failed etcd01: add']);
  });

  it('stops at a step that fails, and begins no other', async () => {
    const does = () => {
      throw new Error('broken');
    };
    const { error, steps } = await carryOut(listOf(['add', 'promote'], { title: 'add', does }).operation);
    expect(error?.message).toBe('broken');
    expect(steps).not.toContain('begun etcd01: promote');
  });

  it('touches nothing where the steps are no longer those that were shown: 3', async () => {
    const { operation, done, left } = listOf(['add']);
    const consent = async () => {
      left.push('another');
      return true;
    };
    const { error } = await carryOut(operation, { consent });
    expect([error?.exitCode, done]).toEqual([3, []]);
    expect(error?.message).toContain('has changed since');
  });

  it('goes on where a step that was shown is not wanted any more', async () => {
    const { operation, done, left } = listOf(['stop', 'add', 'promote']);
    const consent = async () => left.shift() === 'stop';
    const { error } = await carryOut(operation, { consent });
    expect([error, done]).toEqual([undefined, ['add', 'promote']]);
  });

  it('touches nothing where they come in another order: 3', async () => {
    const { operation, done, left } = listOf(['add', 'promote']);
    const consent = async () => left.reverse().length > 0;
    const { error } = await carryOut(operation, { consent });
    expect([error?.exitCode, done]).toEqual([3, []]);
  });

  it('says how it goes on where a host fails in a step, whether it is lost or not', async () => {
    const { operation, done } = listOf(['add', 'promote']);
    const { error } = await carryOut(operation, { failed: () => done.length === 1 });
    expect([error?.exitCode, done]).toEqual([3, ['add']]);
    expect(error).toMatchObject({
      message: expect.stringContaining('failed in this step'),
      hint: expect.stringMatching(/^see above why; once that is put right, run the same line again/),
    });
  });

  it('begins no step where a host could not note what it heads for: 3, with its name', async () => {
    const { operation, done } = listOf(['add']);
    const { error } = await carryOut(
      { ...operation, wish: async () => ({ target: 'snapshot a' }) },
      { each: async (hosts) => hosts.slice(1) },
    );
    expect([error?.exitCode, done]).toEqual([3, []]);
    expect(error?.message).toContain('could not be noted on etcd01');
  });

  it.each([
    ['members', 'etcd 3.6.16', ['"target":"etcd 3.6.16"', '"runId":"r1"', '"done":']],
    ['members', 'etcd 3.6.17', ['"target":"etcd 3.6.17"', '"runId":"r1"', '"done":']],
    ['upgrade', 'etcd 3.6.16', []],
  ])(
    'ends what %s has begun to etcd 3.6.17 where nothing is left to do for %s',
    async (verb, target, noted) => {
      const written: string[] = [];
      const intent: Intent = { verb, target: 'etcd 3.6.17', runId: 'r1' };
      const says = (doing: string, script: string) => {
        if (doing === 'noting what is under way') written.push(script);
        return '';
      };
      const cluster = fakeCluster([{ facts: { ...LIVES.facts, intent }, says }]);
      const run = cluster.run();
      const { strategy } = operationPlay({ ...listOf([]).operation, wish: async () => ({ target }) });
      await strategy.admit?.(run);
      await strategy.converge(run);
      expect(written).toHaveLength(noted.length > 0 ? 1 : 0);
      for (const part of noted) expect(written[0]).toContain(part);
      expect(cluster.said.some((line) => line.includes('is given up'))).toBe(
        noted.length > 0 && target !== intent.target,
      );
    },
  );

  it('stops between two steps on request: 130, with what is left', async () => {
    const { operation, done } = listOf(['add', 'promote']);
    const { error } = await carryOut(operation, { stopping: () => done.length === 1 });
    expect([error?.exitCode, done]).toEqual([130, ['add']]);
    expect(error?.message).toContain('etcd01: promote');
  });

  it('wants every host, but for those that it is about: 4', async () => {
    const missing = { unreachable: ['etcd03'] };
    expect((await carryOut(listOf([]).operation, missing)).error?.exitCode).toBe(4);
    const bare = { ...listOf([]).operation, mayBeBare: () => true };
    const admitted = operationPlay(bare).strategy.admit?.(fakeCluster([{}, undefined]).run());
    await expect(admitted).rejects.toMatchObject({
      hint: expect.stringMatching(/^once it answers again, .* so those may have it$/),
    });
    const lenient = { ...listOf([]).operation, mayMiss: () => ['etcd03'] };
    expect((await carryOut(lenient, missing)).error).toBeUndefined();
  });
});

describe('what another run has begun', () => {
  const intent: Intent = { verb: 'restore', target: 'snapshot a', runId: 'r1' };
  it.each([
    ['nothing', undefined, 'members', undefined],
    ['the same', intent, 'restore', 'snapshot a'],
    ['finished', { ...intent, done: 'r2' }, 'members', undefined],
  ] as const)('%s: may go on', (_what, one, verb, target) => {
    const { cluster, hosts } = fakeCluster([{ facts: { intent: one } }]);
    expect(intentProblem(cluster, hosts, verb, target)).toBeUndefined();
  });
  it.each([
    ['another verb', 'members', undefined],
    ['another target', 'restore', 'snapshot b'],
  ] as const)('%s is refused with its name and its run', (_what, verb, target) => {
    const { cluster, hosts } = fakeCluster([{}, { facts: { intent } }]);
    const problem = intentProblem(cluster, hosts, verb, target);
    expect(problem?.exitCode).toBe(3);
    expect(problem?.message).toContain('run r1 has begun something that is not finished: restore');
  });
  it.each<[what: string, kept: readonly (Intent | undefined)[], open: string | undefined]>([
    ['all have it', [intent, intent], 'r1'],
    ['one was killed before it noted it', [intent, undefined], 'r1'],
    ['one was away while it was reached', [{ ...intent, done: 'r2' }, intent], undefined],
    [
      'one was away, and another one was reached since',
      [{ ...intent, runId: 'r3', done: 'r3' }, intent],
      undefined,
    ],
    ['one was away, and another one is open', [intent, { ...intent, runId: 'r3' }], 'r3'],
    [
      'a new one has just begun',
      [
        { ...intent, runId: 'r3' },
        { ...intent, done: 'r2' },
      ],
      'r3',
    ],
  ])('is open or not: %s', (_what, kept, open) => {
    const { hosts } = fakeCluster(kept.map((one) => ({ facts: { intent: one } })));
    expect(openIntent(hosts)?.runId).toBe(open);
  });
});
