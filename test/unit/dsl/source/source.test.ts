import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { MARK } from '../../../../lib/dsl/shell/probe.ts';
import { World } from '../../../../lib/dsl/world/world.ts';
import { file } from '../../../../lib/resources/file.ts';
import { loopHost } from '../../support/loop-host.ts';
import { recorder } from '../../support/recorder.ts';
import { scratch } from '../../support/scratch.ts';

const HERE = dirname(fileURLToPath(import.meta.url));

describe('a file from control', () => {
  let dir: string;
  beforeEach(() => {
    dir = scratch();
    mkdirSync(join(dir, 'host'));
  });
  const source = (bytes: string | Buffer) => {
    writeFileSync(join(dir, 'source'), bytes);
    return join(dir, 'source');
  };
  const target = () => join(dir, 'host/target');
  async function plan(from: string) {
    const host = loopHost({ dir, sink: recorder() });
    await host.makePlan([{ role: 'role', task: file(target(), { source: from, mode: '0640' }) }]);
    return host;
  }

  it.each([
    ['text', Buffer.from('héllo\nwörld')],
    ['bytes that no shell can pass on', Buffer.from([0, 255, 10, 0, 10, 10])],
    ['bytes that are not UTF-8', Buffer.from('caf\xe9\n', 'latin1')],
    ['more than is read as text', Buffer.alloc(200_000, 'x')],
    ['nothing', Buffer.alloc(0)],
  ])('%s arrives as it is, and then nothing differs', async (_name, bytes) => {
    await (await plan(source(bytes))).apply(() => true);
    expect(readFileSync(target()).equals(bytes)).toBe(true);
    expect((statSync(target()).mode & 0o777).toString(8)).toBe('640');
    expect((await plan(join(dir, 'source'))).plan[0]?.changes).toEqual([]);
  });

  it('that has drifted is sent again, and is newer than what it replaces', async () => {
    const bytes = Buffer.from([0, 1, 2]);
    await (await plan(source(bytes))).apply(() => true);
    writeFileSync(target(), 'edited');
    utimesSync(target(), 1000, 1000);
    const host = await plan(join(dir, 'source'));
    expect(host.plan[0]?.changes).toMatchObject([{ kind: 'update', property: 'content' }]);
    await host.apply(() => true);
    expect(readFileSync(target()).equals(bytes)).toBe(true);
    expect(statSync(target()).mtimeMs).toBeGreaterThan(Date.now() - 60_000);
  });

  it('begins, where it is relative, at the file that names it', () => {
    const from = `./${relative(HERE, source('text\n'))}`;
    expect(file('/x', { source: from }).wish).toMatchObject({ content: 'text\n' });
    expect(file('/x', { source: './source.test.ts' }).wish).toMatchObject({
      content: readFileSync(join(HERE, 'source.test.ts'), 'utf8'),
    });
  });

  it.each([
    ['that is not there', './nowhere', /nowhere is not there$/],
    ['that is a folder', '.', /source is not a file$/],
  ])('%s is told of before any contact', (_name, from, message) => {
    expect(() => file('/x', { source: from })).toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.stringMatching(message) }),
    );
  });

  it('shows how a text changes', () => {
    const task = file('/x', { source: source('new\n') });
    const old = `stat regular file|644|root|root|4|0|0|/x\ntext\n${Buffer.from('old\n').toString('base64')}`;
    const [change] = task.diff({ code: 0, out: `${old}\n${MARK}\nabove directory /` }, new World());
    expect(change?.text).toEqual({ before: 'old\n', after: 'new\n' });
  });
});
