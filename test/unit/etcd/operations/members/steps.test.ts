import { describe, expect, it } from 'vitest';
import { differencesOf, type Scene, saidOf } from '../../../../../lib/etcd/operations/members/scene.ts';
import { stepsOf } from '../../../../../lib/etcd/operations/members/steps.ts';
import { bare, member, place, scene, stopped, told, upTo } from './scenes.ts';

const THREE = [member(1), member(2), member(3)];
const AT_THREE = [place(1), place(2), place(3)];
const dead = (n: number) => member(n, { healthy: false });
const unstarted = (n: number, learner = true) =>
  member(n, { name: '', started: false, healthy: false, learner });
const learner = (n: number, healthy = true) => member(n, { learner: true, healthy });
const lost = (n: number) => bare(n, { reached: false });

describe('a word that means nobody', () => {
  const names = (host: string) => [place(1), place(2, { host, name: host })];
  it.each([
    ['ectd03', 'etcd03'],
    ['ETCD03', 'etcd03'],
    ['etcd3', 'etcd03'],
    ['etcd-03', 'etcd03'],
    ['etc03', 'etcd03'],
    ['etcd03.example.org', 'etcd03'],
    // It may be who has left by the run before.
    ['etcd04', undefined],
    ['etcd30', undefined],
    ['other', undefined],
  ])('%s is refused only where it is another way to write a name: %s', (word, near = '') => {
    for (const words of [{ remove: [word] }, { replace: [word] }]) {
      const planned = stepsOf(scene(THREE, AT_THREE, words));
      const hint = 'refused' in planned ? planned.refused.hint : '';
      expect(hint).toBe(near && `did you mean ${near}?`);
    }
  });
  it('is not a slip once this run has removed somebody: it was the word for that one', () => {
    const after = scene(THREE, AT_THREE, { remove: ['etcd03.example.org'] });
    expect(stepsOf(after, false)).toEqual({ steps: [] });
  });
  it.each([
    ['db-a', 'db-a.example', true],
    ['db-b', 'db-a', false],
    ['node-ab', 'node-ba', true],
  ])('%s for %s: %s', (word, host, isSlip) => {
    const given = scene([member(1), member(2)], names(host), { remove: [word] });
    expect('refused' in stepsOf(given)).toBe(isSlip);
  });
});

