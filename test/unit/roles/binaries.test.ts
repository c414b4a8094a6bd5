import { expect, it } from 'vitest';
import { shortDigest } from '../../../lib/dsl/path.ts';
import { World } from '../../../lib/dsl/world.ts';
import { ORDINARY } from '../../../lib/etcd/facts/index.ts';
import { NOTHING_KEPT } from '../../../lib/etcd/facts/kept.ts';
import { binaries } from '../../../roles/binaries.ts';
import { DEFAULTS } from '../support/defaults.ts';

it('an etcd that the host was to bring and has not: says what to do, and names no role', () => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1', etcd_source: 'path' };
  const [task] = binaries.tasks({ name: 'etcd01', vars, hostvars: { etcd01: vars }, facts: ORDINARY });
  expect(() => task?.diff({ code: 1, out: '' }, new World())).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: '/opt/etcd/bin/etcd is missing',
      hint: 'etcd_source is path, so it must be there before a run: put it there, set etcd_bin_dir to where it is, or choose another etcd_source',
    }),
  );
  expect(task?.diff({ code: 0, out: '' }, new World())).toEqual([]);
});

it.each<[string, property: string, after: string, loaded: string | undefined, inTurn: boolean]>([
  ['another version', 'version', '3.5.30', 'a', true],
  ['what the member has loaded', 'etcd', 'a', 'a', false],
  ['another program than it has loaded', 'etcd', 'a', 'b', true],
  ['a program, and nobody knows what it has loaded', 'etcd', 'a', undefined, true],
  ['a tool', 'etcdctl', 'a', 'b', false],
  ['the mode of the program', 'etcd mode', '0755', 'b', false],
])('brings %s: waits for the turn of the member or not', (_what, property, after, loaded, inTurn) => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1' };
  const digest = (letter: string) => letter.repeat(64);
  const kept = { ...NOTHING_KEPT, loadedProgram: loaded && digest(loaded) };
  const tasks = binaries.tasks({
    name: 'etcd01',
    vars,
    hostvars: { etcd01: vars },
    facts: { ...ORDINARY, kept },
  });
  const change = {
    resource: 'release:/opt/etcd/bin',
    kind: 'update' as const,
    property,
    before: null,
    after: property.startsWith('etcd') ? shortDigest(digest(after)) : after,
    certainty: 'certain' as const,
  };
  expect(tasks.at(-1)?.inTurn([change])).toBe(inTurn);
});
