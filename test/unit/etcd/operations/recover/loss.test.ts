import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../../lib/command-line.ts';
import { quorum } from '../../../../../lib/etcd/model/cluster.ts';
import { type Witness, whyNotLost } from '../../../../../lib/etcd/operations/recover/loss.ts';

const GONE: Omit<Witness, 'host'> = {
  reached: false,
  answersOthers: false,
  data: false,
  healthy: false,
  follows: false,
};
const gone = GONE;
const bare = { ...GONE, reached: true };
const left = { ...bare, data: true };
const works = { ...left, healthy: true, follows: true };
const follows = { ...left, follows: true };
const hidden = { ...gone, answersOthers: true };

function said(some: readonly Omit<Witness, 'host'>[], lost: readonly string[] = []) {
  const witnesses = some.map((one, i) => ({ host: `h${i + 1}`, ...one }));
  const error = whyNotLost({ name: 'prod' }, witnesses, some.length, lost);
  return error && `${error.exitCode} ${error.message} | ${error.hint}`;
}

describe('a quorum is lost', () => {
  it.each<[what: string, some: readonly Omit<Witness, 'host'>[], lost?: readonly string[]]>([
    ['one of three is left', [left, bare, bare]],
    ['the other two are not reached', [left, gone, gone]],
    ['one of two is left', [left, gone]],
    ['two of five are left', [left, left, gone, bare, gone]],
    ['two have data, and one of them is declared lost', [left, left, gone], ['h2']],
  ])('%s', (_what, some, lost) => {
    expect(said(some, lost)).toBeUndefined();
  });

  it.each<[what: string, some: readonly Omit<Witness, 'host'>[], wanted: string, lost?: readonly string[]]>([
    ['it works', [works, works, gone], 'it has a quorum: h1, h2 read and write'],
    ['one of one works', [works], 'it has a quorum: h1 reads'],
    ['a leader is known', [follows, gone, gone], 'h1 follows a leader'],
    [
      'the others live where nobody looks',
      [left, hidden, gone],
      'h2 is not reached from here, and its member answers',
    ],
    ['two of three have their data', [left, left, bare], '--lost h2'],
    ['one of them must not be started as it is', [left, bare, left], `${commandLine('site')} -l h1,h3, and`],
    ['all that are reached may be started', [left, left, gone], `${commandLine('site')}, and`],
    [
      'four of five have it',
      [left, left, left, left, gone],
      '2 of them are beyond that, say so: --lost h3,h4',
    ],
    ['one of one is stopped', [left], '1 voters, quorum 1, and 1 have their data: h1'],
    ['nobody has data', [bare, gone, gone], 'there is nothing to recover from'],
    ['all that have are lost', [left, left, gone], 'nothing to recover from', ['h1', 'h2']],
  ])('or not: %s', (_what, some, wanted, lost) => {
    expect(said(some, lost)).toMatch(/^3 prod: /);
    expect(said(some, lost)).toContain(wanted);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('of %i, by the arithmetic alone', (voters) => {
    for (let kept = 1; kept <= voters; kept++) {
      const some = Array.from({ length: voters }, (_, i) => (i < kept ? left : gone));
      expect([kept, said(some) === undefined]).toEqual([kept, kept < quorum(voters)]);
    }
  });
});