const CASES: readonly (readonly [what: string, given: Scene, wanted: readonly string[]])[] = [
  ['nothing differs', scene(THREE, AT_THREE), []],
  [
    'rules and files drift, and nobody comes or goes: that is for site',
    scene(THREE, AT_THREE, {}, { rules: true, files: true }),
    [],
  ],
  [
    'a host without a member',
    scene(THREE, [...AT_THREE, bare(4)]),
    ['add etcd04', 'start etcd04', 'promote etcd04'],
  ],
  [
    'the same, behind firewalls',
    scene(THREE, [...AT_THREE, bare(4)], {}, { rules: true, files: true }),
    ['let in etcd04', 'add etcd04', 'start etcd04', 'promote etcd04', 'files'],
  ],
  [
    'two hosts without one: the second when the first votes',
    scene(THREE, [...AT_THREE, bare(4), bare(5)]),
    ['add etcd04', 'start etcd04', 'promote etcd04', 'add etcd05', 'start etcd05', 'promote etcd05'],
  ],
  [
    'without learners (3.3) it is started in the same step',
    scene(THREE, [...AT_THREE, bare(4)], {}, { learners: false }),
    ['add etcd04'],
  ],
  [
    'a second voter without learners is an outage',
    scene([member(1)], [place(1), bare(2)], {}, { learners: false }),
    [
      'refused: 1 voter, and etcd 3.3 knows no learners: with a second one the cluster does not serve until that one works | --accept-downtime',
    ],
  ],
  [
    'the same by word',
    scene([member(1)], [place(1), bare(2)], { acceptDowntime: true }, { learners: false }),
    ['add etcd02'],
  ],
  [
    'a run was killed between add and start',
    scene([...THREE, unstarted(4)], [...AT_THREE, bare(4)]),
    ['start etcd04', 'promote etcd04'],
  ],
  [
    'it was killed while it started',
    scene([...THREE, unstarted(4)], [...AT_THREE, place(4)]),
    ['start etcd04', 'promote etcd04'],
  ],
  [
    'the same where the quorum waits for it (3.3, from one to two)',
    scene([dead(1), unstarted(2, false)], [place(1), bare(2)], {}, { learners: false }),
    ['start etcd02'],
  ],
  [
    'it was killed before the newcomer voted',
    scene([...THREE, learner(4)], [...AT_THREE, place(4)]),
    ['promote etcd04'],
  ],
  [
    'the learner does not run',
    scene([...THREE, learner(4, false)], [...AT_THREE, stopped(4)]),
    ['start etcd04', 'promote etcd04'],
  ],
  [
    'a learner that nobody has a host for',
    scene([...THREE, learner(4)], AT_THREE),
    [
      'refused: no member is removed unless you name it:\n  - member etcd04 (4a) at https://10.0.0.4:2380: no host in the inventory | --remove etcd04',
    ],
  ],
  [
    'a learner is left over, and another host is to come: the learner first',
    scene([...THREE, learner(4)], [...AT_THREE, bare(5), place(4)]),
    ['promote etcd04', 'add etcd05', 'start etcd05', 'promote etcd05'],
  ],
  [
    'a learner that is to leave',
    scene([...THREE, learner(4)], AT_THREE, { remove: ['etcd04'] }),
    ['remove 4a', 'files'],
  ],
  [
    'an unstarted one by its ID',
    scene([...THREE, unstarted(4)], AT_THREE, { remove: ['4a'] }),
    ['remove 4a', 'files'],
  ],
  [
    'a host where nothing was taken away from a member before',
    scene(THREE, [...AT_THREE, stopped(4)]),
    [
      'refused: it has the data of a member that was removed, or of another cluster, and is to begin as a new one | --replace etcd04',
    ],
  ],
  [
    'the same by word',
    scene(THREE, [...AT_THREE, stopped(4)], { replace: ['etcd04'] }),
    ['set aside etcd04', 'add etcd04', 'start etcd04', 'promote etcd04'],
  ],
  [
    'a member is down, and a host is to come',
    scene([member(1), member(2), dead(3)], [...AT_THREE.slice(0, 2), stopped(3), bare(4)]),
    [
      'refused: 3 voters, quorum 2, 2 healthy: etcd03 (3a) must work before etcd04 is added | --remove etcd03',
    ],
  ],
  [
    'a member without a host',
    scene(THREE, AT_THREE.slice(0, 2)),
    [
      'refused: no member is removed unless you name it:\n  - member etcd03 (3a) at https://10.0.0.3:2380: no host in the inventory | --remove etcd03',
    ],
  ],
  [
    'it is dead, and another host has come',
    scene([member(1), member(2), dead(3)], [...AT_THREE.slice(0, 2), bare(4)]),
    [
      'refused: no member is removed unless you name it:\n  - member etcd03 (3a) at https://10.0.0.3:2380: no host in the inventory | --replace etcd03',
    ],
  ],
  [
    'remove one that is no longer listed in the inventory',
    scene(THREE, AT_THREE.slice(0, 2), { remove: ['etcd03'] }),
    ['remove 3a', 'files'],
  ],
  [
    'remove one that is still listed: its data makes way',
    scene(THREE, AT_THREE, { remove: ['etcd03'] }),
    ['remove 3a', 'set aside etcd03', 'files'],
  ],
  [
    'the run was killed before its data made way',
    scene(THREE.slice(0, 2), [...AT_THREE.slice(0, 2), stopped(3)], { remove: ['etcd03'] }),
    ['set aside etcd03'],
  ],
  ['it is done', scene(THREE.slice(0, 2), [...AT_THREE.slice(0, 2), bare(3)], { remove: ['etcd03'] }), []],
  [
    'remove a dead one whose host does not answer',
    scene([member(1), member(2), dead(3)], [...AT_THREE.slice(0, 2), lost(3)], { remove: ['etcd03'] }),
    ['remove 3a', 'files'],
  ],
  [
    'from five to three, one after the other',
    scene([...THREE, member(4), member(5)], [...AT_THREE, place(4), place(5)], {
      remove: ['etcd04', 'etcd05'],
    }),
    ['remove 4a', 'set aside etcd04', 'remove 5a', 'set aside etcd05', 'files'],
  ],
  [
    'one leaves by word, another that works waits for its own',
    scene([...THREE, member(4), member(5)], AT_THREE, { remove: ['etcd04'] }),
    ['remove 4a', 'files'],
  ],
  [
    'from three to one',
    scene(THREE, [place(1)], { remove: ['etcd02', 'etcd03'] }),
    ['remove 2a', 'remove 3a', 'files'],
  ],
  [
    'the last one',
    scene([member(1)], [place(1)], { remove: ['etcd01'] }),
    ['refused: etcd01 (1a) is its only member: with it the cluster would be gone | '],
  ],
  [
    'all three',
    scene(THREE, AT_THREE, { remove: ['etcd01', 'etcd02', 'etcd03'] }),
    ['refused: etcd03 (3a) is its only member: with it the cluster would be gone | '],
  ],
  [
    'one that works beside a dead one',
    scene([member(1), member(2), dead(3)], AT_THREE, { remove: ['etcd02'] }),
    ['refused: 3 voters, 2 healthy: without etcd02 (2a) there are 2, quorum 2, and 1 healthy | '],
  ],
  [
    'the dead one and one that works: the dead one first',
    scene([member(1), member(2), dead(3)], [place(1), place(2)], { remove: ['etcd02', 'etcd03'] }),
    ['remove 3a', 'remove 2a', 'set aside etcd02', 'files'],
  ],
  [
    'replace a member whose data is gone',
    scene([member(1), member(2), dead(3)], [...AT_THREE.slice(0, 2), bare(3)], { replace: ['etcd03'] }),
    ['remove 3a', 'add etcd03', 'start etcd03', 'promote etcd03'],
  ],
  [
    'without the word',
    scene([member(1), member(2), dead(3)], [...AT_THREE.slice(0, 2), bare(3)]),
    [
      'refused: no member is removed unless you name it; none must be started without its data:\n  ↻ etcd03: member etcd03 (3a) has lost its data | --replace etcd03',
    ],
  ],
  [
    'a directory without a log is none, and makes way all the same',
    scene([member(1), member(2), dead(3)], [...AT_THREE.slice(0, 2), place(3, { keeps: false, up: false })], {
      replace: ['etcd03'],
    }),
    ['remove 3a', 'set aside etcd03', 'add etcd03', 'start etcd03', 'promote etcd03'],
  ],
  [
    'replace one whose data is there and that does not work',
    scene([member(1), member(2), dead(3)], AT_THREE, { replace: ['etcd03'] }),
    ['remove 3a', 'set aside etcd03', 'add etcd03', 'start etcd03', 'promote etcd03'],
  ],
  ['replace one that works: nothing to do', scene(THREE, AT_THREE, { replace: ['etcd03'] }), []],
  [
    'replace: killed between add and start',
    scene([member(1), member(2), unstarted(3)], [...AT_THREE.slice(0, 2), bare(3)], { replace: ['etcd03'] }),
    ['start etcd03', 'promote etcd03'],
  ],
  [
    'replace: killed before it voted',
    scene([member(1), member(2), learner(3)], AT_THREE, { replace: ['etcd03'] }),
    ['promote etcd03'],
  ],
  [
    'replace: a learner whose data is gone is begun anew',
    scene([member(1), member(2), learner(3, false)], [...AT_THREE.slice(0, 2), bare(3)], {
      replace: ['etcd03'],
    }),
    ['remove 3a', 'add etcd03', 'start etcd03', 'promote etcd03'],
  ],
  [
    'replace a dead one by a host of another name',
    scene([member(1), member(2), dead(3)], [...AT_THREE.slice(0, 2), bare(4)], { replace: ['etcd03'] }),
    ['remove 3a', 'let in etcd04', 'add etcd04', 'start etcd04', 'promote etcd04', 'files'],
  ],
  [
    'replace one that works by a host of another name: that one comes first',
    scene(THREE, [...AT_THREE.slice(0, 2), bare(4)], { replace: ['etcd03'] }),
    ['add etcd04', 'start etcd04', 'promote etcd04', 'remove 3a', 'files'],
  ],
  [
    'replace a dead one by a new machine of its name, at another address',
    scene(
      [member(1), member(2), dead(3)],
      [...AT_THREE.slice(0, 2), bare(3, { peerUrl: 'https://10.0.0.9:2380' })],
      { replace: ['etcd03'] },
    ),
    ['remove 3a', 'let in etcd03', 'add etcd03', 'start etcd03', 'promote etcd03', 'files'],
  ],
  [
    'a member has another address in the inventory',
    scene(THREE, [...AT_THREE.slice(0, 2), place(3, { peerUrl: 'https://10.0.0.9:2380' })]),
    ['tell etcd03', 'restart etcd03', 'files'],
  ],
  [
    'behind firewalls: they let both in first',
    scene(
      THREE,
      [...AT_THREE.slice(0, 2), place(3, { peerUrl: 'https://10.0.0.9:2380' })],
      {},
      { rules: true },
    ),
    ['let in etcd03', 'tell etcd03', 'restart etcd03', 'files'],
  ],
  [
    'the run was killed before its restart',
    scene(THREE, [...AT_THREE.slice(0, 2), place(3, { elsewhere: true })]),
    ['restart etcd03', 'files'],
  ],
  [
    'two move: the second once the first has been started anew',
    scene(THREE, [
      place(1),
      place(2, { peerUrl: 'https://10.0.0.8:2380' }),
      place(3, { peerUrl: 'https://10.0.0.9:2380' }),
    ]),
    ['tell etcd02', 'restart etcd02', 'let in etcd03', 'tell etcd03', 'restart etcd03', 'files'],
  ],
  [
    'it moves, and another one is down',
    scene(
      [member(1), dead(2), member(3)],
      [place(1), stopped(2), place(3, { peerUrl: 'https://10.0.0.9:2380' })],
    ),
    ['refused: 3 voters, quorum 2, 2 healthy: etcd02 (2a) must work before etcd03 moves | --remove etcd02'],
  ],
  [
    'its old address is gone already, and it does not run',
    scene(
      [member(1), member(2), dead(3)],
      [...AT_THREE.slice(0, 2), place(3, { peerUrl: 'https://10.0.0.9:2380', up: false })],
    ),
    ['tell etcd03', 'files'],
  ],
  [
    'the only one moves',
    scene([member(1)], [place(1, { peerUrl: 'https://10.0.0.9:2380' })]),
    ['refused: 1 voters, quorum 1: the cluster is down while it restarts | --accept-downtime'],
  ],
  [
    'by word',
    scene([member(1)], [place(1, { peerUrl: 'https://10.0.0.9:2380' })], { acceptDowntime: true }),
    ['tell etcd01', 'restart etcd01', 'files'],
  ],
  [
    'nobody answers',
    scene([], AT_THREE),
    ['refused: no member answers: members can only be changed while there is a quorum | '],
  ],
  [
    'no quorum',
    scene([member(1), dead(2), dead(3)], AT_THREE, { remove: ['etcd03'] }),
    ['refused: 3 voters, quorum 2, 1 healthy: members can only be changed while there is a quorum | '],
  ],
];

