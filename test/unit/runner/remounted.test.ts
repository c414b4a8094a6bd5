import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { defineResource } from '../../../lib/dsl/resource.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { archive } from '../../../lib/resources/archive/index.ts';
import { certificate } from '../../../lib/resources/certificate.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { line } from '../../../lib/resources/line.ts';
import { link } from '../../../lib/resources/link.ts';
import { tree } from '../../../lib/resources/tree/index.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';

/** As a mount: another folder takes the place of this one, with what is in it. */
const volume = defineResource<{ from: string }, { path: string; from: string }, boolean>({
  kind: 'volume',
  complete: (path, { from }) => ({ path, from }),
  name: ({ path }) => path,
  title: ({ path }) => `${path} is the volume`,
  probe: ({ from }) => sh`[ -e ${from} ]`,
  parse: ({ code }) => code !== 0,
  diff: (_, isThere) => (isThere ? [] : [{ kind: 'start', property: 'mounted', before: 'no', after: 'yes' }]),
  foresee({ path }, _observed, changes, world) {
    world.path(path).willBe({ type: 'directory' });
    if (changes.length > 0) world.willRemount(path);
  },
  apply: ({ path, from }) => sh`mv ${path} ${`${path}.under`} && mv ${from} ${path}`,
});

describe('what lies below a file system that is yet to be mounted', () => {
  let dir: string;
  const at = (path: string) => join(dir, path);
  const mounted = () => volume(at('data'), { from: at('volume') });
  beforeEach(() => {
    dir = scratch();
    mkdirSync(at('data'));
    mkdirSync(at('volume'));
    mkdirSync(at('src'));
    writeFileSync(at('src/a'), 'a\n');
  });

  async function plan(...tasks: Task[]) {
    const host = loopHost({ dir, sink: recorder() });
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    return host;
  }

  it.each<[string, () => Task, 'conditional' | 'unknown']>([
    ['a command', () => command('db', { run: sh`:`, creates: at('data/db/VERSION') }), 'conditional'],
    ['a file', () => file(at('data/a'), { content: 'a\n' }), 'conditional'],
    ['a file in a folder of the volume', () => file(at('data/x/a'), { content: 'a\n' }), 'unknown'],
    ['the folder itself', () => directory(at('data')), 'unknown'],
    ['a folder', () => directory(at('data/b')), 'conditional'],
    ['a link', () => link(at('data/b'), { to: 'a' }), 'conditional'],
    ['nothing', () => absent(at('data/b')), 'unknown'],
    ['a line', () => line(at('data/conf'), { line: 'a' }), 'unknown'],
    ['a tree', () => tree(at('data/t'), { source: at('src') }), 'conditional'],
    ['an archive', () => archive(at('data/t'), { source: archived(), creates: 'a' }), 'conditional'],
    [
      'a certificate',
      () => certificate(at('data/c.pem'), { key: at('data/k.pem'), names: ['a'] }),
      'conditional',
    ],
  ])('%s is judged when its turn comes', async (_, task, certainty) => {
    const host = await plan(mounted(), task());
    const [own, below] = host.plan;
    expect(own?.changes.map((one) => one.certainty)).toEqual(['certain']);
    expect(below?.waits).toBe(true);
    expect([...new Set(below?.changes.map((one) => one.certainty))]).toEqual([certainty]);
  });
  const archived = () => {
    writeFileSync(at('src.tar'), Buffer.from([0]));
    return at('src.tar');
  };

  it('what lies there by way of a declared link is judged when its turn comes', async () => {
    symlinkSync('data', at('way'));
    const host = await plan(
      mounted(),
      link(at('way'), { to: 'data' }),
      file(at('way/a'), { content: 'a\n' }),
    );
    expect(host.plan.at(-1)).toMatchObject({ waits: true, changes: [{ certainty: 'conditional' }] });
  });

  it('a command that has been run there is not run again', async () => {
    mkdirSync(at('volume/db'));
    writeFileSync(at('volume/db/VERSION'), '15');
    const initdb = command('db', {
      run: sh`mkdir -p ${at('data/db')} && echo 16 >${at('data/db/VERSION')}`,
      creates: at('data/db/VERSION'),
    });
    await (await plan(mounted(), initdb)).apply(() => true);
    expect(readFileSync(at('data/db/VERSION'), 'utf8')).toBe('15');
  });

  it('what differs there is put right, and bytes that are sent go there', async () => {
    mkdirSync(at('volume/x'));
    writeFileSync(at('src/bytes'), Buffer.from([0, 1]));
    const tasks = () => [
      mounted(),
      file(at('data/x/a'), { content: 'new\n' }),
      file(at('data/bytes'), { source: at('src/bytes') }),
    ];
    await (await plan(...tasks())).apply(() => true);
    expect(readFileSync(at('data/x/a'), 'utf8')).toBe('new\n');
    expect(existsSync(at('data.under/bytes'))).toBe(false);
    expect((await plan(...tasks())).plan.flatMap(({ changes }) => changes)).toEqual([]);
  });

  it('what is beside it is judged as ever', async () => {
    const host = await plan(mounted(), file(at('database'), { content: 'a\n' }));
    expect(host.plan[1]).toMatchObject({ changes: [{ certainty: 'certain' }] });
    expect(host.plan[1]?.waits).toBeUndefined();
  });
});
