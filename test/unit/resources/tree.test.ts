import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { defineResource } from '../../../lib/dsl/resource.ts';
import { Secret } from '../../../lib/dsl/secret.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { type Sh, sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { hostsEntry } from '../../../lib/resources/hosts-entry.ts';
import { line } from '../../../lib/resources/line.ts';
import { script } from '../../../lib/resources/script.ts';
import { textBlock } from '../../../lib/resources/text-block.ts';
import { tree } from '../../../lib/resources/tree/index.ts';
import type { TreeOptions } from '../../../lib/resources/tree/tree-wish.ts';
import { dry, run } from '../support/cycle.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

const isRoot = process.getuid?.() === 0;

let dir: string;
const from = (name: string) => join(dir, 'from', name);
const at = (name: string) => join(dir, 'at', name);
const wish = (more: Partial<TreeOptions> = {}) =>
  tree(join(dir, 'at'), { source: join(dir, 'from'), ...more });
const mode = (name: string) => (lstatSync(at(name)).mode & 0o7777).toString(8);
beforeEach(() => {
  dir = scratch();
  mkdirSync(from('sub/deep er'), { recursive: true });
  mkdirSync(from('empty'));
  writeFileSync(from('index.html'), '<h1>hello</h1>\n', { mode: 0o600 });
  writeFileSync(from('sub/run'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(from('sub/deep er/bytes'), Buffer.from([0, 255]));
  writeFileSync(from('.hidden'), '');
  for (const name of ['test1', 'test2', 'test3']) writeFileSync(from(name), name);
  symlinkSync('test3', from('test'));
});

it('of a folder without a file does not delete', () => {
  mkdirSync(join(dir, 'none/sub'), { recursive: true });
  const empty = (more: Partial<TreeOptions>) => tree(join(dir, 'at'), { source: join(dir, 'none'), ...more });
  expect(() => empty({ delete: true })).toThrow(
    /there is no file in its source .*none, and delete would empty/,
  );
  expect(empty({}).title).toContain('has its files');
});

describe.each(SHELLS)('a copy of a folder, under %s', (_name, ...shell) => {
  it('has all of it, with its own modes, and then nothing differs', async () => {
    const said = await dry([wish()], { dir, shell });
    expect(said).toContain('create .: null → directory');
    expect(said).toContain('create test: null → → test3');
    expect(said).toHaveLength(12);
    expect(await run([wish()], { dir, shell })).toEqual(said);
    expect(readdirSync(at(''), { recursive: true }).sort()).toEqual(
      readdirSync(from(''), { recursive: true }).sort(),
    );
    expect([mode('index.html'), mode('sub/run'), mode('sub'), readlinkSync(at('test'))]).toEqual([
      '644',
      '755',
      '755',
      'test3',
    ]);
    expect([...readFileSync(at('sub/deep er/bytes'))]).toEqual([0, 255]);
  });

  it.runIf(isRoot)('belongs to one user, its links too, and not what they lead to', async () => {
    mkdirSync(at(''), { recursive: true });
    symlinkSync('test3', at('test'));
    symlinkSync('../from/index.html', from('out'));
    const owned = [wish({ owner: '12', group: '34' })];
    expect(await run(owned, { dir, shell })).toContain('update test owner: root → 12');
    for (const name of ['test', 'out', 'index.html'])
      expect([lstatSync(at(name)).uid, lstatSync(at(name)).gid]).toEqual([12, 34]);
    expect(statSync(from('index.html')).uid).toBe(0);
  });

  it('comes into one folder with others that want nothing else of its paths', async () => {
    mkdirSync(join(dir, 'more/sub'), { recursive: true });
    writeFileSync(join(dir, 'more/sub/two'), '2');
    const other = (more: Partial<TreeOptions> = {}) =>
      tree(join(dir, 'at'), { source: join(dir, 'more'), ...more });
    const agree = (more: Partial<TreeOptions>) => wish().shared?.agrees(other(more));
    expect([{}, { delete: true }, { directoryMode: '0700' }].map(agree)).toEqual([true, false, false]);
    await run([wish(), other()], { dir, shell });
    expect(readdirSync(at('sub')).sort()).toEqual(['deep er', 'run', 'two']);
    writeFileSync(join(dir, 'more/sub/run'), 'another');
    expect(agree({})).toBe(false);
  });

  it('has what holds a secret for its owner alone, unless a mode is said', async () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${'c2VjcmV0'.repeat(8)}\n-----END PRIVATE KEY-----\n`;
    writeFileSync(from('index.html'), key, { mode: 0o644 });
    writeFileSync(from('sub/run'), `#!/bin/sh\n${key}`);
    await run([wish()], { dir, shell });
    expect(['index.html', 'sub/run', 'test1'].map(mode)).toEqual(['600', '700', '644']);
    await run([wish({ fileMode: '0640' })], { dir, shell });
    expect(['index.html', 'sub/run', 'test1'].map(mode)).toEqual(['640', '640', '640']);
  });

  it('lets all read a page with a login in a URL, which is an example', async () => {
    writeFileSync(from('index.html'), 'fetch("https://user:pass@example.com/path")\n');
    await run([wish()], { dir, shell });
    expect(mode('index.html')).toBe('644');
  });

  it('has a file for its owner alone once a secret is known that is in it', async () => {
    writeFileSync(from('index.html'), 'word of a later role');
    wish();
    new Secret('word of a later role');
    await run([wish()], { dir, shell });
    expect(mode('index.html')).toBe('600');
  });

  it('is mended where it drifts, and follows its source', async () => {
    await run([wish()], { dir, shell });
    writeFileSync(at('index.html'), 'edited');
    writeFileSync(at('theirs'), '');
    symlinkSync('x', at('link'));
    writeFileSync(from('new'), 'new');
    expect(await run([wish({ fileMode: '0640' })], { dir, shell })).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^update index.html: sha256:/),
        'update sub/run mode: 0755 → 0640',
        expect.stringMatching(/^create new: /),
      ]),
    );
    expect(readdirSync(at(''))).toContain('theirs');
  });

  it('loses what is not in the source, but not what other tasks declare', async () => {
    await run([wish()], { dir, shell });
    mkdirSync(at('old/er'), { recursive: true });
    mkdirSync(at('uploads'));
    for (const name of ['old/er/x', 'uploads/theirs', 'sub/extra', '.dot']) writeFileSync(at(name), '');
    symlinkSync(from(''), at('link'));
    const tasks = [
      file(at('before'), { content: '' }),
      wish({ delete: true }),
      directory(at('uploads')),
      file(at('old/kept'), { content: 'k' }),
    ];
    const said = await run(tasks, { dir, shell });
    expect(said.filter((one) => one.startsWith('remove')).sort()).toEqual([
      'remove .dot: there → null',
      'remove link: there → null',
      'remove old/er: there → null',
      'remove sub/extra: there → null',
    ]);
    expect([readdirSync(at('uploads')), readdirSync(at('old'))]).toEqual([['theirs'], ['kept']]);
    expect(readdirSync(from(''))).toContain('index.html');
    expect(readdirSync(at(''))).toContain('before');
  });

  it('takes away what has an odd name, and nothing else', async () => {
    await run([wish()], { dir, shell });
    writeFileSync(join(dir, 'beside'), '');
    const names = ['a\nb', 'index.html\n', 'c\rd', '-rf', '*', 'e\u0301', ' ', '\\n', 'x\nhas '];
    for (const name of names) mkdirSync(at(name));
    // As lines these would name what is beside the folder, and what is wanted in it.
    for (const name of ['../beside', 'index.html'])
      mkdirSync(join(at('x\nhas '), `${'p'.repeat(at('').length)}${name}`), { recursive: true });
    const said = await run([wish({ delete: true })], { dir, shell });
    expect([...said].sort()).toEqual(names.map((name) => `remove ${name}: there → null`).sort());
    expect([readdirSync(at('')).sort(), readdirSync(dir)]).toEqual([
      readdirSync(from('')).sort(),
      expect.arrayContaining(['beside']),
    ]);
  });

  it('leaves alone what no script can name', async () => {
    await run([wish()], { dir, shell });
    writeFileSync(Buffer.concat([Buffer.from(`${at('')}/`), Buffer.from([0xe4])]), '');
    await expect(dry([wish({ delete: true })], { dir, shell })).rejects.toThrow(/is not UTF-8$/);
  });

  it('replaces nothing of another kind', async () => {
    mkdirSync(at('index.html'), { recursive: true });
    await expect(dry([wish()], { dir, shell })).rejects.toThrow(
      /index.html is a directory, a file was wanted$/,
    );
  });
});