describe('the steps that make the members those of the inventory', () => {
  it.each(CASES)('%s', (_what, given, wanted) => {
    expect(told(given)).toEqual(wanted);
  });

  it('are called differently, each on its host', () => {
    for (const [, given] of CASES) {
      const planned = stepsOf(given);
      if ('refused' in planned) continue;
      const names = planned.steps.map(({ host, title }) => `${host}: ${title}`);
      expect(new Set(names).size).toBe(names.length);
      for (const { host } of planned.steps) expect(host).not.toBe('');
    }
  });
});

/** Every subset of members that do not work. */
function subsets(n: number): readonly (readonly number[])[] {
  return Array.from({ length: 2 ** n }, (_, mask) => upTo(n).filter((i) => mask & (1 << (i - 1))));
}

describe.each(upTo(7))('of %i members', (n) => {
  const quorum = Math.floor(n / 2) + 1;
  const listedWith = (down: readonly number[]) =>
    upTo(n).map((i) => (down.includes(i) ? dead(i) : member(i)));
  const placesWith = (down: readonly number[]) =>
    upTo(n).map((i) => (down.includes(i) ? stopped(i) : place(i)));

  it.each(subsets(n))('with any of them down, one joins where all work only', (...down) => {
    const planned = stepsOf(scene(listedWith(down), [...placesWith(down), bare(8)]));
    expect('steps' in planned).toBe(down.length === 0);
  });

  it.each(subsets(n))('with any of them down, each leaves only where enough are left', (...down) => {
    for (const i of upTo(n)) {
      const planned = stepsOf(scene(listedWith(down), placesWith(down), { remove: [`etcd0${i}`] }));
      const healthy = n - down.length;
      const left = healthy - (down.includes(i) ? 0 : 1);
      const needed = Math.floor((n - 1) / 2) + 1;
      const may = n > 1 && healthy >= quorum && left >= needed;
      expect(['steps' in planned, i]).toEqual([may, i]);
      if (!('steps' in planned)) continue;
      expect(planned.steps.filter(({ deed }) => deed.kind === 'remove')).toHaveLength(1);
    }
  });

  it.each(subsets(n))(
    'with any of them wiped, they come back one by one while there is a quorum',
    (...down) => {
      const places = upTo(n).map((i) => (down.includes(i) ? bare(i) : place(i)));
      const words = { replace: down.map((i) => `etcd0${i}`) };
      const planned = stepsOf(scene(listedWith(down), places, words));
      expect('steps' in planned).toBe(n - down.length >= quorum);
      if (!('steps' in planned)) return;
      for (const { ledger, deed } of planned.steps) {
        expect(ledger.after.healthy).toBeGreaterThanOrEqual(ledger.after.quorum);
        if (deed.kind === 'add') expect(ledger.before.healthy).toBe(ledger.before.voters);
      }
      const last = planned.steps.at(-1)?.ledger.after;
      if (last) expect([last.voters, last.healthy]).toEqual([n, n]);
    },
  );

  it.each(upTo(7))('scaled to %i by word, no step costs the quorum', (to) => {
    const words = { remove: upTo(n).flatMap((i) => (i > to ? [`etcd0${i}`] : [])) };
    const hosts = [
      ...upTo(Math.min(n, to)).map((i) => place(i)),
      ...upTo(to)
        .slice(n)
        .map((i) => bare(i)),
    ];
    for (const learners of [true, false]) {
      const given = scene(listedWith([]), hosts, { ...words, acceptDowntime: true }, { learners });
      const planned = stepsOf(given);
      if (!('steps' in planned)) throw new Error(planned.refused.message);
      for (const { ledger } of planned.steps.filter(() => learners))
        expect(ledger.after.spare).toBeGreaterThanOrEqual(0);
      const last = planned.steps.at(-1)?.ledger.after;
      if (last) expect(last.voters).toBe(to);
      expect(planned.steps.length === 0).toBe(n === to);
    }
  });
});

describe('what differs', () => {
  it.each([
    ['nothing', scene(THREE, AT_THREE), []],
    [
      'all of it',
      scene(
        [member(1), dead(2), member(3), member(5)],
        [place(1), bare(2), place(3, { peerUrl: 'https://10.0.0.9:2380' }), bare(4)],
      ),
      [
        '↻ etcd02: member etcd02 (2a) has lost its data',
        '~ etcd03: member etcd03 (3a) at https://10.0.0.3:2380, the inventory says https://10.0.0.9:2380',
        '+ etcd04: no member at https://10.0.0.4:2380',
        '- member etcd05 (5a) at https://10.0.0.5:2380: no host in the inventory',
      ],
    ],
  ] as const)('%s', (_what, given, wanted) => {
    expect(differencesOf(given).map(saidOf)).toEqual(wanted);
  });
});
