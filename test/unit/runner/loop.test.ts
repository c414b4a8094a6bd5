import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../lib/dsl/path.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { command } from '../../../lib/resources/command.ts';
import { LaterContent } from '../../../lib/resources/content/later.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { release } from '../../../lib/resources/release.ts';
import { task } from '../../../lib/resources/task.ts';
import { waitFor } from '../../../lib/resources/wait-for.ts';
import type { LoopHost } from '../../../lib/runner/loop-host.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

describe.each(SHELLS)('the loop under %s', (_name, ...shell) => {
  let dir: string;
  let sink: ReturnType<typeof recorder>;
  beforeEach(() => {
    dir = scratch();
    sink = recorder();
  });

  async function plan(...tasks: Task[]) {
    const host = loopHost({ dir, sink, shell });
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    return host;
  }

  const changes = (host: LoopHost<unknown>) =>
    host.plan.flatMap(({ changes }) =>
      changes.map(({ resource, property, before, after }) => [
        resource.replace(dir, ''),
        property,
        before,
        after,
      ]),
    );

  it('predicts the mode of a file whose content only the run can know', async () => {
    const path = join(dir, 'ca.pem');
    writeFileSync(path, 'stray', { mode: 0o600 });
    const host = await plan(file(path, { content: new LaterContent(async () => 'made'), mode: '0644' }));
    expect(changes(host)).toEqual([
      ['file:/ca.pem', 'content', 'file', 'unknown'],
      ['file:/ca.pem', 'mode', '0600', '0644'],
    ]);
    await host.apply(() => true);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['made', 0o644]);
  });

  it('says how many tasks are still to be applied', async () => {
    const [one, two] = ['one', 'two'].map((name) => file(join(dir, name), { content: name, mode: '0600' }));
    const host = await plan(one!, two!);
    await host.apply(({ task }) => task === one);
    await host.apply(() => true);
    expect(sink.steps.flatMap(({ due }) => due ?? [])).toEqual([2, 1, 0]);
  });

  it('predicts, applies, proves, and then finds nothing left to do', async () => {
    const tasks = [
      directory(join(dir, 'etc'), { mode: '0750' }),
      file(join(dir, 'etc/motd'), { content: "it's\n\\back $HOME `x`\n", mode: '0640' }),
      command('marker', { run: sh`echo done >${join(dir, 'marker')}`, creates: join(dir, 'marker') }),
    ];
    const host = await plan(...tasks);
    expect(changes(host)).toEqual([
      ['directory:/etc', 'type', null, 'directory'],
      ['directory:/etc', 'mode', null, '0750'],
      ['file:/etc/motd', 'content', null, expect.stringMatching(/^sha256:/)],
      ['file:/etc/motd', 'mode', null, '0640'],
      ['command:marker', 'done', 'no', 'yes'],
    ]);
    expect(existsSync(join(dir, 'etc'))).toBe(false);
    await host.apply(() => true);
    expect(readFileSync(join(dir, 'etc/motd'), 'utf8')).toBe("it's\n\\back $HOME `x`\n");
    expect(statSync(join(dir, 'etc/motd')).mode & 0o777).toBe(0o640);
    expect(changes(await plan(...tasks))).toEqual([]);
  });

  it('begins nothing more once a proof has failed', async () => {
    const marker = join(dir, 'marker');
    const host = await plan(
      command('in vain', { run: sh`:`, unless: sh`false` }),
      command('meanwhile', { run: sh`sleep 1`, creates: join(dir, 'never') }),
      command('behind', { run: sh`echo >${marker}`, creates: marker }),
    );
    await expect(host.apply(() => true)).rejects.toMatchObject({ exitCode: 2, task: 'in vain' });
    expect(existsSync(marker)).toBe(false);
  });

  it.each<[what: string, behind: (path: string) => Task]>([
    ['takes nothing away', (path) => absent(path)],
    ['carries out nothing', (path) => file(path, { content: 'other', mode: '0644' })],
  ])(
    '%s after a task that ends well and does not hold, and skips what it has not begun',
    async (what, behind) => {
      const path = join(dir, 'data');
      writeFileSync(path, 'precious');
      const vain = command('in vain', { run: sh`:`, unless: sh`false` });
      const first = what === 'takes nothing away' ? vain : { ...vain, awaited: true };
      const host = await plan(first, behind(path));
      await expect(host.apply(() => true)).rejects.toMatchObject({ exitCode: 2, task: 'in vain' });
      expect(readFileSync(path, 'utf8')).toBe('precious');
      host.reportLeft();
      expect(sink.events.flatMap((one) => (one.event === 'task' ? [one.status] : []))).toEqual([
        'failed',
        'skipped',
      ]);
    },
  );

  it('needs two exchanges to converge and one when nothing differs', async () => {
    const task = file(join(dir, 'a'), { content: 'a', mode: '0600' });
    const first = await plan(task);
    await first.apply(() => true);
    expect(first.host.roundTrips).toBe(2);
    const second = await plan(task);
    await second.apply(() => true);
    expect(second.host.roundTrips).toBe(1);
  });

  it('names a drifted file and repairs only that', async () => {
    const tasks = ['a', 'b'].map((name) => file(join(dir, name), { content: `${name}\n`, mode: '0644' }));
    await (await plan(...tasks)).apply(() => true);
    writeFileSync(join(dir, 'b'), 'edited\n');
    chmodSync(join(dir, 'b'), 0o600);
    const before = statSync(join(dir, 'a')).ino;
    const host = await plan(...tasks);
    expect(changes(host).map(([resource, property]) => [resource, property])).toEqual([
      ['file:/b', 'content'],
      ['file:/b', 'mode'],
    ]);
    await host.apply(() => true);
    expect(readFileSync(join(dir, 'b'), 'utf8')).toBe('b\n');
    expect(statSync(join(dir, 'a')).ino).toBe(before);
  });

  it('fails a task whose apply succeeds without effect, and says what is there', async () => {
    const host = await plan(command('nothing', { run: sh`:`, unless: sh`[ -e ${join(dir, 'never')} ]` }));
    await expect(host.apply(() => true)).rejects.toThrow(
      'here: nothing: applied, but it did not stick\n  done: wanted yes, there is no',
    );
    expect(sink.events.at(-1)).toMatchObject({ event: 'task', status: 'failed', task: 'nothing' });
  });

  it('says what the host knows of a proof that failed', async () => {
    const vain = command('nothing', { run: sh`:`, unless: sh`[ -e ${join(dir, 'never')} ]` });
    const host = await plan({ ...vain, explain: sh`echo 'it ended with 217/USER'` });
    await expect(host.apply(() => true)).rejects.toThrow(
      'here: nothing: applied, but it did not stick\n  done: wanted yes, there is no\nit ended with 217/USER',
    );
    expect(sink.events.at(-1)).toMatchObject({ event: 'task', status: 'failed', task: 'nothing' });
  });

  it('says so, too, where it was tried again', async () => {
    const vain = command('nothing', {
      run: sh`:`,
      unless: sh`[ -e ${join(dir, 'never')} ]`,
      retries: 2,
      delay: 0,
    });
    const host = await plan({ ...vain, explain: sh`echo 'it ended with 217/USER'` });
    await expect(host.apply(() => true)).rejects.toThrow('there is no\nit ended with 217/USER');
  });

  it.each([
    [true, 'here: "up" does not hold any more\nit has died'],
    [false, undefined],
  ])('looks again behind the last task at what tells why it does not hold: %s', async (dies, message) => {
    const up = {
      ...file(join(dir, 'up'), { content: '' }),
      explain: sh`[ -e ${join(dir, 'up')} ] || echo 'it has died'`,
    };
    const ends = command('ends it', {
      run: sh`${dies ? 'rm' : 'ls'} ${join(dir, 'up')}`,
      unless: sh`false`,
      after: [],
    });
    const host = await plan({ ...up, title: 'up' }, { ...ends, unproven: true });
    const failed = await host
      .apply(() => true)
      .then(
        () => undefined,
        (error: Error) => error.message,
      );
    expect(failed).toBe(message);
  });

  it('stops at the first apply that fails and shows what it printed', async () => {
    const host = await plan(
      command('breaks', { run: sh`echo broken; exit 3`, creates: join(dir, 'x') }),
      command('later', { run: sh`touch ${join(dir, 'later')}`, creates: join(dir, 'later') }),
    );
    await expect(host.apply(() => true)).rejects.toThrow('here: breaks: exit status 3\nbroken');
    expect(existsSync(join(dir, 'later'))).toBe(false);
  });

  it('survives a syntax error, reads of standard input and an exit inside fragments', async () => {
    const host = await plan(
      command('reads', { run: sh`cat; touch ${join(dir, 'a')}; exit 0`, creates: join(dir, 'a') }),
      command('broken', { run: { text: 'if then fi (' }, creates: join(dir, 'b') }),
    );
    await expect(host.apply(() => true)).rejects.toThrow(/^here: broken: exit status 2/);
    expect(existsSync(join(dir, 'a'))).toBe(true);
  });

  it('replaces a link by a file, and refuses to replace a directory', async () => {
    writeFileSync(join(dir, 'elsewhere'), 'kept\n');
    const { symlinkSync } = await import('node:fs');
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'link'));
    await (await plan(file(join(dir, 'link'), { content: 'new\n', mode: '0644' }))).apply(() => true);
    expect(readFileSync(join(dir, 'elsewhere'), 'utf8')).toBe('kept\n');
    expect(readFileSync(join(dir, 'link'), 'utf8')).toBe('new\n');
    mkdirSync(join(dir, 'sub'));
    await expect(plan(file(join(dir, 'sub'), { content: 'x', mode: '0644' }))).rejects.toThrow(
      /is a directory, a file was wanted/,
    );
    expect(statSync(join(dir, 'sub')).isDirectory()).toBe(true);
  });

  it('removes files, links and empty directories, never what is inside one', async () => {
    mkdirSync(join(dir, 'full'));
    writeFileSync(join(dir, 'full/kept'), '');
    writeFileSync(join(dir, 'gone'), '');
    await (await plan(absent(join(dir, 'gone')))).apply(() => true);
    expect(existsSync(join(dir, 'gone'))).toBe(false);
    await expect(plan(absent(join(dir, 'full')))).rejects.toThrow(/full: it has kept in it$/);
    expect(existsSync(join(dir, 'full/kept'))).toBe(true);
  });

  it('waits until something is true, and fails at the deadline', async () => {
    const path = join(dir, 'late');
    setTimeout(() => writeFileSync(path, ''), 250);
    await (await plan(waitFor('late', { until: sh`[ -e ${path} ]`, timeout: 5 }))).apply(() => true);
    rmSync(path);
    const host = await plan(waitFor('never', { until: sh`[ -e ${path} ]`, timeout: 1 }));
    await expect(host.apply(() => true)).rejects.toThrow(/not there after 1 s/);
  });

  it('marks a command that always runs as unknown and does not prove it', async () => {
    const host = await plan(command('always', { run: sh`:`, changedWhen: 'always' }));
    expect(host.plan[0]?.changes[0]?.certainty).toBe('unknown');
    await host.apply(() => true);
    expect(sink.events.at(-1)).toMatchObject({ status: 'changed' });
  });

  describe('what hangs on tasks before it', () => {
    const conf = (content: string) => file(join(dir, 'conf'), { content, mode: '0644' });
    const build = (options = {}) =>
      command('built from conf', {
        run: sh`cp ${join(dir, 'conf')} ${join(dir, 'built')}`,
        unless: sh`cmp -s ${join(dir, 'conf')} ${join(dir, 'built')}`,
        ...options,
      });
    const statuses = () =>
      sink.events.flatMap((event) => (event.event === 'task' ? [`${event.task}: ${event.status}`] : []));
    const certainties = (host: LoopHost<unknown>) =>
      host.plan.map(({ changes }) => changes.map(({ certainty }) => certainty).join());

    it('is judged when its turn comes, and the next check finds nothing', async () => {
      await (await plan(conf('one'), build())).apply(() => true);
      const behind = directory(join(dir, 'behind'), { mode: '0755' });
      const tasks = [conf('two'), build(), behind];
      const host = await plan(...tasks);
      expect(certainties(host)).toEqual(['certain', 'unknown', 'certain']);
      await host.apply(() => true);
      expect(readFileSync(join(dir, 'built'), 'utf8')).toBe('two');
      expect(certainties(await plan(...tasks))).toEqual(['', '', '']);
    });

    it('is left alone where there is nothing to do after all', async () => {
      writeFileSync(join(dir, 'built'), 'one');
      writeFileSync(join(dir, 'conf'), 'one');
      const other = command('other', { run: sh`:`, changedWhen: 'always' });
      const host = await plan(other, build());
      expect(certainties(host)).toEqual(['unknown', 'unknown']);
      await host.apply(() => true);
      expect(statuses()).toEqual(['other: changed', 'built from conf: ok']);
    });

    it('is certain where it says what it hangs on, and that stays', async () => {
      writeFileSync(join(dir, 'built'), 'one');
      writeFileSync(join(dir, 'conf'), 'one');
      chmodSync(join(dir, 'conf'), 0o644);
      const other = command('other', { run: sh`:`, changedWhen: 'always' });
      const same = conf('one');
      expect(certainties(await plan(other, same, build({ after: [same] })))).toEqual(['unknown', '', '']);
      expect(certainties(await plan(other, build({ after: [] })))).toEqual(['unknown', '']);
      const changed = conf('two');
      const host = await plan(other, changed, build({ after: [changed] }));
      expect(certainties(host)).toEqual(['unknown', 'certain', 'unknown']);
      await host.apply(() => true);
      expect(readFileSync(join(dir, 'built'), 'utf8')).toBe('two');
    });

    it('is conditional where it is due already, and what an earlier task did is not done again', async () => {
      const makes = command('makes', {
        run: sh`touch ${join(dir, 'x')}`,
        unless: sh`[ -e ${join(dir, 'x')} ]`,
      });
      const twice = command('again', {
        run: sh`echo again >>${join(dir, 'x')}`,
        unless: sh`[ -e ${join(dir, 'x')} ]`,
        after: [makes],
      });
      const host = await plan(makes, twice);
      expect(certainties(host)).toEqual(['certain', 'conditional']);
      await host.apply(() => true);
      expect([readFileSync(join(dir, 'x'), 'utf8'), statuses()]).toEqual([
        '',
        ['makes: changed', 'again: ok'],
      ]);
    });

    it('may be a folder that only a command makes', async () => {
      const tasks = [
        command('unpacked', { run: sh`mkdir ${join(dir, 'app')}`, creates: join(dir, 'app') }),
        file(join(dir, 'app/conf'), { content: 'x', mode: '0644' }),
      ];
      const host = await plan(...tasks);
      expect(certainties(host)).toEqual(['certain', 'conditional']);
      await host.apply(() => true);
      expect(certainties(await plan(...tasks))).toEqual(['', '']);
    });

    it('is not left due by a task after it without a word', async () => {
      const later = join(dir, 'later');
      const spoils = sh`echo x >${join(dir, 'conf')}; touch ${later}`;
      const host = await plan(conf('one'), build(), command('spoils', { run: spoils, creates: later }));
      await expect(host.apply(() => true)).rejects.toMatchObject({
        exitCode: 2,
        task: 'built from conf',
        message: 'here: "built from conf" is due again: a task after it has changed what it looks at',
      });
    });

    it('works for a task that is a function, too', async () => {
      await (await plan(conf('one'), build())).apply(() => true);
      const by = task(
        'built by hand',
        async ({ $ }) => void (await $`cp ${join(dir, 'conf')} ${join(dir, 'built')}`),
        { unless: sh`cmp -s ${join(dir, 'conf')} ${join(dir, 'built')}` },
      );
      const tasks = [conf('two'), by];
      await (await plan(...tasks)).apply(() => true);
      expect(readFileSync(join(dir, 'built'), 'utf8')).toBe('two');
      expect(certainties(await plan(...tasks))).toEqual(['', '']);
    });
  });

  it('finishes the task in hand when asked to stop, and says what was not begun', async () => {
    const touch = (name: string, before = sh`:`) =>
      command(name, { run: sh`${before}; touch ${join(dir, name)}`, creates: join(dir, name) });
    const host = await plan(
      touch('first', sh`touch ${join(dir, 'begun')}; sleep 0.5`),
      touch('second'),
      touch('third'),
    );
    const applied = host.apply(() => true);
    while (!existsSync(join(dir, 'begun'))) await sleep(10);
    host.stop();
    await expect(applied).rejects.toMatchObject({
      exitCode: 130,
      message: 'here: stopped on request; not begun: second and 1 more',
    });
    expect(sink.events.at(-1)).toMatchObject({ task: 'first', status: 'changed' });
    expect([existsSync(join(dir, 'first')), existsSync(join(dir, 'second'))]).toEqual([true, false]);
  });

  describe('a task that is a function', () => {
    const marker = () => join(dir, "it's there");
    const touch = () =>
      task(
        'the marker is there',
        async ({ $ }) => {
          const { text, lines } = await $`printf '%s\n' one two; echo ${marker()}`;
          expect([text, lines.length]).toEqual([`one\ntwo\n${marker()}`, 3]);
          expect((await $.nothrow`exit 3`).exitCode).toBe(3);
          await $`touch ${marker()}`;
        },
        { creates: marker() },
      );

    it('is planned like a command, runs between the others, and is proven', async () => {
      const before = file(join(dir, 'before'), { content: '', mode: '0644' });
      const after = command('after', {
        run: sh`[ -e ${marker()} ] && touch ${join(dir, 'after')}`,
        creates: join(dir, 'after'),
      });
      const host = await plan(before, touch(), after);
      expect(changes(host)[1]).toEqual(['command:the marker is there', 'done', 'no', 'yes']);
      expect(existsSync(marker())).toBe(false);
      await host.apply(() => true);
      expect(existsSync(join(dir, 'after'))).toBe(true);
      expect(changes(await plan(touch()))).toEqual([]);
    });

    it('fails with what a command printed, what an error says, or without effect, and nothing follows', async () => {
      const follows = command('follows', { run: sh`touch ${join(dir, 'x')}`, creates: join(dir, 'x') });
      const bad: readonly (readonly [Parameters<typeof task>[1], string])[] = [
        [async ({ $ }) => void (await $`echo broken; exit 3`), 'here: hand: exit status 3\nbroken'],
        [() => Promise.reject(new Error('no such thing')), 'here: hand: no such thing'],
        [async () => {}, 'here: hand: applied, but it did not stick'],
      ];
      for (const [body, message] of bad) {
        const host = await plan(task('hand', body, { creates: marker() }), follows);
        await expect(host.apply(() => true)).rejects.toThrow(message);
        expect(sink.events.at(-1)).toMatchObject({ event: 'task', status: 'failed', task: 'hand' });
      }
      expect(existsSync(join(dir, 'x'))).toBe(false);
    });
  });

  it('counts on the folder of its records, which it makes itself', async () => {
    const path = join(dir, 'state/mine');
    const host = await plan(file(path, { content: 'x', mode: '0644' }));
    await host.apply(() => true);
    expect(readFileSync(path, 'utf8')).toBe('x');
  });

  it('does nothing twice, whoever applies the plan again', async () => {
    const log = join(dir, 'log');
    const host = await plan(command('work', { run: sh`echo once >>${log}`, changedWhen: 'always' }));
    await host.apply(() => true);
    await host.apply(() => true);
    expect(readFileSync(log, 'utf8')).toBe('once\n');
  });

  it('lists what it owns before it touches it', async () => {
    const path = join(dir, 'owned');
    await (await plan(file(path, { content: '', mode: '0644' }))).apply(() => true);
    expect(readFileSync(join(dir, 'state/manifest'), 'utf8')).toBe(`${path}\n`);
    expect(readFileSync(join(dir, 'state/owner'), 'utf8')).toBe('test\n');
  });

  it('lists folders that it makes on the way, and none that was there', async () => {
    mkdirSync(join(dir, 'there'));
    await (await plan(directory(join(dir, 'there/a/b'), { mode: '0755' }))).apply(() => true);
    expect(readFileSync(join(dir, 'state/manifest'), 'utf8').split('\n').sort()).toEqual(
      ['', '/there/a', '/there/a/b'].map((path) => path && `${dir}${path}`),
    );
  });

  it('lists a folder that another service of ours has made', async () => {
    mkdirSync(join(dir, 'shared'));
    mkdirSync(join(dir, 'other'));
    writeFileSync(join(dir, 'other/manifest'), `${dir}/shared\n`);
    await (await plan(directory(join(dir, 'shared/own'), { mode: '0755' }))).apply(() => true);
    expect(readFileSync(join(dir, 'state/manifest'), 'utf8')).toBe(`${dir}/shared\n${dir}/shared/own\n`);
  });

  it('lists what it sends before the first byte', async () => {
    const source = join(dir, 'source');
    writeFileSync(source, 'bytes');
    const found = {
      version: '1',
      from: 'here',
      files: [{ name: 'tool', path: source, sha256: sha256('bytes') }],
    };
    const host = await plan(
      release(join(dir, 'new/bin'), {
        names: ['tool'],
        version: '1',
        record: join(dir, 'state/release'),
        mode: '0755',
        fetch: async () => found,
      }),
    );
    let listed = '';
    host.host.send = async (from, to) => {
      listed = readFileSync(join(dir, 'state/manifest'), 'utf8');
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(from, to);
    };
    await host.apply(() => true);
    expect(listed).toContain(`${dir}/new\n${dir}/new/bin\n${dir}/new/bin/tool\n`);
    expect(readFileSync(join(dir, 'new/bin/tool'), 'utf8')).toBe('bytes');
  });

  it('says how much of what is to be sent has gone', async () => {
    const source = join(dir, 'source');
    writeFileSync(source, Buffer.alloc(3_000_000));
    const bytes = readFileSync(source);
    const host = await plan(
      release(join(dir, 'bin'), {
        names: ['tool'],
        version: '1',
        record: join(dir, 'state/release'),
        mode: '0755',
        fetch: async () => ({
          version: '1',
          from: 'here',
          files: [{ name: 'tool', path: source, sha256: sha256(bytes) }],
        }),
      }),
    );
    host.host.send = async (from, to, progress) => {
      mkdirSync(dirname(to), { recursive: true });
      for (const sent of [1_000_000, 3_000_000]) progress?.(sent);
      copyFileSync(from, to);
    };
    await host.apply(() => true);
    const said = sink.steps.map(({ doing }) => doing).filter((doing) => doing?.startsWith('sending'));
    expect(said).toEqual(['sending 1 of 3 MB', 'sending 3 of 3 MB']);
  });
});
