import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { privateFolder } from '../../../lib/cli/start/compile-cache.ts';
import { scratch } from '../support/scratch.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

it.each(['.', 'playbooks'])(
  'npx tsx neither reads nor writes a cache in the shared /tmp, from %s',
  (folder) => {
    const tmp = scratch();
    // As whoever comes first on this machine may leave it.
    const planted = join(tmp, `tsx-${process.getuid?.()}`);
    mkdirSync(planted, { mode: 0o777 });
    const env = { ...process.env, TMPDIR: tmp, TSX_DISABLE_CACHE: undefined, NODE_COMPILE_CACHE: undefined };
    const site = join(ROOT, 'playbooks/site.ts');
    const said = execFileSync('npx', ['tsx', site, '--version'], { cwd: join(ROOT, folder), env });
    expect(String(said)).toMatch(/^\d+\.\d+/);
    expect(readdirSync(tmp)).toEqual([`tsx-${process.getuid?.()}`]);
    expect(readdirSync(planted)).toEqual([]);
  },
);

describe("the folder of Node's compile cache", () => {
  it('is made for its owner alone', () => {
    const home = scratch();
    chmodSync(home, 0o755);
    expect(privateFolder(home)).toBe(join(home, 'quorate'));
    expect(privateFolder(home)).toBe(join(home, 'quorate'));
  });

  it.each([
    ['others may write to it', (home: string) => mkdirIn(home, 0o777)],
    ['its group may', (home: string) => mkdirIn(home, 0o770)],
    ['it is a link', (home: string) => symlinkSync(scratch(), join(home, 'quorate'))],
    ['others may write to what it lies in', (home: string) => chmodSync(home, 0o1777)],
  ])('is none where %s', (_, make) => {
    const home = scratch();
    make(home);
    expect(privateFolder(home)).toBeUndefined();
  });
});

function mkdirIn(home: string, mode: number): void {
  mkdirSync(join(home, 'quorate'));
  chmodSync(join(home, 'quorate'), mode);
}
