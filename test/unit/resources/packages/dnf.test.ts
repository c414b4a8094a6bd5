import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { World } from '../../../../lib/dsl/world/world.ts';
import type { PackagesOptions } from '../../../../lib/resources/packages/backend.ts';
import { packages } from '../../../../lib/resources/packages/index.ts';
import { dry, run } from '../../support/cycle.ts';
import { scratch } from '../../support/scratch.ts';

const KNOWN = 'rpm known site 1:1.10-1\nrpm known site 1:1.9-2\nrpm known site 1:1.9-1';

describe('packages of dnf, by what it prints', () => {
  const plan = (options: PackagesOptions, out: string) =>
    packages('site', options)
      .diff({ code: 0, out: `manager dnf\n${out}` }, new World())
      .map(({ kind, before, after, certainty }) => `${kind} ${before} → ${after} ${certainty}`);
  it.each<[string, PackagesOptions, string, string[]]>([
    ['missing', {}, KNOWN, ['create null → 1:1.10-1 certain']],
    ['missing, and its lists are not there', {}, '', ['create null → unknown unknown']],
    ['there, and a newer one is known', {}, `rpm installed site 1:1.9-1\n${KNOWN}`, []],
    ['there without an epoch', { version: '1.9-1' }, 'rpm installed site 1:1.9-1', []],
    ['there in some build', { version: '1.9' }, 'rpm installed site 0:1.9-1.el9', []],
    ['there by another name', {}, 'rpm provided site', []],
    [
      'there, built of a commit',
      { version: '1.9^20260101gitabc' },
      'rpm installed site 0:1.9^20260101gitabc-1.fc42',
      [],
    ],
    ['missing in the newest', { version: 'latest' }, KNOWN, ['create null → 1:1.10-1 certain']],
    [
      'there, and not the newest',
      { version: 'latest' },
      `rpm installed site 1:1.9-2\n${KNOWN}`,
      ['update 1:1.9-2 → 1:1.10-1 certain'],
    ],
    ['wanted in a version', { version: '1.9*' }, KNOWN, ['create null → 1:1.9-2 certain']],
    ['that are to go', { state: 'absent' }, 'rpm installed site 0:1.9-1', ['remove 1.9-1 → null certain']],
  ])('%s', (_name, options, out, found) => {
    expect(plan(options, out)).toEqual(found);
  });

  it('for an architecture are installed by the name that dnf knows', () => {
    const task = packages('site.i686 other', { version: '1.9' });
    const out = 'manager dnf\nrpm installed other 0:1.9-1\nrpm known site.i686 1:1.9-1';
    const changes = task.diff({ code: 0, out }, new World());
    expect(changes).toMatchObject([{ property: 'site.i686', after: '1:1.9-1' }]);
    expect(task.apply(changes, {}).text).toContain('install site-1:1.9-1.i686 ');
  });

  it('that are to go alone are named to dnf: it would remove what provides another name', () => {
    const task = packages('site httpd', { state: 'absent' });
    const out = 'manager dnf\nrpm installed site 0:1.9-1\nrpm provided httpd';
    const script = task.apply(task.diff({ code: 0, out }, new World()), {}).text;
    expect(script).toMatch(/^q_dnf_do remove --setopt=\S+ site$/m);
  });

  it('that others need stay', () => {
    expect(() => plan({ state: 'absent' }, 'rpm installed site 0:1.9-1\ntakes extra-1.0-1.noarch')).toThrow(
      /extra-1.0-1.noarch would go, too$/,
    );
  });

  it('that cannot be read are not taken for absent', () => {
    expect(() => packages('site').diff({ code: 1, out: 'manager dnf\nerror: rpmdb' }, new World())).toThrow(
      /cannot read the packages site/,
    );
  });
});

const TOOLS = ['dnf', 'rpm', 'rpmbuild', 'createrepo_c', 'unshare'];
const hasTools = process.getuid?.() === 0 && TOOLS.every((one) => spawnSync('which', [one]).status === 0);

