import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flagsOf } from '../../lib/etcd/model/flag-catalogue.ts';
import { DIMENSIONS } from './matrix/dimensions.ts';
import { describeLab } from './support/describeLab.ts';
import { must } from './support/process.ts';
import { releasesDir } from './support/releases.ts';

/** What the main job makes of every version is in `matrix.test.ts`. */
describeLab('the flags that etcd_settings is checked against', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'quorate-flags-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const unpack = async (version: string) => {
    const arch = (await must('dpkg', ['--print-architecture'])).trim();
    const top = `etcd-v${version}-linux-${arch}`;
    await must('tar', [
      '-xzf',
      join(releasesDir(), `v${version}`, `${top}.tar.gz`),
      '-C',
      dir,
      `${top}/etcd`,
    ]);
    const path = join(dir, top, 'etcd');
    chmodSync(path, 0o755);
    return path;
  };

  it.each(DIMENSIONS.version)('are those of etcd %s itself', async (version) => {
    const etcd = await unpack(version);
    const run = (...args: string[]) => {
      const { stdout, stderr } = spawnSync(etcd, args, { encoding: 'utf8', timeout: 10_000 });
      return stdout + stderr;
    };
    const listed = new Set([...run('--help').matchAll(/^\s*--([a-z0-9-]+)/gm)].map(([, name]) => name));
    const known = flagsOf(version);
    expect([...listed].filter((name) => name !== undefined && !known.has(name))).toEqual([]);
    // Some are not in the help; of what it does not know etcd says that it is not defined.
    const unlisted = [...known].filter((name) => !listed.has(name));
    expect(unlisted.length).toBeLessThan(5);
    expect(unlisted.filter((name) => /not defined/.test(run(`--${name}`, '--version')))).toEqual([]);
  });
});
