import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/probe.ts';
import { World } from '../../../lib/dsl/world.ts';
import { type UserOptions, user } from '../../../lib/resources/user.ts';

/** What the probe prints: groups that are asked about, and the user if there is one. */
function observed(groups: readonly string[], own?: string): string {
  return [...groups.map((name) => `group ${name} 100:`), own ?? ''].join(`\n${MARK}\n`);
}

const ANN = 'primary ann\ngroups ann sudo\npasswd ann 1000:1000::/home/ann:/bin/sh';
const plan = (options: UserOptions, out: string, world = new World()) =>
  user('ann', options)
    .diff({ code: 0, out }, world)
    .map(({ kind, property, before, after }) => `${kind} ${property}: ${before} → ${after}`);

describe('a user', () => {
  it.each<[string, UserOptions, out: string, string[]]>([
    ['who is not there', {}, observed([]), ['create name: null → ann']],
    ['who is not there, in a group', { group: 'web' }, observed(['web']), ['create group: null → web']],
    [
      'who is not there, in two groups',
      { groups: ['sudo'] },
      observed(['sudo']),
      ['create name: null → ann', 'create groups: null → sudo'],
    ],
    ['who is there', {}, observed([], ANN), []],
    ['whose other groups nobody mentioned', { groups: [] }, observed([], ANN), []],
    ['who is in the group', { groups: ['sudo'] }, observed(['sudo'], ANN), []],
    [
      'whose primary group is among the groups',
      { groups: ['ann', 'sudo'] },
      observed(['ann', 'sudo'], ANN),
      [],
    ],
    [
      'who is to be in one more group',
      { groups: ['adm'] },
      observed(['adm'], ANN),
      ['update groups: null → adm'],
    ],
    ['with another shell', { shell: '/bin/bash' }, observed([], ANN), ['update shell: /bin/sh → /bin/bash']],
    ['with another primary group', { group: 'web' }, observed(['web'], ANN), ['update group: ann → web']],
    ['whose home is elsewhere', { home: '/srv' }, observed([], ANN), []],
  ])('%s', (_name, options, out, differences) => {
    expect(plan(options, out)).toEqual(differences);
  });

  it('takes no group away', () => {
    const task = user('ann', { groups: ['adm', 'web'] });
    const changes = task.diff({ code: 0, out: observed(['adm', 'web'], ANN) }, new World());
    expect(task.apply(changes, {}).text).toMatch(/\nusermod {2,}--append --groups adm,web ann$/);
  });

  it('needs its groups, or a task that makes them', () => {
    expect(() => plan({ groups: ['adm'] }, observed([], ANN))).toThrow(/to group adm: there is none/);
    const world = new World();
    world.group('adm').willBe({});
    expect(plan({ groups: ['adm'] }, observed([], ANN), world)).toEqual(['update groups: null → adm']);
  });

  it.each(['', 'a b', '-x', 'a:b'])('%j is no name', (name) => {
    expect(() => user(name)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});