describe('a copy that takes away what is not in its source', () => {
  const READS_HOME = defineResource<object, string, string>({
    kind: 'home',
    complete: (name) => name,
    name: (name) => name,
    title: (name) => name,
    probe: (path) => sh`echo ${path}`,
    parse: ({ out }) => out.trim(),
    diff: () => [],
    apply: () => sh`:`,
    provides: (_name, found) => (found === undefined ? [] : [found]),
  });
  const bare = (name: string): Sh => sh`mkdir -p ${dirname(at(name))} && : >${at(name)}`;
  it.each<readonly [what: string, is: string, tasks: () => readonly Task[]]>([
    ['a line', 'env', () => [line(at('env'), { line: 'DEBUG=0', match: /^DEBUG=/ })]],
    ['a block', 'sub/x/env', () => [textBlock(at('sub/x/env'), { name: 'n', content: 'b' })]],
    ['an entry', 'names', () => [hostsEntry('a', { address: '10.0.0.1', file: at('names') })]],
    ['creates', 'made/it', () => [command('it', { run: bare('made/it'), creates: at('made/it') })]],
    ['creates of a script', 'by', () => [script('by', { source: from('sub/run'), creates: at('by') })]],
    ['what a host tells', 'home/bob/.profile', () => [READS_HOME(at('home/bob'), {})]],
  ])('keeps what another task says something about, whatever the order: %s', async (_what, is, tasks) => {
    mkdirSync(dirname(at(is)), { recursive: true });
    writeFileSync(at(is), 'theirs\n');
    for (const list of [
      [...tasks(), wish({ delete: true })],
      [wish({ delete: true }), ...tasks()],
    ]) {
      const said = await run(list, { dir });
      expect(said.filter((one) => one.startsWith('remove'))).toEqual([]);
      expect(readFileSync(at(is), 'utf8')).toContain('theirs');
    }
  });

  it('keeps what a host tells of a task before one that failed, too', async () => {
    mkdirSync(at('home/bob'), { recursive: true });
    const fails = command('fails', { run: sh`exit 1`, unless: sh`exit 1`, ignoreErrors: true });
    const tasks = [READS_HOME(at('home/bob'), {}), fails, wish({ delete: true })];
    const host = loopHost({ dir, sink: recorder() });
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    await host.apply(() => true);
    expect(readdirSync(at(''))).toEqual(expect.arrayContaining(['home', 'index.html']));
  });
});

