import { describe, expect, it } from 'vitest';
import { describeAct, story } from '../../lab/chaos/story.ts';

const CAST = {
  hosts: ['etcd01', 'etcd02', 'etcd03', 'etcd04', 'etcd05'],
  versions: ['3.5.30', '3.6.16', '3.7.3'],
};
const SEEDS = [...Array(300).keys()];

describe('a story of the chaos runs', () => {
  it('is the same for the same seed', () => {
    expect(story(7, CAST, 5)).toEqual(story(7, CAST, 5));
    expect(story(7, CAST, 4).map(describeAct)).toMatchInlineSnapshot(`
      [
        "roll, and etcd03 is unplugged at 98 %",
        "replace etcd02, and the run is asked to end at 24 %",
        "rotate, and etcd03 is unplugged at 16 %",
        "renew, and etcd01 is unplugged at 37 %",
      ]
    `);
  });

  it.each(SEEDS.slice(0, 50))(
    'keeps at least three members, and each act follows from the last: seed %i',
    (seed) => {
      const acts = story(seed, CAST, 12);
      expect(acts[0]?.before.members).toEqual(CAST.hosts.slice(0, 3));
      for (const [i, { before, after, operation, trouble }] of acts.entries()) {
        const { members } = before;
        if (i > 0) expect(before).toEqual(acts[i - 1]?.after);
        expect(after.members.length).toBeGreaterThanOrEqual(3);
        if (operation.name === 'grow') expect(members).not.toContain(operation.host);
        // An upgrade goes over one version, and leaves none out.
        const step = CAST.versions.indexOf(after.version) - CAST.versions.indexOf(before.version);
        expect(step).toBe({ upgrade: 1, downgrade: -1 }[operation.name as string] ?? 0);
        // Too few are left for a quorum, and who is left can be struck.
        if (operation.name === 'recover') {
          expect(operation.lost).not.toContain(operation.host);
          expect(members.length - operation.lost.length).toBeLessThanOrEqual(members.length / 2);
          if ('host' in trouble) expect(operation.lost).not.toContain(trouble.host);
        }
        if (trouble.name === 'split') expect(trouble.apart.length).toBeLessThan(members.length / 2);
        if ('host' in operation && operation.name !== 'grow') expect(members).toContain(operation.host);
        // With one machine away no other may go.
        if (operation.name === 'replace') expect(['none', 'kill', 'term', 'asked']).toContain(trouble.name);
      }
    },
  );

  it('has every operation and every trouble among some hundred', () => {
    const acts = SEEDS.flatMap((seed) => story(seed, CAST, 6));
    const names = (of: 'operation' | 'trouble') => [...new Set(acts.map((act) => act[of].name))].sort();
    expect(names('operation')).toEqual([
      'backup',
      'downgrade',
      'grow',
      'move',
      'recover',
      'renew',
      'replace',
      'restore',
      'revoke',
      'roll',
      'rotate',
      'shrink',
      'site',
      'upgrade',
    ]);
    expect(names('trouble')).toEqual([
      'asked',
      'cable',
      'expired',
      'full',
      'half-deaf',
      'kill',
      'no-room',
      'none',
      'power',
      'split',
      'term',
    ]);
  });
});
