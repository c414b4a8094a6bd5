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
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { raw, sh } from '../../../lib/dsl/shell/sh.ts';
import { World } from '../../../lib/dsl/world/world.ts';
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

  it('never into what somebody has put at its new name', () => {
    const { dir, path, apply } = made({
      // The time stands still: the name is known beforehand.
      stop: sh`date() { echo 20261127T000000Z; }`,
    });
    mkdirSync(join(dir, 'theirs'));
    symlinkSync('theirs', join(dir, 'data.set-aside-20261127T000000Z'));
    expect(apply).toThrow();
    expect(readdirSync(join(dir, 'theirs'))).toEqual([]);
    expect(readFileSync(join(path, 'member/db'), 'utf8')).toBe('kept');
  });

  it.runIf(process.getuid?.() === 0)('and a link of somebody else’s leads to no mount point', () => {
    const { dir, path, task } = made();
    symlinkSync('/proc', join(dir, 'link'));
    execFileSync('chown', ['-h', '12345', join(dir, 'link')]);
    const { text } = task.probe as { text: string };
    const look = (to: string) => run(text.replaceAll(path, to)).trim();
    expect(look(join(dir, 'link'))).toBe('there');
    execFileSync('chown', ['-h', '0', join(dir, 'link')]);
    expect(look(join(dir, 'link'))).toBe('filled mount');
  });

  it('not at all while it cannot be stopped', () => {
    const { path, apply } = made({ stop: sh`echo still there; exit 3` });
    expect(apply).toThrow();
    expect(readFileSync(join(path, 'member/db'), 'utf8')).toBe('kept');
  });

  /** What a mount point of its own has before and after an apply; names are printed between quotes. */
  const mounted = (label: string, purge: boolean) => {
    const dir = scratch();
    const path = join(dir, 'data');
    mkdirSync(path);
    mkdirSync(join(dir, '.ssh'));
    const task = setAside(path, { label, purge, asRoot: true, service: 'app', stop: sh`:` });
    const { text: look } = task.probe as { text: string };
    const found = { code: 0, out: 'filled mount\n' };
    const script = sh`cd ${dir} && mount -t tmpfs none ${path} && mkdir ${path}/member ${path}/lost+found && : >${path}/.hidden || exit
mkdir ${path}/${'x\n.ssh'} ${path}/${'-rf'}
: >${path}/${'x\ndata'}
( ${raw(look)} ); ( ${task.apply(task.diff(found, new World()), {})} ) >&2 || exit; ( ${raw(look)} )
for q_one in ${path}/* ${path}/.[!.]*; do echo "'$q_one'"; done; ls -d .ssh; ls -A ${path}/.*aside 2>/dev/null || :`;
    const alone = ['/usr/bin/unshare', '--mount', '--propagation', 'private'];
    const [command = '', ...words] = file === alone[0] ? [file, ...args] : [...alone, file, ...args];
    const input = `${PRELUDE}\n${script.text}`;
    const out = execFileSync(command, words, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] });
    return out
      .replaceAll(path, 'PATH')
      .replaceAll(/\d{8}T\d{6}Z/g, 'DATE')
      .trim()
      .split('\n');
  };

  it.runIf(process.getuid?.() === 0)('from a mount point, whatever its names are, and only once', () => {
    for (const label of ['app.set-aside', 'etcd.destroyed', 'set-aside']) {
      const [before, after, kept, lost, ...rest] = mounted(label, false).filter((line) => line !== '');
      expect([before, after]).toEqual(['filled mount', 'empty mount']);
      expect([kept, lost].sort()).toEqual(
        [`'PATH/.${label}-DATE.quorate-aside'`, "'PATH/lost+found'"].sort(),
      );
      expect(rest.filter((line) => line === '.ssh').length).toBeGreaterThanOrEqual(1);
      expect(rest).toEqual(expect.arrayContaining(['-rf', '.hidden', 'member']));
    }
  });

  it.runIf(process.getuid?.() === 0)('or is deleted there, and nothing beside it', () => {
    expect(mounted('etcd.destroyed', true)).toEqual([
      'filled mount',
      'empty mount',
      "'PATH/lost+found'",
      "'PATH/.[!.]*'",
      '.ssh',
    ]);
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
