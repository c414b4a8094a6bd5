import { describe, expect, it } from 'vitest';
import { bare, member, place, scene, told } from './scenes.ts';

/** etcd03 was given the data of etcd02, and votes as that; the member that it was is dead. */
const COPIED = [
  member(1),
  // It has told its own name.
  member(2, { name: 'etcd03', astray: 'etcd03' }),
  member(3, { healthy: false }),
];
const AT_THREE = [place(1), place(2), place(3)];

describe('a host that runs as the member of another one', () => {
  it('is not stopped while the quorum counts on it: what it votes for has to leave first', () => {
    expect(told(scene(COPIED, AT_THREE, { replace: ['etcd03'] }))).toEqual([
      "refused: it runs as member etcd03 (2a), which is etcd02's, with the data of that one: 2 voters, quorum 2, 2 healthy, and stopping it leaves 1 | --replace etcd02,etcd03",
    ]);
  });

  it('gets its own by one line, and the owner too: out of the list first, then the data away', () => {
    expect(told(scene(COPIED, AT_THREE, { replace: ['etcd02', 'etcd03'] }))).toEqual([
      'remove 3a',
      'remove 2a',
      'set aside etcd02',
      'set aside etcd03',
      'add etcd02',
      'start etcd02',
      'promote etcd02',
      'add etcd03',
      'start etcd03',
      'promote etcd03',
    ]);
  });

  it('the same among five, and where the data of a third one was copied', () => {
    const five = [...COPIED, member(4), member(5)];
    const places = [...AT_THREE, place(4), place(5)];
    const steps = told(scene(five, places, { replace: ['etcd02', 'etcd03'] }));
    expect(steps.slice(0, 4)).toEqual(['remove 3a', 'remove 2a', 'set aside etcd02', 'set aside etcd03']);
    expect(told(scene(five, places, { replace: ['etcd03'] }))).toEqual([
      expect.stringContaining(
        '4 voters, quorum 3, 4 healthy, and stopping it leaves 3 | --replace etcd02,etcd03',
      ),
    ]);
  });

  it('is not stopped by the word that takes it out either', () => {
    expect(told(scene(COPIED, AT_THREE, { remove: ['etcd03'] }))).toEqual([
      expect.stringMatching(/^refused: it runs as member etcd03 .* --replace etcd02,etcd03$/),
    ]);
  });

  it('is replaced by itself where the owner answers as well', () => {
    const both = [member(1), member(2), member(3, { healthy: false })];
    expect(told(scene(both, AT_THREE, { replace: ['etcd03'] })).slice(0, 2)).toEqual([
      'remove 3a',
      'set aside etcd03',
    ]);
  });

  it('whose owner has a bare host is taken out by the word for the owner', () => {
    const places = [place(1), bare(2), place(3)];
    const steps = told(scene(COPIED, places, { replace: ['etcd02', 'etcd03'] }));
    expect(steps.slice(0, 3)).toEqual(['remove 3a', 'remove 2a', 'set aside etcd03']);
  });
});