/** Real: an install root of this machine's, and a repository beside it. */
describe.runIf(hasTools)('packages of dnf, really', () => {
  let dir: string;
  let shell: readonly string[];
  beforeAll(() => {
    dir = scratch();
    for (const name of ['bin', 'repo', 'root/etc/yum.repos.d', 'root/var/lib/rpm'])
      mkdirSync(join(dir, name), { recursive: true });
    const build = (name: string, version: string, epoch: number, more = '') => {
      const spec = `Name: ${name}\nVersion: ${version}\nRelease: 1\nEpoch: ${epoch}\nSummary: lab\nLicense: MIT\nBuildArch: noarch\n${more}%description\nlab\n%files\n`;
      writeFileSync(join(dir, 'x.spec'), spec);
      execFileSync(
        'rpmbuild',
        [
          '-bb',
          '--quiet',
          '--define',
          `_topdir ${dir}/build`,
          '--define',
          `_rpmdir ${dir}/repo`,
          join(dir, 'x.spec'),
        ],
        { stdio: 'pipe' },
      );
    };
    build('lab-site', '1.9', 1, 'Provides: lab-httpd\n');
    build('lab-site', '1.10', 1, 'Provides: lab-httpd\n');
    build('lab-extra', '1.0', 0, 'Requires: lab-site\n');
    execFileSync('createrepo_c', ['--quiet', join(dir, 'repo')]);
    writeFileSync(
      join(dir, 'root/etc/yum.repos.d/lab.repo'),
      `[lab]\nname=lab\nbaseurl=file://${dir}/repo\ngpgcheck=0\n`,
    );
    const wrap = (name: string, args: string) =>
      writeFileSync(join(dir, 'bin', name), `#!/bin/sh\nexec /usr/bin/${name} ${args} "$@"\n`, {
        mode: 0o755,
      });
    wrap(
      'dnf',
      `--installroot=${dir}/root --releasever=9 --setopt=cachedir=${dir}/cache --setopt=module_platform_id=platform:el9`,
    );
    wrap('rpm', `--root ${dir}/root`);
    // This machine has apt as well: hide what it has installed.
    const hide = `mount --bind /dev/null /var/lib/dpkg/status && PATH=${dir}/bin:$PATH exec sh`;
    shell = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', hide];
  }, 60_000);
  const work = (name: string, options: PackagesOptions = {}) => [packages(name, options)];

  it('are installed, updated, held at a version, and removed', async () => {
    const options = { dir, shell };
    // Nothing has been fetched yet.
    expect(await dry(work('lab-site', { version: '1.9' }), options)).toEqual([
      'create lab-site: null → unknown',
    ]);
    await run(work('lab-site', { version: '1.9' }), options);
    expect(await dry(work('lab-site lab-httpd'), options)).toEqual([]);
    expect(await dry(work('lab-site', { version: '1.9-1' }), options)).toEqual([]);
    expect(await run(work('lab-site', { version: 'latest' }), options)).toEqual([
      'update lab-site: 1:1.9-1 → 1:1.10-1',
    ]);
    await expect(dry(work('lab-site', { version: '1.9' }), options)).rejects.toThrow(/is older$/);
    expect(await run(work('lab-site', { version: '1.9', downgrade: true }), options)).toEqual([
      'update lab-site: 1:1.10-1 → 1:1.9-1',
    ]);
    expect(await run(work('lab-site lab-extra'), options)).toEqual(['create lab-extra: null → 1.0-1']);
    for (const names of ['lab-site', 'lab-site lab-nowhere'])
      await expect(dry(work(names, { state: 'absent' }), options)).rejects.toThrow(
        /lab-extra\S* would go, too$/,
      );
    expect(await run(work('lab-site lab-extra', { state: 'absent' }), options)).toHaveLength(2);
  }, 120_000);

  it('that nobody has are an error', async () => {
    await expect(run(work('lab-nowhere'), { dir, shell })).rejects.toMatchObject({ exitCode: 2 });
  }, 60_000);
});
