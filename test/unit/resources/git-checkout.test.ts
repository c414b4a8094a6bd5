import { execFileSync, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { gitCheckout } from '../../../lib/resources/git-checkout/index.ts';
import { line } from '../../../lib/resources/line.ts';
import { user } from '../../../lib/resources/user/index.ts';
import { dry, run } from '../support/cycle.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';

const hasGit = spawnSync('git', ['--version']).status === 0;

it.each([['https://u:a/b@host/x.git'], ['https://u:a%0Ab@host/x.git']])(
  'a password that cannot be handed apart is refused: %s',
  (repository) => {
    expect(() => gitCheckout('/srv/at', { repository, version: 'v1' })).toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.not.stringContaining('a/b') }),
    );
  },
);

it('a user without a password is left to the credential helpers of the host', () => {
  const asked = (repository: string) =>
    JSON.stringify(gitCheckout('/srv/at', { repository, version: 'v1' }).probe);
  for (const repository of ['https://org@dev.azure.com/org/p/_git/r', 'https://u@h:8443/x.git']) {
    expect(asked(repository)).toContain(repository);
    expect(asked(repository)).not.toContain('credential.');
  }
  expect(asked('https://token:@h/x.git')).toContain('credential.https://h.helper=');
});

describe.runIf(hasGit)('a checkout', () => {
  let dir: string;
  const git = (folder: string, ...args: string[]) =>
    execFileSync('git', ['-C', join(dir, folder), '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  const commit = (text: string) => {
    writeFileSync(join(dir, 'origin/page'), text);
    git('origin', 'add', '-A');
    git('origin', 'commit', '-q', '-m', text);
    return git('origin', 'rev-parse', 'HEAD');
  };
  const page = () => readFileSync(join(dir, 'at/page'), 'utf8');
  const wish = (version: string, repository = join(dir, 'origin')) => [
    gitCheckout(join(dir, 'at'), { repository, version }),
  ];
  const planned = async (tasks: readonly Task[]) => {
    const host = loopHost({ dir, sink: recorder(), shell: ['sh'] });
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    return host.plan.flatMap(({ changes }) => changes);
  };
  it('hands a token over in no argument, and keeps it in no file', async () => {
    git('origin', 'update-server-info');
    const asked: (string | undefined)[] = [];
    const server = createServer(({ headers, url = '' }, response) => {
      asked.push(headers.authorization);
      const path = join(dir, 'origin/.git', new URL(url, 'http://x').pathname.replace('/site.git', ''));
      const isLetIn =
        headers.authorization === `Basic ${Buffer.from('deploy:s3cr3t@TOKEN').toString('base64')}`;
      if (!isLetIn) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      else if (existsSync(path)) response.end(readFileSync(path));
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const trace = join(dir, 'trace');
    vi.stubEnv('GIT_TRACE', trace);
    try {
      const [task] = wish('main', `http://deploy:s3cr3t%40TOKEN@127.0.0.1:${port}/site.git`);
      await run([task!], { dir });
    } finally {
      vi.unstubAllEnvs();
      server.close();
    }
    expect(page()).toBe('three');
    const ran = readFileSync(trace, 'utf8');
    expect(ran).toContain('ls-remote');
    expect(ran).not.toMatch(/s3cr3t/);
    expect(readFileSync(join(dir, 'at/.git/config'), 'utf8')).toContain(
      `url = http://127.0.0.1:${port}/site.git`,
    );
  });

  let first: string;
  beforeEach(() => {
    dir = scratch();
    mkdirSync(join(dir, 'origin'));
    git('origin', 'init', '-q', '-b', 'main');
    first = commit('one');
    git('origin', 'tag', '-a', '-m', 'first', 'v1');
    commit('two');
    git('origin', 'tag', 'v2');
    commit('three');
  });

  it('is at a tag, annotated or not, a commit, or the tip of a branch', async () => {
    expect(await dry(wish('v1'), { dir })).toEqual([`create commit: null → ${first}`]);
    expect(existsSync(join(dir, 'at'))).toBe(false);
    await run(wish('v1'), { dir });
    expect(page()).toBe('one');
    // What is pinned and there costs no question to the remote.
    renameSync(join(dir, 'origin'), join(dir, 'away'));
    expect(await dry(wish('v1'), { dir })).toEqual([]);
    expect(await dry(wish(first), { dir })).toEqual([]);
    renameSync(join(dir, 'away'), join(dir, 'origin'));
    await run(wish('v2'), { dir });
    expect(page()).toBe('two');
    await run(wish('main'), { dir });
    expect(page()).toBe('three');
    commit('four');
    expect(await run(wish('main'), { dir })).toHaveLength(1);
    expect(page()).toBe('four');
    await run(wish(first), { dir });
    expect(page()).toBe('one');
  });

  it('is looked at without a byte written', async () => {
    await run(wish('v1'), { dir });
    const index = () => statSync(join(dir, 'at/.git/index'), { bigint: true });
    // Its time is another one, so that git would note the new one.
    utimesSync(join(dir, 'at/page'), 1_000_000_000, 1_000_000_000);
    const before = index();
    expect(await dry(wish('v1'), { dir })).toEqual([]);
    expect([index().ino, index().mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });

  it('follows a branch that was written anew', async () => {
    await run(wish('main'), { dir });
    git('origin', 'reset', '-q', '--hard', 'v2');
    commit('other');
    await run(wish('main'), { dir });
    expect(page()).toBe('other');
  });

  it('of a shallow clone gets what it needs', async () => {
    execFileSync('git', ['clone', '-q', '--depth=1', `file://${dir}/origin`, join(dir, 'at')]);
    await run(wish('v1', `file://${dir}/origin`), { dir });
    expect(page()).toBe('one');
  });

  it.each<[string, () => void]>([
    ['a clone that calls its remote otherwise', () => git('.', 'clone', '-q', '-o', 'up', 'origin', 'at')],
    ['a repository without a remote', () => git('.', 'init', '-q', 'at')],
    [
      'a run that was killed before git had begun',
      () => mkdirSync(join(dir, 'at/.git'), { recursive: true }),
    ],
    [
      'a run that was killed in git init',
      () => {
        git('.', 'init', '-q', 'at');
        rmSync(join(dir, 'at/.git/HEAD'));
        rmSync(join(dir, 'at/.git/refs'), { recursive: true });
      },
    ],
  ])('goes on from %s', async (_name, begin) => {
    begin();
    await run(wish('v1'), { dir });
    expect(page()).toBe('one');
    expect(git('at', 'config', 'remote.origin.fetch')).toBe('+refs/heads/*:refs/remotes/origin/*');
  });

  describe('that was cut off while its files were laid', () => {
    beforeEach(() => {
      writeFileSync(join(dir, 'origin/.gitattributes'), 'z filter=stop\n');
      writeFileSync(join(dir, 'origin/z'), 'last');
      commit('whole page');
    });
    afterEach(() => vi.unstubAllEnvs());
    /** Kills git before the file `z`. */
    const cutOff = async () => {
      vi.stubEnv('GIT_CONFIG_COUNT', '1');
      vi.stubEnv('GIT_CONFIG_KEY_0', 'filter.stop.smudge');
      vi.stubEnv('GIT_CONFIG_VALUE_0', 'kill -9 $PPID');
      await expect(run(wish('main'), { dir })).rejects.toThrow();
      vi.unstubAllEnvs();
      expect([page(), existsSync(join(dir, 'at/z'))]).toEqual(['whole page', false]);
    };

    it.each(['v1', undefined])('goes on, where %s was there before', async (before) => {
      if (before !== undefined) await run(wish(before), { dir });
      await cutOff();
      // In the middle of a file, too.
      writeFileSync(join(dir, 'at/page'), 'whole');
      await run(wish('main'), { dir });
      expect([page(), readFileSync(join(dir, 'at/z'), 'utf8')]).toEqual(['whole page', 'last']);
    });

    it.each(['v1', undefined])(
      'keeps what somebody has changed since, where %s was there before',
      async (before) => {
        if (before !== undefined) await run(wish(before), { dir });
        await cutOff();
        writeFileSync(join(dir, 'at/page'), 'mine');
        await expect(run(wish('main'), { dir })).rejects.toThrow(/page/);
        expect(page()).toBe('mine');
      },
    );
  });

  it('takes no repository of a folder above for its own', async () => {
    git('.', 'init', '-q');
    git('.', 'commit', '-q', '--allow-empty', '-m', 'of the host');
    mkdirSync(join(dir, 'at/.git'), { recursive: true });
    await run(wish('v1'), { dir });
    expect(git('.', 'log', '--format=%s')).toBe('of the host');
    rmSync(join(dir, 'at/.git/HEAD'));
    await expect(dry(wish('v2'), { dir })).rejects.toThrow(/it is not a checkout, and has files in it$/);
    expect(spawnSync('git', ['-C', dir, 'config', 'remote.origin.url']).status).toBe(1);
  });

  it('follows a branch whose name has become a folder of branches', async () => {
    git('origin', 'branch', 'feature');
    await run(wish('feature'), { dir });
    git('origin', 'branch', '-m', 'feature', 'feature/x');
    commit('four');
    await run(wish('main'), { dir });
    await run(wish('feature/x'), { dir });
    expect(page()).toBe('three');
  });

  it('knows what it had checked out for the remote’s, also where no branch has it any more', async () => {
    git('origin', 'checkout', '-q', '-b', 'side');
    commit('on the side');
    await run(wish('side'), { dir });
    git('origin', 'checkout', '-q', 'main');
    git('origin', 'branch', '-q', '-D', 'side');
    git('at', 'fetch', '-q', '--prune');
    await run(wish('v2'), { dir });
    expect(page()).toBe('two');
  });

  it('stays where another task changes a file of it, and follows as far as git keeps that', async () => {
    writeFileSync(join(dir, 'origin/conf'), 'a=1\n');
    git('origin', 'add', '-A');
    git('origin', 'commit', '-q', '-m', 'conf');
    git('origin', 'tag', 'v3');
    const tasks = (version: string) => [
      ...wish(version),
      line(join(dir, 'at/conf'), { line: 'a=2', match: /^a=/ }),
    ];
    const conf = () => readFileSync(join(dir, 'at/conf'), 'utf8');
    await run(tasks('v3'), { dir });
    expect(await dry(tasks('v3'), { dir })).toEqual([]);
    commit('four');
    await run(tasks('main'), { dir });
    expect([page(), conf()]).toEqual(['four', 'a=2\n']);
    writeFileSync(join(dir, 'origin/conf'), 'a=3\n');
    commit('five');
    await expect(run(tasks('main'), { dir })).rejects.toThrow(/conf/);
    expect([page(), conf()]).toEqual(['four', 'a=2\n']);
    writeFileSync(join(dir, 'at/page'), 'mine');
    await expect(dry(tasks('v3'), { dir })).rejects.toThrow(/somebody has changed page$/);
  });

  it('of another repository says so', async () => {
    await run(wish('v1'), { dir });
    execFileSync('git', ['clone', '-q', '--bare', join(dir, 'origin'), join(dir, 'copy')]);
    expect(await run(wish('v1', join(dir, 'copy')), { dir })).toEqual([
      `update remote: ${join(dir, 'origin')} → ${join(dir, 'copy')}`,
    ]);
  });

  it.each<[string, () => void, RegExp]>([
    ['an edited file', () => writeFileSync(join(dir, 'at/page'), 'mine'), /somebody has changed page$/],
    [
      'a commit of its own',
      () => {
        writeFileSync(join(dir, 'at/mine'), '');
        git('at', 'add', '-A');
        git('at', 'commit', '-q', '-m', 'my work');
      },
      /it has commits that are nowhere else: [0-9a-f]+ my work$/,
    ],
  ])('with %s is left alone, in a check too', async (_name, change, message) => {
    await run(wish('v1'), { dir });
    change();
    const head = git('at', 'rev-parse', 'HEAD');
    for (const work of [dry, run])
      await expect(work(wish('v2'), { dir })).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(message),
      });
    expect(git('at', 'rev-parse', 'HEAD')).toBe(head);
  });

  it('keeps files that git does not know', async () => {
    await run(wish('v1'), { dir });
    writeFileSync(join(dir, 'at/cache'), 'kept');
    await run(wish('v2'), { dir });
    expect(readFileSync(join(dir, 'at/cache'), 'utf8')).toBe('kept');
  });

  it('is not made over other files', async () => {
    mkdirSync(join(dir, 'at'));
    writeFileSync(join(dir, 'at/theirs'), '');
    await expect(dry(wish('v1'), { dir })).rejects.toThrow(/it is not a checkout, and has files in it$/);
  });

  it('tells what the remote does not have, and a remote that is not there', async () => {
    await expect(dry(wish('v9'), { dir })).rejects.toThrow(/origin has no version v9$/);
    await expect(dry(wish('v1', join(dir, 'nowhere')), { dir })).rejects.toMatchObject({ exitCode: 2 });
  });

  it('of what an earlier task brings is judged when its turn comes', async () => {
    const [origin, away] = [join(dir, 'origin'), join(dir, 'away')];
    renameSync(origin, away);
    const tasks = [
      command('the repository is there', { run: sh`mv ${away} ${origin}`, creates: origin }),
      ...wish('v1'),
    ];
    expect(await dry(tasks, { dir })).toEqual(['run done: no → yes', 'create commit: null → unknown']);
    await run(tasks, { dir });
    expect(page()).toBe('one');
    renameSync(origin, away);
    const branch = [...tasks.slice(0, 1), ...wish('main')];
    expect(await dry(branch, { dir })).toEqual(['run done: no → yes', `update commit: ${first} → unknown`]);
    await run(branch, { dir });
    expect(page()).toBe('three');
  });

  it('of what no earlier task brings is told in a check, whatever else changes', async () => {
    const other = directory(join(dir, 'other'));
    await expect(dry([other, ...wish('v1', join(dir, 'nowhere'))], { dir })).rejects.toThrow(
      /cannot read the checkout .*: exit status 128: fatal: .*nowhere/,
    );
  });

  it('of a remote that does not answer may hang on any change before it: keys, names, routes', () => {
    const [answer] = ['git\nunreachable 128\nfatal: no route\nwanted x'];
    const task = gitCheckout('/srv/x', { repository: 'git@nowhere:x.git', version: 'main' });
    const plan = (world: World) =>
      task.diff({ code: 0, out: ['', 'above directory /srv', answer].join(`\n${MARK}\n`) }, world);
    expect(() => plan(new World())).toThrow(/exit status 128: fatal: no route/);
    const world = new World();
    world.expectChange(['/root/.ssh/id_ed25519']);
    expect(plan(world)).toMatchObject([{ kind: 'create', after: 'unknown', certainty: 'conditional' }]);
  });

  it('asks nobody as root for a user who is still to be made', async () => {
    const nobody = () => [
      gitCheckout(join(dir, 'at'), { repository: join(dir, 'nowhere'), version: 'v1', user: 'q-nobody' }),
    ];
    await expect(dry(nobody(), { dir })).rejects.toThrow(/there is no user q-nobody$/);
    expect(await dry([user('q-nobody'), ...nobody()], { dir })).toEqual([
      'create name: null → q-nobody',
      'create commit: null → unknown',
    ]);
  });

  it('with files in the way of the wanted commit is left alone, in a check too', async () => {
    await run(wish('v1'), { dir });
    writeFileSync(join(dir, 'origin/new'), 'theirs');
    mkdirSync(join(dir, 'origin/sub'));
    writeFileSync(join(dir, 'origin/sub/x'), 'theirs');
    commit('four');
    writeFileSync(join(dir, 'at/new'), 'mine');
    // The wanted commit has not been fetched yet.
    expect((await planned(wish('main'))).map(({ certainty }) => certainty)).toEqual(['conditional']);
    git('at', 'fetch', '-q');
    for (const work of [dry, run])
      await expect(work(wish('main'), { dir })).rejects.toThrow(
        /the wanted commit has new, and git does not keep/,
      );
    renameSync(join(dir, 'at/new'), join(dir, 'at/sub'));
    await expect(dry(wish('main'), { dir })).rejects.toThrow(/the wanted commit has sub,/);
    renameSync(join(dir, 'at/sub'), join(dir, 'at/cache'));
    expect((await planned(wish('main'))).map(({ certainty }) => certainty)).toEqual(['certain']);
    await run(wish('main'), { dir });
    expect(page()).toBe('four');
  });

  it('with ignored files in the way of the wanted commit is left alone, before it is fetched and after', async () => {
    await run(wish('v1'), { dir });
    writeFileSync(join(dir, 'at/.git/info/exclude'), 'new\n');
    writeFileSync(join(dir, 'at/new'), 'mine');
    writeFileSync(join(dir, 'origin/new'), 'theirs');
    commit('four');
    await expect(run(wish('main'), { dir })).rejects.toThrow();
    expect(readFileSync(join(dir, 'at/new'), 'utf8')).toBe('mine');
    git('at', 'fetch', '-q');
    await expect(dry(wish('main'), { dir })).rejects.toThrow(
      /the wanted commit has new, and git does not keep/,
    );
  });

  it.runIf(process.getuid?.() === 0)('belongs to its user', async () => {
    chownSync(join(dir, 'origin'), 65534, 65534);
    execFileSync('chown', ['-R', 'nobody', dir]);
    execFileSync('chmod', ['755', dir]);
    const tasks = [
      gitCheckout(join(dir, 'at'), { repository: join(dir, 'origin'), version: 'v1', user: 'nobody' }),
    ];
    await run(tasks, { dir });
    expect(statSync(join(dir, 'at/page')).uid).toBe(65534);
    expect(await dry(tasks, { dir })).toEqual([]);
    // Programs of that user, which git runs, have no pipe of root's: they would answer for what is asked behind.
    const heard = `readlink /proc/self/fd/2 >>${join(dir, 'fds')}; cat`;
    const config = `[filter "f"]\n\tclean = "${heard}"\n\tsmudge = "${heard}"\n`;
    writeFileSync(join(dir, 'at/.git/config'), config, { flag: 'a' });
    writeFileSync(join(dir, 'at/.git/info/attributes'), 'page filter=f\n');
    utimesSync(join(dir, 'at/page'), 1, 1);
    const later = gitCheckout(join(dir, 'at'), {
      repository: join(dir, 'origin'),
      version: 'v2',
      user: 'nobody',
    });
    await run([later], { dir });
    const fds = new Set(readFileSync(join(dir, 'fds'), 'utf8').trim().split('\n'));
    expect([...fds].sort()).toEqual(['/dev/null', join(dir, 'state/git-output')]);
    expect(existsSync(join(dir, 'state/git-output'))).toBe(false);
  });
});

it.each([
  { repository: '', version: 'v1' },
  { repository: 'x', version: '-x' },
  { repository: 'a b', version: 'v' },
  { repository: 'x', version: 'v1.*' },
  { repository: 'x', version: 'HEAD~1' },
  { repository: 'x', version: 'main@{1}' },
])('%j is refused before any contact', (options) => {
  expect(() => gitCheckout('/srv/x', options)).toThrow(expect.objectContaining({ exitCode: 1 }));
});
