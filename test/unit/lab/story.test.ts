import { describe, expect, it } from 'vitest';
import { describeAct, story } from '../../lab/chaos/story.ts';

const HOSTS = ['etcd01', 'etcd02', 'etcd03', 'etcd04', 'etcd05'];
const SEEDS = [...Array(300).keys()];

describe('a story of the chaos runs', () => {
  it('is the same for the same seed', () => {
    expect(story(7, HOSTS, 5)).toEqual(story(7, HOSTS, 5));
    expect(story(7, HOSTS, 4).map(describeAct)).toMatchInlineSnapshot(`
      [
        "roll, and etcd03 hears no other member at 6 %",
        "site, and the run is killed at 41 %",
        "site, and the run is killed at 73 %",
        "move etcd02, and the run is killed at 20 %",
      ]
    `);
  });

  it.each(SEEDS.slice(0, 50))(
    'keeps at least three members, and each act follows from the last: seed %i',
    (seed) => {
      const acts = story(seed, HOSTS, 12);
      expect(acts[0]?.members).toEqual(HOSTS.slice(0, 3));
      for (const [i, { members, then, operation, trouble }] of acts.entries()) {
        if (i > 0) expect(members).toEqual(acts[i - 1]?.then);
        expect(then.length).toBeGreaterThanOrEqual(3);
        if (operation.name === 'grow') expect(members).not.toContain(operation.host);
        if ('host' in operation && operation.name !== 'grow') expect(members).toContain(operation.host);
        // With one machine away no other may go.
        if (operation.name === 'replace') expect(['none', 'kill', 'term']).toContain(trouble.name);
      }
    },
  );

  it('has every operation and every trouble among some hundred', () => {
    const acts = SEEDS.flatMap((seed) => story(seed, HOSTS, 6));
    const names = (of: 'operation' | 'trouble') => [...new Set(acts.map((act) => act[of].name))].sort();
    expect(names('operation')).toEqual([
      'backup',
      'grow',
      'move',
      'renew',
      'replace',
      'roll',
      'rotate',
      'shrink',
      'site',
    ]);
    expect(names('trouble')).toEqual([
      'cable',
      'expired',
      'full',
      'half-deaf',
      'kill',
      'none',
      'power',
      'term',
    ]);
  });
});
