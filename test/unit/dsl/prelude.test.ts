import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/prelude.ts';
import { sh } from '../../../lib/dsl/sh.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

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

  it('goes with what a killed writer left of it', () => {
    const dir = scratch();
    writeFileSync(join(dir, '.file.quorate-new'), 'half');
    writeFileSync(join(dir, 'other'), 'stays');
    const script = sh`q_drop ${join(dir, 'file')}`;
    execFileSync(file ?? 'sh', [...args, '-c', `${PRELUDE}${script.text}`]);
    expect(readdirSync(dir)).toEqual(['other']);
  });
});
