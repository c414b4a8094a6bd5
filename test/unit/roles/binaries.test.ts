import { expect, it } from 'vitest';
import { World } from '../../../lib/dsl/world.ts';
import { ORDINARY } from '../../../lib/etcd/facts/index.ts';
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
