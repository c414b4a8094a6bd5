import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { flagsOf, gatesOf } from '../../lib/etcd/model/flag-catalogue.ts';
import { describeLab, itHaving } from './support/describeLab.ts';
import { must } from './support/host/process.ts';
import { KNOWN_VERSIONS, NEWEST } from './support/releases/etcdVersions.ts';
import { tarballOf } from './support/releases/releases.ts';

/** What the main job makes of every version is in `minors.test.ts`. */
describeLab('the flags that etcd_settings is checked against', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'quorate-flags-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const unpack = async (version: string) => {
    const arch = (await must('dpkg', ['--print-architecture'])).trim();
    const top = `etcd-v${version}-linux-${arch}`;
    await must('tar', ['-xzf', tarballOf(version, arch), '-C', dir, `${top}/etcd`]);
    return join(dir, top, 'etcd');
  };

  for (const version of KNOWN_VERSIONS) {
    itHaving(version)(`are those of etcd ${version} itself`, async () => {
      const etcd = await unpack(version);
      const run = (...args: string[]) => {
        const { stdout, stderr } = spawnSync(etcd, args, { encoding: 'utf8', timeout: 10_000 });
        return stdout + stderr;
      };
      // What it does not know ends it at once, at the latest with the second.
      const has = (name: string) => !run(`--${name}=x`, '--no-such-flag').includes(`not defined: -${name}\n`);
      const help = run('--help');
      const listed = new Set([...help.matchAll(/^\s*--([a-z0-9-]+)/gm)].map(([, name]) => String(name)));
      const known = flagsOf(version);
      expect(listed.size).toBeGreaterThan(50);
      // Its help is not proof: some names are not in it, and some are not in the program. Each costs a process.
      expect([...listed].filter((name) => !known.has(name) && has(name))).toEqual([]);
      const doubtful = [...known].filter((name) => version === NEWEST || !listed.has(name));
      expect(doubtful.filter((name) => !has(name))).toEqual([]);
      const gates = [...help.matchAll(/^\s+(\w+)=true\|false \(/gm)].map(([, name]) => String(name));
      expect([...gatesOf(version)].sort()).toEqual(gates.sort());
    });
  }
});
