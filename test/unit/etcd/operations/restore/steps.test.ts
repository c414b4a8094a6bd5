import { describe, expect, it } from 'vitest';
import {
  type Progress,
  type RestoreKind,
  restoreSteps,
} from '../../../../../lib/etcd/operations/restore/steps.ts';
import { expectInOne, subsets } from '../../../support/ledgers.ts';

const SERVES: Omit<Progress, 'host'> = {
  prepared: false,
  placed: false,
  moved: false,
  up: true,
  healthy: true,
  alarmed: false,
  leads: false,
  closed: false,
};

const hosts = (...changes: Partial<Progress>[]) =>
  changes.map((change, i): Progress => ({ ...SERVES, host: `h${i + 1}`, ...change }));

/** `prepare h1 h2, stop h1`. */
function told(all: readonly Progress[]): string {
  const steps = restoreSteps(all);
  const kinds = [...new Set(steps.map(({ kind }) => kind))];
  return kinds
    .map(
      (kind) =>
        `${kind} ${steps
          .filter((one) => one.kind === kind)
          .map(({ host }) => host)
          .join(' ')}`,
    )
    .join(', ');
}

/** What a step makes of its host. */
function after(all: readonly Progress[], kind: RestoreKind, host: string): readonly Progress[] {
  const change: Record<RestoreKind, Partial<Progress>> = {
    prepare: { prepared: true },
    stop: { up: false, healthy: false },
    place: { prepared: false, placed: true },
    start: { up: true, closed: true },
    wait: {},
    open: { closed: false },
  };
  return all.map((one) => ({
    ...one,
    ...(one.host === host && change[kind]),
    ...(kind === 'wait' && { healthy: true }),
  }));
}

const PLACED = { placed: true, up: false, healthy: false };
const UP = { placed: true, healthy: false, closed: true };
const WHOLE = { ...UP, healthy: true };

describe('what a restore has to do', () => {
  it.each<[what: string, all: readonly Progress[], steps: string]>([
    [
      'all of it',
      hosts({}, {}, {}),
      'prepare h1 h2 h3, stop h1 h2 h3, place h1 h2 h3, start h1 h2 h3, wait h1, open h1 h2 h3',
    ],
    ['one member', hosts({}), 'prepare h1, stop h1, place h1, start h1, wait h1, open h1'],
    [
      'nobody runs',
      hosts({ up: false, healthy: false }, { up: false, healthy: false }),
      'prepare h1 h2, place h1 h2, start h1 h2, wait h1, open h1 h2',
    ],
    [
      'killed while it prepared',
      hosts({ prepared: true }, {}, {}),
      'prepare h2 h3, stop h1 h2 h3, place h1 h2 h3, start h1 h2 h3, wait h1, open h1 h2 h3',
    ],
    [
      'killed while it placed',
      hosts(PLACED, { prepared: true, up: false, healthy: false }),
      'place h2, start h1 h2, wait h1, open h1 h2',
    ],
    [
      'a placed one came up by itself',
      hosts({ ...UP, closed: false }, { prepared: true, up: false, healthy: false }),
      'stop h1, place h2, start h1 h2, wait h1, open h1 h2',
    ],
    [
      'an old one came up again',
      hosts(PLACED, { prepared: true }),
      'stop h2, place h2, start h1 h2, wait h1, open h1 h2',
    ],
    ['killed while it started', hosts(UP, PLACED, PLACED), 'start h2 h3, wait h1, open h1 h2 h3'],
    ['all wait for each other', hosts(UP, UP, UP), 'wait h1, open h1 h2 h3'],
    [
      'whole, with alarms of members of before',
      hosts({ ...WHOLE, alarmed: true }, { ...WHOLE, alarmed: true }),
      'wait h1, open h1 h2',
    ],
    ['whole, and closed: the leader last', hosts({ ...WHOLE, leads: true }, WHOLE, WHOLE), 'open h2 h3 h1'],
    [
      'killed while it opened',
      hosts({ ...WHOLE, leads: true }, { ...WHOLE, closed: false }, WHOLE),
      'open h3 h1',
    ],
    ['nothing any more', hosts({ ...WHOLE, closed: false }, { ...WHOLE, closed: false }), ''],
  ])('%s', (_what, all, steps) => {
    expect(told(all)).toBe(steps);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'of %i members, whichever work: each step is done once, in the order that was shown',
    (count) => {
      for (const working of subsets(count)) {
        let now: readonly Progress[] = hosts(...working.map((works) => ({ up: works, healthy: works })));
        const shown = restoreSteps(now);
        expect(shown[0]?.ledger.before.healthy).toBe(working.filter(Boolean).length);
        expectInOne(shown);
        const done: string[] = [];
        for (let left = restoreSteps(now); left[0]; left = restoreSteps(now)) {
          const { kind, host, title } = left[0];
          done.push(`${host} ${title}`);
          // Two clusters never serve at once, and no data is swapped under a member that runs.
          if (kind === 'place') expect(now.some(({ up }) => up)).toBe(false);
          now = after(now, kind, host);
        }
        expect(done).toEqual(shown.map(({ host, title }) => `${host} ${title}`));
        expect(now.every(({ placed, closed, up }) => placed && !closed && up)).toBe(true);
      }
    },
  );

  it('says what becomes of the quorum', () => {
    const steps = restoreSteps(hosts({}, {}, {}));
    expect(steps.map(({ ledger }) => ledger.after.spare)).toEqual([
      ...[1, 1, 1, 0, -1, -2, -2, -2, -2],
      ...[-1, 0, 1, 1, 1, 1, 1],
    ]);
  });
});