it.each([0, 1])(
  'a copy leaves the mode of a folder to the task that says it, whatever the order: %d',
  async (first) => {
    const folder = directory(at('sub'), { mode: '0700' });
    await run(first === 0 ? [wish(), folder] : [folder, wish()], { dir });
    expect([mode('sub'), mode('empty')]).toEqual(['700', '755']);
    const owner = { resource: '', kind: 'update', before: 'a', after: 'b', certainty: 'certain' } as const;
    expect(wish().apply([{ ...owner, property: 'sub owner' }], {}).text).toContain('q_kept');
  },
);

it('a source that is not a folder is told before any contact', () => {
  expect(() => tree('/srv/x', { source: './nowhere' })).toThrow(expect.objectContaining({ exitCode: 1 }));
});

it.each(['/', '/etc', '/usr/lib', '/home/'])('%s is never made like a folder of control', (path) => {
  const source = scratch();
  expect(() => tree(path, { source, delete: true })).toThrow(expect.objectContaining({ exitCode: 1 }));
  expect(tree(path, { source }).resource).toBe(`tree:${path.replace(/(.)\/$/, '$1')}`);
});

it('laid over a system it leaves the modes of its folders', () => {
  const source = scratch();
  for (const name of ['tmp', 'root', 'etc/site']) mkdirSync(join(source, name), { recursive: true });
  const task = tree('/', { source });
  expect(task.owns).toEqual(['/', '/etc', '/etc/site', '/root', '/tmp']);
  const at = (path: string, mode: string) => `stat directory|${mode}|root|root|1|0|0|${path}`;
  const out = [
    at('/', '755'),
    at('/etc', '700'),
    at('/etc/site', '700'),
    at('/root', '700'),
    at('/tmp', '1777'),
  ];
  const changes = task.diff(
    { code: 0, out: [...out, 'above directory /', ''].join(`\n${MARK}\n`) },
    new World(),
  );
  expect(changes.map(({ property, after }) => `${property} ${after}`)).toEqual(['etc/site mode 0755']);
});
