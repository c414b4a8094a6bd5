import { describe, expect, it } from 'vitest';
import { foreseenGrowth } from '../../../../../lib/etcd/operations/members/grow.ts';
import {
  type RecoverKind,
  type RecoverProgress,
  recoverSteps,
} from '../../../../../lib/etcd/operations/recover/steps.ts';
import { surveyedOf } from '../../../support/fake-cluster.ts';
import { subsets } from '../../../support/ledgers.ts';

const BARE: Omit<RecoverProgress, 'host'> = {
  prepared: false,
  placed: false,
  moved: false,
  up: false,
  healthy: false,
  alarmed: false,
  leads: false,
  closed: false,
  data: false,
};
const UP = { up: true, data: true };
const EMPTIED = { placed: true };
const WORKS = { placed: true, data: true, up: true, healthy: true, leads: true, closed: true };
const JOINED = { ...WORKS, leads: false };

const hosts = (...changes: Partial<RecoverProgress>[]) =>
  changes.map((change, i): RecoverProgress => ({ ...BARE, host: `etcd0${i + 1}`, ...change }));

const growth = (count: number, version = '3.6.16') =>
  foreseenGrowth(surveyedOf(Array.from({ length: count }, () => ({}))).cluster, 'etcd01', version);

/** `stop 1, gather 1, …` */
function told(all: readonly RecoverProgress[], grown = growth(all.length)): string {
  return recoverSteps('etcd01', all, grown)
    .map(({ kind, host }) => `${kind} ${host.slice(-1)}`)
    .join(', ');
}

const GROW = 'grow 2, grow 2, grow 2, grow 3, grow 3, grow 3, open 2, open 3, open 1';

