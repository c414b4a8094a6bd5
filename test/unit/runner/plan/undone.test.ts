import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainPlay } from '../../../../lib/dsl/plain-play.ts';
import type { Play } from '../../../../lib/dsl/play.ts';
import { defineResource } from '../../../../lib/dsl/resource.ts';
import { role } from '../../../../lib/dsl/role.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { absent } from '../../../../lib/resources/absent.ts';
import { archive } from '../../../../lib/resources/archive/index.ts';
import { certificate } from '../../../../lib/resources/certificate.ts';
import { command } from '../../../../lib/resources/command.ts';
import { directory } from '../../../../lib/resources/directory.ts';
import { file } from '../../../../lib/resources/file.ts';
import { gitCheckout } from '../../../../lib/resources/git-checkout/index.ts';
import { line } from '../../../../lib/resources/line.ts';
import { mount } from '../../../../lib/resources/mount/index.ts';
import { aptRepository } from '../../../../lib/resources/package-repository/index.ts';
import { packages } from '../../../../lib/resources/packages/index.ts';
import { textBlock } from '../../../../lib/resources/text-block.ts';
import { tree } from '../../../../lib/resources/tree/index.ts';
import { startRun } from '../../../../lib/runner/run.ts';
import { recorder } from '../../support/recorder.ts';
import { WHOLE_RUN } from '../../support/run-options.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';

const apt = (name: string, uris: string) =>
  aptRepository(name, { uris, suites: 'bookworm', key: '-----BEGIN PGP PUBLIC KEY BLOCK-----\n' });

/** Runs tasks on this machine; gives the exit code and what was said. */
async function run(tasks: readonly Task[], dir: string, check = false) {
  const sink = recorder();
  const vars = { ansible_connection: 'local', inventory_dir: dir };
  const host = { name: 'here', groups: ['all'], vars, connect: async () => shellHost(['sh']) };
  const one = role({ name: 'r', description: 'r', tasks: () => tasks });
  const play = plainPlay({ name: 'site', hosts: 'all', roles: [one] }, 'site') as Play;
  const code = await startRun(
    { name: 'site', description: 'site', plays: [play] },
    {
      ...WHOLE_RUN,
      select: () => [host],
      check,
      detailedExitcode: check,
      sink,
    },
  ).done;
  const errors = sink.events.flatMap((one) =>
    one.event === 'error' ? [one.message.replaceAll(dir, '')] : [],
  );
  return { code, errors };
}

