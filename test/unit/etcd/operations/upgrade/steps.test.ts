import { describe, expect, it } from 'vitest';
import { MINORS, minorOf, newestOf } from '../../../../../lib/etcd/model/versions.ts';
import {
  type MemberNow,
  type UpgradeState,
  upgradeSteps,
  type Wanted,
} from '../../../../../lib/etcd/operations/upgrade/steps.ts';

/** Members of these versions; the first leads. `!3.6.16` does not run. */
function cluster(versions: readonly string[], change: Partial<UpgradeState> = {}): UpgradeState {
  const members = versions.map(
    (version, i): MemberNow => ({
      host: `e${i + 1}`,
      version: version.replace('!', ''),
      runs: !version.startsWith('!'),
      leads: i === 0,
      oldLog: false,
    }),
  );
  const [lowest = ''] = members.map(({ version }) => minorOf(version)).sort();
  return {
    members,
    worksAs: lowest,
    storedAs: lowest >= '3.6' ? lowest : undefined,
    goingDown: undefined,
    authentication: 'off',
    wrong: undefined,
    open: undefined,
    ...change,
  };
}

function steps(
  state: UpgradeState,
  version: string,
  change: Partial<Wanted> = {},
): readonly string[] | string {
  const wanted = { version, via: [], downgrade: false, cancel: false, acceptDowntime: false, ...change };
  const found = upgradeSteps(state, wanted);
  if ('refused' in found) return `${found.message} (${found.hint})`;
  return found.map(({ kind, host, version }) =>
    kind === 'settle' || kind === 'finish' || kind === 'enable' || kind === 'ready' || kind === 'cancel'
      ? `${kind} ${version}`
      : `${host} ${kind === 'move' ? '' : `${kind} `}${version}`,
  );
}

const all = (version: string, count = 3) => Array.from({ length: count }, () => version);