describe('what a recovery has to do', () => {
  it.each<[what: string, all: readonly RecoverProgress[], steps: string]>([
    ['all of it', hosts(UP, {}, {}), `stop 1, gather 1, place 1, empty 2, empty 3, start 1, wait 1, ${GROW}`],
    [
      'another one runs on what it has',
      hosts(UP, UP, {}),
      `stop 1, stop 2, gather 1, place 1, empty 2, empty 3, start 1, wait 1, ${GROW}`,
    ],
    ['it alone', hosts({}), 'gather 1, place 1, start 1, wait 1, open 1'],
    [
      'killed after what it was made of',
      hosts({ prepared: true }, {}, {}),
      `place 1, empty 2, empty 3, start 1, wait 1, ${GROW}`,
    ],
    [
      'its own data is aside, for the sake of another one',
      hosts({ kept: 'r1' }, {}, {}),
      `back 1, gather 1, place 1, empty 2, empty 3, start 1, wait 1, ${GROW}`,
    ],
    ['killed while others were emptied', hosts(EMPTIED, EMPTIED, {}), `empty 3, start 1, wait 1, ${GROW}`],
    ['one came back with its data meanwhile', hosts(WORKS, EMPTIED, UP), `stop 3, empty 3, ${GROW}`],
    ['one is wiped, and reached for the first time', hosts(WORKS, EMPTIED, {}), `empty 3, ${GROW}`],
    [
      'it starts',
      hosts({ placed: true, data: true, up: true, closed: true }, EMPTIED, EMPTIED),
      `wait 1, ${GROW}`,
    ],
    ['it works', hosts(WORKS, EMPTIED, EMPTIED), GROW],
    [
      'it works, with alarms of members of before',
      hosts({ ...WORKS, alarmed: true }, EMPTIED, EMPTIED),
      `wait 1, ${GROW}`,
    ],
  ])('%s', (_what, all, steps) => {
    expect(told(all)).toBe(steps);
  });

  const THIRD = 'grow 3, grow 3, grow 3';
  it.each<[what: string, all: readonly RecoverProgress[], steps: string]>([
    ['is down', hosts(WORKS, JOINED, {}), `empty 3, ${THIRD}, open 2, open 3, open 1`],
    ['runs', hosts(WORKS, JOINED, UP), `stop 3, empty 3, ${THIRD}, open 2, open 3, open 1`],
    [
      'runs, and what has joined is down since',
      hosts({ ...WORKS, healthy: false }, { ...JOINED, up: false, healthy: false }, UP),
      `stop 3, empty 3, start 2, wait 1, ${THIRD}, open 2, open 3, open 1`,
    ],
    [
      'is down, and so are all',
      hosts(
        { ...WORKS, up: false, healthy: false },
        { ...JOINED, up: false, healthy: false },
        { data: true },
      ),
      `empty 3, start 1, start 2, wait 1, ${THIRD}, open 2, open 3, open 1`,
    ],
  ])('one more is reached when another one has joined; it %s', (_what, all, steps) => {
    const left = growth(3).filter(({ host }) => host === 'etcd03');
    expect(told(all, left)).toBe(steps);
  });

  it.each<[what: string, all: readonly RecoverProgress[], steps: string]>([
    ['all have joined: the leader last', hosts(WORKS, JOINED, JOINED), 'open 2, open 3, open 1'],
    ['another one leads', hosts({ ...WORKS, leads: false }, { ...WORKS }, JOINED), 'open 3, open 1, open 2'],
    ['killed while it opened', hosts(WORKS, { ...JOINED, closed: false }, JOINED), 'open 3, open 1'],
    ['nothing any more', hosts({ ...WORKS, closed: false }, { ...JOINED, closed: false }), ''],
  ])('%s', (_what, all, steps) => {
    expect(told(all, [])).toBe(steps);
  });

  it('grows by plain members where etcd knows no learners', () => {
    expect(told(hosts(WORKS, EMPTIED, EMPTIED), growth(3, '3.3.25'))).toBe(
      'grow 2, grow 3, open 2, open 3, open 1',
    );
  });

  it('says what becomes of the quorum', () => {
    const spare = recoverSteps('etcd01', hosts(UP, {}, {}), growth(3)).map(
      ({ ledger }) => ledger.after.spare,
    );
    expect(spare).toEqual([...[-2, -2, -2, -2, -2], ...[-1, 0], ...[0, 0, 0, 0, 0, 1], ...[1, 1, 1]]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'of %i hosts, whichever still run: each step once, in the order shown, and no two clusters at once',
    (count) => {
      for (const running of subsets(count)) {
        let now: readonly RecoverProgress[] = hosts(...running.map((runs) => ({ data: true, up: runs })));
        let left = growth(count);
        const shown = recoverSteps('etcd01', now, left);
        const done: string[] = [];
        for (let [step] = shown; step; [step] = recoverSteps('etcd01', now, left)) {
          const { kind, host, title } = step;
          done.push(`${host} ${title}`);
          // No data is moved under a member that runs, and none is left when the new one begins.
          if (['gather', 'place', 'empty'].includes(kind)) expect(now.some(({ up }) => up)).toBe(false);
          if (kind === 'start') expect(now.every(({ placed }) => placed)).toBe(true);
          if (kind === 'grow') left = left.slice(1);
          const change = after(
            kind,
            left.some((one) => one.host === host),
          );
          now = now.map((one) => (one.host === host ? { ...one, ...change } : one));
          if (done.length > 100) break;
        }
        expect(done).toEqual(shown.map(({ host, title }) => `${host} ${title}`));
        expect(shown.at(-1)?.ledger.after).toMatchObject({ voters: count, healthy: count });
      }
    },
  );
});

/** What a step makes of its host. */
function after(kind: RecoverKind, grows: boolean): Partial<RecoverProgress> {
  const made: Record<RecoverKind, Partial<RecoverProgress>> = {
    stop: { up: false, healthy: false },
    back: { data: true },
    gather: { prepared: true },
    place: { prepared: false, placed: true, data: true },
    empty: { placed: true, data: false },
    start: { up: true, closed: true },
    wait: { healthy: true, leads: true },
    grow: grows ? {} : { up: true, healthy: true, closed: true, data: true },
    open: { closed: false },
  };
  return made[kind];
}
