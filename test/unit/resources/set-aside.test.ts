import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/prelude.ts';
import { sh } from '../../../lib/dsl/sh.ts';
import { World } from '../../../lib/dsl/world.ts';
import { type SetAsideOptions, setAside } from '../../../lib/resources/set-aside.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

describe.each(SHELLS)('a directory makes way, by %s', (_name, file, ...args) => {
  const run = (script: string) =>
    execFileSync(file, args, { input: `${PRELUDE}\n${script}`, encoding: 'utf8' });
  const made = (desired: Partial<SetAsideOptions> = {}) => {
    const dir = scratch();
    const path = join(dir, 'data');
    mkdirSync(join(path, 'member'), { recursive: true });
    writeFileSync(join(path, 'member/db'), 'kept');
    const stop = sh`: >${`${dir}/stopped`}`;
    const task = setAside(path, { label: 'set-aside', asRoot: false, service: 'etcd', stop, ...desired });
    const look = () => task.diff({ code: 0, out: run((task.probe as { text: string }).text) }, new World());
    return { dir, path, task, look, apply: () => run(task.apply(look(), {}).text) };
  };

  it('under another name, whole, once what works in it is stopped', () => {
    const { dir, path, look, apply } = made();
    expect(look()).toMatchObject([{ kind: 'remove', property: 'path', before: path, after: null }]);
    const out = apply();
    const [aside = ''] = readdirSync(dir).filter((name) => name.startsWith('data.'));
    expect(aside).toMatch(/^data\.set-aside-\d{8}T\d{6}Z$/);
    expect(out).toBe(`moved to ${join(dir, aside)}\n`);
    expect(readFileSync(join(dir, aside, 'member/db'), 'utf8')).toBe('kept');
    expect(existsSync(join(dir, 'stopped'))).toBe(true);
    expect(look()).toEqual([]);
  });

  it('or is deleted, where that is wanted', () => {
    const { dir, look, apply } = made({ purge: true });
    apply();
    expect(readdirSync(dir)).toEqual(['stopped']);
    expect(look()).toEqual([]);
  });

  it('not at all while it cannot be stopped', () => {
    const { path, apply } = made({ stop: sh`echo still there; exit 3` });
    expect(apply).toThrow();
    expect(readFileSync(join(path, 'member/db'), 'utf8')).toBe('kept');
  });

  it.runIf(process.getuid?.() === 0)('and is root’s alone, where links lead elsewhere stays as it is', () => {
    const { dir, path, apply } = made({ asRoot: true });
    const theirs = join(dir, 'theirs');
    writeFileSync(theirs, '');
    execFileSync('chown', ['-R', '12345:12345', path, theirs]);
    symlinkSync(theirs, join(path, 'link'));
    apply();
    const [aside = ''] = readdirSync(dir).filter((name) => name.startsWith('data.'));
    const { uid, gid, mode } = statSync(join(dir, aside));
    expect([uid, gid, mode & 0o777]).toEqual([0, 0, 0o700]);
    expect(statSync(join(dir, aside, 'member/db')).uid).toBe(0);
    expect(statSync(theirs).uid).toBe(12345);
  });
});
