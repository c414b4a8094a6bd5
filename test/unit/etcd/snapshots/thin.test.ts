import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as thin from '../../../../lib/etcd/snapshots/thin.ts';

const { parseKeep } = thin;
const now = Date.parse('2031-01-01T00:00:00Z');
const thinned = (files: readonly string[], keep: thin.Keep | undefined) => thin.thinned(files, keep, { now });
const thinnedApart: typeof thin.thinnedApart = (all, keep) => thin.thinnedApart(all, keep, { now });

const name = (stamp: string, revision = 1) => `prod-${stamp}-r${revision}.db`;
const DAY = (day: string, ...hours: string[]) => hours.map((hour) => `202611${day}T${hour}0000Z`);

describe('which snapshots stay', () => {
  it.each<[what: string, keep: string, stamps: string[], stay: string[]]>([
    ['none there', '1h', [], []],
    ['the newest, whatever is asked', '0h', DAY('01', '01', '02'), DAY('01', '02')],
    ['the last of an hour', '1h', ['20261101T010000Z', '20261101T015959Z'], ['20261101T015959Z']],
    ['of two hours', '2h', DAY('01', '01', '02', '03'), DAY('01', '02', '03')],
    [
      'hours that have one, however long ago',
      '2h',
      ['20250101T000000Z', ...DAY('01', '01')],
      ['20250101T000000Z', ...DAY('01', '01')],
    ],
    [
      'the last of each day',
      '2d',
      [...DAY('01', '01', '23'), ...DAY('02', '05', '06')],
      [...DAY('01', '23'), ...DAY('02', '06')],
    ],
    [
      'a week from Monday to Sunday',
      '2w',
      [...DAY('22', '12'), ...DAY('23', '12'), ...DAY('29', '12')],
      [...DAY('22', '12'), ...DAY('29', '12')],
    ],
    ['a week over the new year', '1w', ['20261228T000000Z', '20270103T000000Z'], ['20270103T000000Z']],
    [
      'the last of each month',
      '2m',
      ['20260930T235959Z', '20261001T000000Z', '20261101T000000Z'],
      ['20261001T000000Z', '20261101T000000Z'],
    ],
    [
      'hours and days together',
      '1h 2d',
      [...DAY('01', '01', '23'), ...DAY('02', '05', '06')],
      [...DAY('01', '23'), ...DAY('02', '06')],
    ],
    ['all', 'all', DAY('01', '01', '02'), DAY('01', '01', '02')],
  ])('%s: %s', (_what, keep, stamps, stay) => {
    const files = stamps.map((stamp) => name(stamp));
    const gone = thinned(files, parseKeep(keep));
    expect(files.filter((file) => !gone.includes(file)).sort()).toEqual(
      stay.map((stamp) => name(stamp)).sort(),
    );
  });

  it('of a cluster before a restore the same as without those that came after it', () => {
    const [before, safety, after, newest] = DAY('01', '01', '02', '03', '04').map((stamp) => name(stamp));
    const all = [
      { file: before!, clusterId: 'c0' },
      { file: safety!, clusterId: 'c0' },
      { file: after!, clusterId: 'd1' },
      { file: newest!, clusterId: 'd1' },
    ];
    expect(thinnedApart(all, parseKeep('1h'))).toEqual([before, after]);
  });

  it('and the last that each verb took first, until it takes its next', () => {
    const files = DAY('01', '01', '02', '03', '04', '05').map((stamp) => name(stamp));
    const before = ['upgrade', 'upgrade', 'members', undefined, undefined];
    const all = files.map((file, i) => ({ file, clusterId: 'c0', ...(before[i] && { before: before[i] }) }));
    expect(thinnedApart(all, parseKeep('1h'))).toEqual([files[3], files[0]]);
  });

  it('and of later ones than now all, which keep no other from its place', () => {
    const [future, ...real] = ['20400101T000000Z', ...DAY('02', '05'), ...DAY('01', '05')].map((one) =>
      name(one),
    );
    expect(thinned([future!, ...real], parseKeep('1d'))).toEqual(real.slice(1));
    const skewed = name('20310101T000059Z');
    expect(thinned([skewed, ...real], parseKeep('1d'))).toEqual(real);
  });

  it('and what this run took, by a clock that was set back', () => {
    const [newest, older, taken] = DAY('03', '05', '04', '03').map((one) => name(one));
    const options = { now, taken: [taken!] };
    expect(thin.thinned([newest!, older!, taken!], parseKeep('1h'), options)).toEqual([older]);
  });

  it('leaves alone what is not named like ours', () => {
    const others = [
      'prod.db',
      'snapshot-1.db',
      'prod-20261101T010000Z-r1.db.age',
      '.prod-20261101T010000Z-r1.db',
    ];
    expect(thinned([...others, name('20261101T010000Z'), name('20261101T020000Z')], parseKeep('1h'))).toEqual(
      [name('20261101T010000Z')],
    );
  });

  const stamps = fc
    .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
    .map((date) => name(date.toISOString().replace(/[-:]|\.\d+/g, '')));
  it('never removes the newest, and is done at once: what stayed stays', () => {
    const keeps = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3));
    fc.assert(
      fc.property(fc.uniqueArray(stamps, { minLength: 1 }), keeps, (files, [h, d, w, m]) => {
        const keep = parseKeep(`${h}h ${d}d ${w}w ${m}m`);
        const gone = thinned(files, keep);
        const stay = files.filter((file) => !gone.includes(file));
        expect(stay).toContain([...files].sort().at(-1));
        expect(thinned(stay, keep)).toEqual([]);
        expect(stay.length).toBeLessThanOrEqual(Math.max(1, h + d + w + m));
      }),
    );
  });
});