describe('the steps up', () => {
  it.each([
    ['nothing to do', cluster(all('3.7.3')), '3.7.3', {}, []],
    ['a patch', cluster(all('3.6.14')), '3.6.16', {}, ['e2 3.6.16', 'e3 3.6.16', 'e1 3.6.16']],
    ['a minor', cluster(all('3.4.45')), '3.5.33', {}, ['e2 3.5.33', 'e3 3.5.33', 'e1 3.5.33', 'settle 3.5']],
    [
      'a minor that wants a later patch first',
      cluster(all('3.5.16')),
      '3.6.16',
      {},
      ['e2 3.5.33', 'e3 3.5.33', 'e1 3.5.33', 'e1 3.6.16', 'e3 3.6.16', 'e2 3.6.16', 'settle 3.6'],
    ],
    [
      'two minors: a raft snapshot on 3.6 in between, each leader last',
      cluster(all('3.5.30')),
      '3.7.3',
      {},
      [
        ...['e2 3.6.16', 'e3 3.6.16', 'e1 3.6.16', 'settle 3.6'],
        ...['e1 snapshot 3.6.16', 'e3 snapshot 3.6.16', 'e2 snapshot 3.6.16'],
        ...['e2 3.7.3', 'e3 3.7.3', 'e1 3.7.3', 'settle 3.7'],
      ],
    ],
    [
      'a cluster founded on 3.6',
      cluster(all('3.6.16')),
      '3.7.3',
      {},
      ['e2 3.7.3', 'e3 3.7.3', 'e1 3.7.3', 'settle 3.7'],
    ],
    [
      'the middle of a roll',
      cluster(['3.5.30', '3.6.16', '3.5.30']),
      '3.6.16',
      {},
      ['e3 3.6.16', 'e1 3.6.16', 'settle 3.6'],
    ],
    [
      'the end of one',
      cluster(all('3.6.16'), { worksAs: '3.5', storedAs: '3.5' }),
      '3.6.16',
      {},
      ['settle 3.6'],
    ],
    [
      'all there, but the cluster has not moved on: that first',
      cluster(all('3.6.16'), { worksAs: '3.5', storedAs: '3.5' }),
      '3.7.3',
      {},
      ['settle 3.6', 'e2 3.7.3', 'e3 3.7.3', 'e1 3.7.3', 'settle 3.7'],
    ],
    [
      'the cluster has moved on and its data not yet',
      cluster(all('3.6.16'), { worksAs: '3.6', storedAs: '3.5' }),
      '3.6.16',
      {},
      ['settle 3.6'],
    ],
    [
      'one that was stopped in its turn',
      cluster(['3.5.30', '3.6.16', '!3.5.30']),
      '3.6.16',
      {},
      ['e3 3.6.16', 'e1 3.6.16', 'settle 3.6'],
    ],
    [
      'one that has the new program and does not run',
      cluster(['3.5.30', '!3.6.16', '3.5.30']),
      '3.6.16',
      {},
      ['e2 3.6.16', 'e3 3.6.16', 'e1 3.6.16', 'settle 3.6'],
    ],
    [
      'the release that some run is the stop',
      cluster(['3.5.30', '3.6.14', '3.5.30']),
      '3.7.3',
      {},
      [
        ...['e3 3.6.14', 'e1 3.6.14', 'settle 3.6', 'e1 snapshot 3.6.14', 'e3 snapshot 3.6.14'],
        ...['e1 3.7.3', 'e3 3.7.3', 'e2 3.7.3', 'settle 3.7'],
      ],
    ],
    ['back to what the others run', cluster(['3.5.30', '3.6.16', '3.5.30']), '3.5.30', {}, ['e2 3.5.30']],
    ['one member', cluster(['3.5.30']), '3.6.16', { acceptDowntime: true }, ['e1 3.6.16', 'settle 3.6']],
    [
      'stops as named',
      cluster(all('3.3.25')),
      '3.5.30',
      { via: ['3.4.23'] },
      [
        ...[
          'e2 3.4.23',
          'e3 3.4.23',
          'e1 3.4.23',
          'settle 3.4',
          'e1 3.5.30',
          'e3 3.5.30',
          'e2 3.5.30',
          'settle 3.5',
        ],
      ],
    ],
  ] as const)('%s', (_what, state, version, change, wanted) => {
    const found = steps(state, version, change);
    expect(found).toEqual(wanted);
  });

  /** N × from × to: hundreds. */
  const cases = [1, 2, 3, 4, 5, 6, 7].flatMap((count) =>
    MINORS.flatMap((from) => MINORS.filter((to) => to >= from).map((to) => [count, from, to] as const)),
  );
  it.each(cases)(
    '%i members from %s to %s: each goes through each minor once, one at a time',
    (count, from, to) => {
      const [first, last] = [newestOf(from) ?? '', newestOf(to) ?? ''];
      const found = steps(cluster(all(first, count)), last, { acceptDowntime: true });
      const on = MINORS.slice(MINORS.indexOf(from) + 1, MINORS.indexOf(to) + 1);
      expect(found).toHaveLength(
        on.length * (count + 1) + (on.includes('3.6') && on.includes('3.7') ? count : 0),
      );
      for (const minor of on) {
        const moves = (found as string[]).filter(
          (one) => one.endsWith(` ${newestOf(minor)}`) && !/snapshot/.test(one),
        );
        expect(new Set(moves).size).toBe(count);
        const settled = found.indexOf(`settle ${minor}`);
        expect(settled).toBeGreaterThan(Math.max(...moves.map((one) => found.indexOf(one))));
      }
    },
  );
  it.each(cases.filter(([count, from, to]) => count <= 2 && from < to))(
    '%i members from %s to %s: not without agreement to be down',
    (count, from, to) => {
      const found = steps(cluster(all(newestOf(from) ?? '', count)), newestOf(to) ?? '');
      expect(found).toMatch(/voters, quorum \d: stopping e\d leaves \d \(.*--accept-downtime/);
    },
  );
  it.each(cases.filter(([count, from, to]) => count >= 3 && from < to))(
    '%i members from %s to %s: not while something is wrong',
    (count, from, to) => {
      const state = cluster(all(newestOf(from) ?? '', count), {
        wrong: { message: 'alarm NOSPACE on e2', hint: '' },
      });
      expect(steps(state, newestOf(to) ?? '')).toContain('alarm NOSPACE on e2');
    },
  );
});

describe('the steps down', () => {
  const down = { downgrade: true };
  const onto36 = ['e2 3.6.16', 'e3 3.6.16', 'e1 3.6.16', 'finish 3.6'];
  it.each([
    ['a minor', cluster(all('3.7.3')), '3.6.16', ['enable 3.6', 'ready 3.6', ...onto36]],
    ['begun', cluster(all('3.7.3'), { goingDown: '3.6' }), '3.6.16', ['ready 3.6', ...onto36]],
    ['ready', cluster(all('3.7.3'), { goingDown: '3.6', worksAs: '3.6', storedAs: '3.6' }), '3.6.16', onto36],
    [
      'in the middle',
      cluster(['3.7.3', '3.6.16', '3.7.3'], { goingDown: '3.6' }),
      '3.6.16',
      ['e3 3.6.16', 'e1 3.6.16', 'finish 3.6'],
    ],
    [
      'with one that rests: it is told first',
      cluster(['3.7.3', '!3.7.2', '3.7.3'], { goingDown: '3.6' }),
      '3.6.16',
      ['e2 start 3.7.2', 'ready 3.6', ...onto36],
    ],
    [
      'in the middle of a turn: what rests on the lower one is just started',
      cluster(['3.7.3', '!3.6.16', '3.7.3'], { goingDown: '3.6', worksAs: '3.6', storedAs: '3.6' }),
      '3.6.16',
      onto36,
    ],
    [
      'the rest of one that was taken back',
      cluster(['3.7.3', '3.6.16', '3.7.3']),
      '3.6.16',
      ['e3 3.6.16', 'e1 3.6.16'],
    ],
    [
      'all there, and etcd not done yet',
      cluster(all('3.6.16'), { goingDown: '3.6' }),
      '3.6.16',
      ['finish 3.6'],
    ],
    ['done', cluster(all('3.6.16')), '3.6.16', []],
    ['a patch', cluster(all('3.6.16')), '3.6.14', ['e2 3.6.14', 'e3 3.6.14', 'e1 3.6.14']],
    [
      'to 3.5, where the fields vanish',
      cluster(['3.5.33', '3.6.16', '3.5.33'], { goingDown: '3.5' }),
      '3.5.33',
      ['e2 3.5.33', 'finish 3.5'],
    ],
    [
      'two minors',
      cluster(all('3.7.3')),
      '3.5.33',
      [
        'enable 3.6',
        'ready 3.6',
        ...onto36,
        'enable 3.5',
        'ready 3.5',
        'e1 3.5.33',
        'e3 3.5.33',
        'e2 3.5.33',
        'finish 3.5',
      ],
    ],
  ] as const)('%s', (_what, state, version, wanted) => {
    const found = steps(state, version, down);
    expect(found).toEqual(wanted);
  });

  it.each([
    [
      'before any has gone',
      cluster(all('3.7.3'), { goingDown: '3.6', worksAs: '3.6', storedAs: '3.6' }),
      ['cancel 3.6', 'settle 3.7'],
    ],
    [
      'with one that has gone',
      cluster(['3.7.3', '3.6.16', '3.7.3'], { goingDown: '3.6' }),
      ['cancel 3.6', 'e2 3.7.3', 'settle 3.7'],
    ],
    ['again, a moment later', cluster(all('3.7.3'), { worksAs: '3.6', storedAs: '3.6' }), ['settle 3.7']],
    ['where none is on', cluster(all('3.7.3')), []],
  ] as const)('taken back %s', (_what, state, wanted) => {
    expect(steps(state, '3.7.3', { cancel: true })).toEqual(wanted);
  });
});

describe('what is refused', () => {
  it.each([
    ['going down unsaid', cluster(all('3.7.3')), '3.6.16', {}, /older.*--downgrade/],
    ['going down a patch unsaid', cluster(all('3.6.16')), '3.6.14', {}, /older.*--downgrade/],
    ['going down below 3.5', cluster(all('3.6.16')), '3.4.45', { downgrade: true }, /cannot go down/],
    ['going down from 3.5', cluster(all('3.5.33')), '3.4.45', { downgrade: true }, /cannot go down/],
    ['--downgrade upwards', cluster(all('3.6.16')), '3.7.3', { downgrade: true }, /needs an older version/],
    [
      'an upgrade during a downgrade',
      cluster(all('3.7.3'), { goingDown: '3.6' }),
      '3.7.3',
      {},
      /downgrade to 3\.6 is under way.*--cancel/,
    ],
    [
      'going back once the cluster has moved on',
      cluster(['3.6.16', '3.7.3'], { worksAs: '3.7' }),
      '3.6.16',
      { acceptDowntime: true },
      /older/,
    ],
    [
      'members two minors apart',
      cluster(['3.5.30', '3.7.3', '3.5.30']),
      '3.7.3',
      {},
      /more than one minor apart/,
    ],
    [
      'a stop from which there is no way on',
      cluster(all('3.4.45')),
      '3.6.16',
      { via: ['3.5.16'] },
      /no way to the next minor.*3\.5\.26/,
    ],
    [
      'authentication from 3.4 to 3.5',
      cluster(all('3.4.45'), { authentication: 'on' }),
      '3.5.33',
      {},
      /authentication is on.*auth disable/,
    ],
    [
      'authentication of which nobody can tell',
      cluster(all('3.4.45'), { authentication: { unread: 'etcdctl 3.4.45: Error: news' } }),
      '3.5.33',
      {},
      /whether authentication is on cannot be read: etcdctl 3\.4\.45: Error: news/,
    ],
    [
      'another target in the middle',
      cluster(['3.5.30', '3.6.16', '3.5.30'], { open: 'etcd 3.6.16' }),
      '3.7.3',
      {},
      /on the way to etcd 3\.6\.16/,
    ],
    [
      'too few that run',
      cluster(['!3.5.30', '!3.5.30', '!3.6.16']),
      '3.6.16',
      {},
      /3 voters, quorum 2, 0 running/,
    ],
    ['what nobody can tell', cluster(all('3.5.30'), { worksAs: undefined }), '3.6.16', {}, /no member tells/],
  ] as const)('%s', (_what, state, version, change, wanted) => {
    expect(steps(state, version, change)).toMatch(wanted);
  });

  it.each([
    ['authentication elsewhere', cluster(all('3.5.33'), { authentication: 'on' }), '3.6.16', {}],
    ['another target where none has gone yet', cluster(all('3.5.33'), { open: 'etcd 3.6.14' }), '3.6.16', {}],
  ] as const)('not: %s', (_what, state, version, change) => {
    expect(steps(state, version, change)).toHaveLength(4);
  });
});
