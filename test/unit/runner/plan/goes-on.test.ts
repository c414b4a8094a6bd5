import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Play } from '../../../../lib/dsl/play.ts';
import { defineResource } from '../../../../lib/dsl/resource.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { EXIT, QuorateError } from '../../../../lib/errors.ts';
import { command } from '../../../../lib/resources/command.ts';
import { directory } from '../../../../lib/resources/directory.ts';
import { file } from '../../../../lib/resources/file.ts';
import type { PlannedBatch } from '../../../../lib/runner/plan/review.ts';
import { startRun } from '../../../../lib/runner/run.ts';
import { recorder } from '../../support/recorder.ts';
import { WHOLE_RUN } from '../../support/run-options.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';

describe('behind a task that cannot be planned', () => {
  let dir: string;
  beforeEach(() => {
    dir = scratch();
  });

  const at = (name: string) => join(dir, name);
  const play = (name: string, tasks: readonly Task[]): Play<undefined> => ({
    name,
    hosts: 'all',
    gather: { probe: () => sh`:`, parse: () => undefined, ordinary: undefined },
    roles: [{ name: 'role', description: '', vars: {}, tasks: () => tasks }],
    strategy: { converge: (run) => run.each(run.hosts, (host) => host.apply(() => true)).then(() => {}) },
    stateDir: () => at('state'),
    owner: () => 'test',
  });

  async function run(plays: readonly (readonly Task[])[], check = true) {
    const sink = recorder();
    const batches: PlannedBatch[] = [];
    const host = { name: 'h', groups: [], vars: {}, connect: async () => shellHost(['sh'], 'h') };
    const code = await startRun(
      { name: 'book', description: '', plays: plays.map((tasks, i) => play(`play${i}`, tasks)) },
      { ...WHOLE_RUN, check, select: () => [host], sink, review: async (batch) => void batches.push(batch) },
    ).done;
    const tasks = sink.events.flatMap((one) => (one.event === 'task' ? [`${one.status} ${one.task}`] : []));
    const errors = sink.events.flatMap((one) => (one.event === 'error' ? [one.message] : []));
    return { code, tasks, errors, batches };
  }

  const named = (name: string) => ({ title: name });
  const nowhere = (name: string) => file(at(`none/${name}`), { content: '', ...named(name) });
  const fine = (name: string) => file(at(name), { content: 'x', ...named(name) });

  it('a check plans the others, and tells every mistake at once', async () => {
    const { code, tasks, errors, batches } = await run([
      [nowhere('a'), fine('b'), nowhere('c'), fine('d')],
      [fine('e'), nowhere('f')],
    ]);
    expect(code).toBe(EXIT.failed);
    expect(tasks).toEqual(['failed a', 'failed c', 'changed b', 'changed d', 'failed f', 'changed e']);
    const missing = (name: string) => `h: cannot make ${at(`none/${name}`)}: ${at('none')} is missing`;
    expect(errors).toEqual(['a', 'c', 'f'].map(missing));
    expect(batches.map((batch) => [batch.hosts.length, batch.missing])).toEqual([
      [0, ['h']],
      [0, ['h']],
    ]);
  });

  it('a run stops before anything is changed', async () => {
    const { code, tasks, errors } = await run([[nowhere('a'), fine('b'), nowhere('c')], [fine('d')]], false);
    expect(code).toBe(EXIT.failed);
    expect(tasks).toEqual(['failed a']);
    expect(errors).toHaveLength(1);
    expect(existsSync(at('b'))).toBe(false);
  });

  it('what rests on it is planned as if it had come true, and what is judged behind it is unknown', async () => {
    const folder = directory(at('folder'), { owner: 'nobody-there', title: 'folder' });
    const { tasks, errors } = await run([
      [
        folder,
        file(at('folder/in-it'), { content: '', title: 'in it' }),
        command('named', { run: sh`:`, unless: sh`:`, after: [folder] }),
        command('any', { run: sh`:`, unless: sh`:` }),
        command('done', { run: sh`:`, unless: sh`:`, after: [] }),
      ],
    ]);
    expect(tasks).toEqual(['failed folder', 'changed in it', 'unknown named', 'unknown any', 'ok done']);
    expect(errors).toHaveLength(1);
  });

  it('one whose foresight fails as well may bring anything', async () => {
    const odd = defineResource<object, { name: string }, string>({
      kind: 'odd',
      complete: (name) => ({ name }),
      name: ({ name }) => name,
      title: ({ name }) => name,
      probe: () => sh`:`,
      parse: () => {
        throw new QuorateError('unread', { exitCode: EXIT.failed });
      },
      diff: () => [],
      foresee: () => {},
      apply: () => sh`:`,
    });
    const { tasks, errors } = await run([[odd('odd'), nowhere('a')]]);
    expect(tasks).toEqual(['failed odd', 'changed a']);
    expect(errors).toEqual(['h: unread']);
  });
});
