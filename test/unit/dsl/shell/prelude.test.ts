import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

describe.each(SHELLS)('a file written under %s', (_name, file, ...args) => {
  it("is its owner's alone until it is whole, and then has its mode", () => {
    const path = join(scratch(), 'file');
    const seen = `${path}.seen`;
    const half = path.replace(/file$/, '.file.quorate-new');
    const script = sh`umask 022
{ printf 'one half'; until [ -s ${half} ]; do sleep 0.01; done; stat -c %a ${half} >${seen}; printf ', the other'; } |
  q_write ${path} 0644 '' ''`;
    execFileSync(file ?? 'sh', [...args, '-c', `${PRELUDE}${script.text}`]);
    expect(readFileSync(seen, 'utf8')).toBe('600\n');
    expect(readFileSync(path, 'utf8')).toBe('one half, the other');
    expect(statSync(path).mode & 0o7777).toBe(0o644);
  });

  it.each(['n'.repeat(255), 'é'.repeat(127)])('may have a name as long as names are: %s', (name) => {
    const dir = scratch();
    const script = sh`printf x | q_write ${join(dir, name)} 0644 '' ''`;
    execFileSync(file ?? 'sh', [...args, '-c', `${PRELUDE}${script.text}`]);
    expect(readdirSync(dir)).toEqual([name]);
  });

  it('goes with what a killed writer left of it', () => {
    const dir = scratch();
    writeFileSync(join(dir, '.file.quorate-new'), 'half');
    writeFileSync(join(dir, 'other'), 'stays');
    const script = sh`q_drop ${join(dir, 'file')}`;
    execFileSync(file ?? 'sh', [...args, '-c', `${PRELUDE}${script.text}`]);
    expect(readdirSync(dir)).toEqual(['other']);
  });
});

describe.each(SHELLS)('what is free, by %s', (_name, file, ...args) => {
  it.each([
    ['/dev/sda1 41152736 9999 20971520 1% /', '20971520 /'],
    ['//nas/my share 41152736 9999   20971520     1% /mnt/my share', '20971520 /mnt/my share'],
    ['a 1 2 3 4% /x 41152736 9999 20971520 1% /mnt', '20971520 /mnt'],
    ['gcs:bucket 0 0 0 - /mnt', '0 /mnt'],
    ['', ' /'],
  ])('is read from the right: %j', (line, wanted) => {
    const script = sh`df() { printf '%s\n' 'Filesystem 1024-blocks' ${line}; }
q_df /x; echo "$q_kib $q_at"`;
    const out = execFileSync(file ?? 'sh', [...args, '-c', `${PRELUDE}${script.text}`], { encoding: 'utf8' });
    expect(out).toBe(`${wanted}\n`);
  });
});

describe.each(SHELLS)('the manifest, by %s', (_name, file, ...args) => {
  const own = (state: string, ...names: string[]) => {
    const script = sh`q_state=${state}
q_own ${names}`;
    const input = `${PRELUDE}${script.text}`;
    return spawnSync(file ?? 'sh', [...args], { input, encoding: 'utf8' });
  };
  const made = () => {
    const root = scratch();
    const state = join(root, 'records/etcd');
    mkdirSync(state, { recursive: true });
    return { root, state, manifest: join(state, 'manifest') };
  };

  it('gets what is new after what is there, also after half a line', () => {
    const { root, state, manifest } = made();
    own(state, `${root}/b`, `${root}/a`);
    expect(readFileSync(manifest, 'utf8')).toBe(`${root}/a\n${root}/b\n`);
    writeFileSync(manifest, `${root}/b\n${root}/half`);
    own(state, `${root}/a`, `${root}/b`);
    expect(readFileSync(manifest, 'utf8')).toBe(`${root}/b\n${root}/half\n${root}/a\n`);
  });

  it('is as it was where it cannot be written whole, and that is an error', () => {
    const { root, state, manifest } = made();
    own(state, `${root}/a`);
    mkdirSync(`${state}/.manifest.quorate-new`);
    expect(own(state, `${root}/b`).status).not.toBe(0);
    expect(readFileSync(manifest, 'utf8')).toBe(`${root}/a\n`);
  });
});