describe('tasks about one text file of which one takes back what the other makes', () => {
  const cases: readonly (readonly [what: string, tasks: (at: string) => readonly Task[], undoes: boolean])[] =
    [
      ['a whole file and a line', (at) => [file(at, { content: 'a\n' }), line(at, { line: 'b' })], true],
      ['a line and a whole file', (at) => [line(at, { line: 'b' }), file(at, { content: 'a\n' })], true],
      [
        'a whole file and a block',
        (at) => [file(at, { content: 'a\n' }), textBlock(at, { name: 'n', content: 'b' })],
        true,
      ],
      [
        'a whole file that has the line',
        (at) => [file(at, { content: 'a\n' }), line(at, { line: 'a' })],
        false,
      ],
      [
        'two lines with one pattern',
        (at) => [line(at, { line: 'x=1', match: /^x=/ }), line(at, { line: 'x=2', match: /^x=/ })],
        true,
      ],
      [
        'a line, and none that fits a pattern',
        (at) => [line(at, { line: 'x=1' }), line(at, { line: 'x', match: /^x/, state: 'absent' })],
        true,
      ],
      [
        'two lines with patterns of their own',
        (at) => [line(at, { line: 'x=1', match: /^x=/ }), line(at, { line: 'y=2', match: /^y=/ })],
        false,
      ],
      [
        'a line and a block',
        (at) => [line(at, { line: 'b' }), textBlock(at, { name: 'n', content: 'b' })],
        false,
      ],
    ];
  it.each<[string, (at: (name: string) => string) => readonly Task[]]>([
    ['nothing, and a tree', (at) => [absent(at('t')), tree(at('t'), { source: at('src') })]],
    ['a tree, and nothing', (at) => [tree(at('t'), { source: at('src') }), absent(at('t'))]],
    [
      'a tree, and nothing at a path of it',
      (at) => [tree(at('t'), { source: at('src') }), absent(at('t/a'))],
    ],
    [
      'nothing, and an archive',
      (at) => [absent(at('t')), archive(at('t'), { source: at('src.tar'), creates: 'a' })],
    ],
    [
      'nothing, and a checkout',
      (at) => [
        absent(at('t'), { recursive: true }),
        gitCheckout(at('t'), { repository: at('src'), version: 'v1' }),
      ],
    ],
    [
      'nothing, and a file below',
      (at) => [absent(at('t'), { recursive: true }), file(at('t/a'), { content: '' })],
    ],
    ['a folder below, and nothing', (at) => [directory(at('t/a')), absent(at('t'))]],
    [
      'a certificate, and a file in its place',
      (at) => [
        certificate(at('c.pem'), { key: at('k.pem'), names: ['a'] }),
        file(at('c.pem'), { content: 'a\n' }),
      ],
    ],
    [
      'a file in the place of a key, and a certificate',
      (at) => [
        file(at('k.pem'), { content: 'a\n' }),
        certificate(at('c.pem'), { key: at('k.pem'), names: ['a'] }),
      ],
    ],
    ['nothing, and a line', (at) => [absent(at('x')), line(at('x'), { line: 'a', create: true })]],
    [
      'a block, and nothing',
      (at) => [textBlock(at('src/a'), { name: 'n', content: 'b' }), absent(at('src/a'))],
    ],
    [
      'what a command creates, and nothing',
      (at) => [command('c', { run: sh`: >${at('x')}`, creates: at('x') }), absent(at('x'))],
    ],
    [
      'what an archive creates, and nothing',
      (at) => [archive(at('t'), { source: at('src.tar'), creates: 'a' }), absent(at('t/a'))],
    ],
    ['a mount, and nothing', (at) => [mount(at('m'), { source: at('disk') }), absent(at('m'))]],
    ['packages, and one of them absent', () => [packages('a b'), packages('b c', { state: 'absent' })]],
    [
      'two versions of a package',
      () => [packages('a b', { version: '1.*' }), packages('b', { version: '2.*' })],
    ],
    [
      'a version, and the newest',
      () => [packages('a', { version: 'latest' }), packages('a b', { version: '1.2' })],
    ],
    [
      'one source of apt by two names',
      () => [apt('a', 'https://x.example/debian'), apt('b', 'https://x.example/debian/')],
    ],
    [
      'a tree with a mode, and a folder in it with another',
      (at) => [
        tree(at('t'), { source: at('src'), directoryMode: '0755' }),
        directory(at('t/up'), { mode: '0700' }),
      ],
    ],
    [
      'a folder with a mode, and a tree there with another',
      (at) => [
        directory(at('t'), { mode: '0700' }),
        tree(at('t'), { source: at('src'), directoryMode: '0755' }),
      ],
    ],
    [
      'a tree, and another content of a file in it',
      (at) => [tree(at('t'), { source: at('src') }), file(at('t/a'), { content: 'other\n' })],
    ],
  ])('%s is refused', async (_, tasks) => {
    const dir = join(scratch(), 'host');
    mkdirSync(join(dir, 'src/up'), { recursive: true });
    writeFileSync(join(dir, 'src/a'), 'a\n');
    writeFileSync(join(dir, 'src.tar'), Buffer.from([0]));
    expect(
      await run(
        tasks((name) => join(dir, name)),
        dir,
      ),
    ).toEqual({
      code: 1,
      errors: [expect.stringContaining('want different things of')],
    });
  });

  it.each<[string, (at: (name: string) => string) => readonly Task[]]>([
    ['another content', (at) => [file(at('l/x'), { content: 'a' }), file(at('real/x'), { content: 'b' })]],
    ['nothing', (at) => [file(at('l/x'), { content: 'a' }), absent(at('real/x'))]],
    [
      'a line',
      (at) => [line(at('l/x'), { line: 'a', create: true }), file(at('real/x'), { content: 'b\n' })],
    ],
    [
      'another mode',
      (at) => [directory(at('real/d'), { mode: '0700' }), directory(at('l/d'), { mode: '0755' })],
    ],
  ])('%s by way of a link of the host is refused', async (_, tasks) => {
    const dir = join(scratch(), 'host');
    mkdirSync(join(dir, 'real'), { recursive: true });
    symlinkSync('real', join(dir, 'l'));
    const at = (name: string) => join(dir, name);
    expect(await run(tasks(at), dir)).toEqual({
      code: 1,
      errors: [expect.stringContaining('want different things of')],
    });
  });

  it('by two ways to one folder are not a quarrel where they want the same, or one stands on the other', async () => {
    const dir = join(scratch(), 'host');
    mkdirSync(join(dir, 'real'), { recursive: true });
    mkdirSync(join(dir, 'src'));
    writeFileSync(join(dir, 'src/a'), 'a\n');
    symlinkSync(join(dir, 'real'), join(dir, 'l'));
    const at = (name: string) => join(dir, name);
    const tasks = [
      directory(at('real/app')),
      file(at('l/app/pid'), { content: 'x\n' }),
      file(at('real/app/pid'), { content: 'x\n' }),
      tree(at('real/site'), { source: at('src'), delete: true }),
      file(at('l/site/extra'), { content: 'e\n' }),
    ];
    expect(await run(tasks, dir, true)).toEqual({ code: 8, errors: [] });
    expect(await run(tasks, dir)).toEqual({ code: 0, errors: [] });
    expect(await run(tasks, dir, true)).toEqual({ code: 0, errors: [] });
  });

  it('tasks that bring a file each in their way are not a quarrel where it is the same', async () => {
    const dir = join(scratch(), 'host');
    mkdirSync(join(dir, 'src'), { recursive: true });
    writeFileSync(join(dir, 'src/a'), 'a\n');
    const tasks = [
      directory(join(dir, 't'), { mode: '0750' }),
      tree(join(dir, 't'), { source: join(dir, 'src'), directoryMode: '0750' }),
      file(join(dir, 't/a'), { content: 'a\n' }),
      absent(join(dir, 't/b')),
      absent(join(dir, 'tt')),
    ];
    expect((await run(tasks, dir)).errors).toEqual([]);
    expect(await run(tasks, dir, true)).toEqual({ code: 0, errors: [] });
  });

  it('one that an earlier version of the role has left where another one takes it along is not a quarrel', async () => {
    const dir = join(scratch(), 'host');
    mkdirSync(dir);
    const at = join(dir, 'conf');
    writeFileSync(at, '# BEGIN x\na=1\n# END x\n');
    const tasks = [line(at, { line: 'a=1' }), textBlock(at, { name: 'x', content: 'b=2' })];
    expect((await run(tasks, dir)).code).toBe(0);
    expect((await run(tasks, dir)).code).toBe(0);
    expect(await run(tasks, dir, true)).toEqual({ code: 0, errors: [] });
  });

  it('a resource that says nothing of what it will make is not a quarrel', async () => {
    const dir = join(scratch(), 'host');
    mkdirSync(dir);
    const at = join(dir, 'conf');
    writeFileSync(at, 'old\n');
    const marked = defineResource<object, string, boolean>({
      kind: 'marked',
      complete: (name) => name,
      name: (name) => name,
      title: (name) => `${name} is marked`,
      files: (name) => [name],
      probe: (name) => sh`! grep -q '^mark$' ${name} || echo yes`,
      parse: ({ out }) => out.includes('yes'),
      diff: (_, is) => (is ? [] : [{ kind: 'update', property: 'mark', before: 'no', after: 'yes' }]),
      apply: (name) => sh`echo mark >>${name}`,
    });
    expect((await run([marked(at, {}), line(at, { line: 'b' })], dir)).errors).toEqual([
      expect.stringContaining('has changed since it was read'),
    ]);
    expect((await run([marked(at, {}), line(at, { line: 'b' })], dir)).code).toBe(0);
  });

  it.each(cases)('%s', async (_, tasks, undoes) => {
    const dir = join(scratch(), 'host');
    mkdirSync(dir);
    const at = join(dir, 'conf');
    writeFileSync(at, 'old\n');
    for (const check of [true, false]) {
      const { code, errors } = await run(tasks(at), dir, check);
      expect([code, errors]).toEqual(
        undoes ? [1, [expect.stringContaining('want different things of')]] : [check ? 8 : 0, []],
      );
    }
    if (undoes) expect(readFileSync(at, 'utf8')).toBe('old\n');
    else expect(await run(tasks(at), dir, true)).toEqual({ code: 0, errors: [] });
  });
});
