import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Gate, inSeries, type Series } from '../../../lib/dsl/in-series.ts';
import { hasChanges, type PlayHost } from '../../../lib/dsl/play.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../../lib/errors.ts';
import { command } from '../../../lib/resources/command.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

const HOSTS = ['a', 'b', 'c'];

type Told = (line: string) => void;

interface Case {
  /** Hosts whose change does not work. */
  readonly broken?: readonly string[];
  readonly series?: (tell: Told) => Partial<Series<undefined>>;
  /** Asks the run to end while this host has its turn. */
  readonly stopAt?: string;
  /** Cannot be read while the first host has its turn. */
  readonly lost?: string;
}

/** Runs a plain role over three hosts, one after another; gives what happened, in order, and how it ended. */
async function serially({ broken = [], series = () => ({}), stopAt, lost }: Case) {
  const dir = scratch();
  const log = join(dir, 'log');
  const tell: Told = (line) => appendFileSync(log, `${line}\n`);
  for (const name of HOSTS) mkdirSync(join(dir, name));
  const sink = recorder();
  const run = startRun(
    {
      name: 'book',
      description: '',
      plays: [
        {
          name: 'play',
          hosts: 'all',
          gather: { probe: () => sh`:`, parse: () => undefined, ordinary: undefined },
          roles: [
            {
              name: 'plain',
              description: 'says that it was here',
              vars: {},
              tasks: ({ name }) => [
                command('work', {
                  run: broken.includes(name)
                    ? sh`exit 1`
                    : sh`echo ${`apply ${name}`} >>${log}; : >${join(dir, name, 'done')}`,
                  creates: join(dir, name, 'done'),
                }),
              ],
            },
          ],
          strategy: {
            converge: (play) =>
              inSeries(play, play.hosts.filter(hasChanges), {
                turn: {
                  async apply(host) {
                    if (host.target.name === stopAt) run.stop(EXIT.interrupted);
                    await host.apply(() => true);
                    await play.each(
                      play.hosts.filter(({ target }) => target.name === lost),
                      () => Promise.reject(new QuorateError(`${lost}: lost`, { exitCode: EXIT.unreachable })),
                    );
                  },
                },
                ...series(tell),
              }),
          },
          stateDir: ({ name }) => join(dir, name),
          owner: () => 'test',
        },
      ],
    },
    {
      ...WHOLE_RUN,
      select: () =>
        HOSTS.map((name) => ({ name, groups: [], vars: {}, connect: async () => shellHost(['sh'], name) })),
      sink,
    },
  );
  const code = await run.done;
  const errors = sink.events.flatMap((event) => (event.event === 'error' ? [event.message] : []));
  const said = () => readFileSync(log, 'utf8').trim().split('\n');
  return { code, errors, happened: errors.length > 0 ? tryOr(said, []) : said() };
}

function tryOr<T>(get: () => T, otherwise: T): T {
  try {
    return get();
  } catch {
    return otherwise;
  }
}

const refuse = (message: string) => new QuorateError(message, { exitCode: EXIT.refused });

/** A gate that tells when it is asked, and refuses at one point. */
function gate(tell: Told, shut?: string): Gate<undefined> {
  const ask = (when: string) => async (host: PlayHost<undefined>) => {
    const point = `${when} ${host.target.name}`;
    tell(point);
    if (point === shut) throw refuse(`shut ${point}`);
  };
  return { before: ask('before'), after: ask('after') };
}

describe('hosts in series', () => {
  it('take turns in the order given, each between two gates', async () => {
    expect(await serially({ series: (tell) => ({ gate: gate(tell) }) })).toEqual({
      code: EXIT.ok,
      errors: [],
      happened: HOSTS.flatMap((name) => [`before ${name}`, `apply ${name}`, `after ${name}`]),
    });
  });

  it.each([
    ['before b', ['before a', 'apply a', 'after a', 'before b']],
    ['after b', ['before a', 'apply a', 'after a', 'before b', 'apply b', 'after b']],
  ])('stop where the gate is shut %s, and name who waits', async (shut, happened) => {
    expect(await serially({ series: (tell) => ({ gate: gate(tell, shut) }) })).toEqual({
      code: EXIT.refused,
      errors: [`shut ${shut}`, 'stopped at b: no further host is touched; still to be changed: c'],
      happened,
    });
  });

  it('stop at the first host that fails, and need not name anybody after the last', async () => {
    const first = await serially({ broken: ['a'] });
    expect(first.code).toBe(EXIT.refused);
    expect(first.errors.at(-1)).toBe('stopped at a: no further host is touched; still to be changed: b, c');
    expect(first.happened).toEqual([]);
    const last = await serially({ broken: ['c'] });
    expect([last.code, last.happened]).toEqual([EXIT.failed, ['apply a', 'apply b']]);
  });

  it.each([
    [1, ['a'], EXIT.failed, ['apply b', 'apply c']],
    [1, ['a', 'b'], EXIT.refused, []],
    [2, ['a', 'b'], EXIT.failed, ['apply c']],
  ])('go on within a budget of %s while %s fail', async (budget, broken, code, happened) => {
    const ended = await serially({ broken, series: () => ({ budget }) });
    expect([ended.code, ended.happened]).toEqual([code, happened]);
  });

  it('go through before, stopped, apply, and undo what a failed turn began', async () => {
    const turn = (tell: Told) => ({
      turn: {
        before: async ({ target }: PlayHost) => tell(`drain ${target.name}`),
        stopped: async ({ target }: PlayHost) => tell(`stopped ${target.name}`),
        apply: (host: PlayHost) => host.apply(() => true),
        undo: async ({ target }: PlayHost, error: unknown) =>
          tell(`undo ${target.name}: ${error instanceof Error ? error.message.split('\n')[0] : ''}`),
      },
    });
    const { happened } = await serially({ broken: ['b'], series: turn });
    expect(happened).toEqual([
      'drain a',
      'stopped a',
      'apply a',
      'drain b',
      'stopped b',
      expect.stringMatching(/^undo b: .+/),
    ]);
  });

  it('tell both why a turn failed and why what it began could not be put back', async () => {
    const series = () => ({
      turn: {
        apply: (host: PlayHost) => host.apply(() => true),
        undo: () => Promise.reject(new QuorateError('no old binary', { exitCode: EXIT.unreachable })),
      },
    });
    const { code, errors } = await serially({ broken: ['c'], series });
    expect([code, errors]).toEqual([
      EXIT.failed,
      [expect.stringContaining('exit status 1'), 'c: what its turn began is not put back: no old binary'],
    ]);
  });

  it('count a host that fails before its turn as failed: nobody asked to stop', async () => {
    const ended = await serially({ lost: 'b' });
    expect([ended.code, ended.errors]).toEqual([
      EXIT.refused,
      ['b: lost', 'stopped at b: no further host is touched; still to be changed: c'],
    ]);
    expect(ended.happened).toEqual(['apply a']);
  });

  it('stop on request between two turns, with what is left', async () => {
    const ended = await serially({ stopAt: 'b' });
    expect(ended.code).toBe(EXIT.interrupted);
    expect(ended.errors.join('\n')).toContain('still to be changed: c');
    expect(ended.happened).not.toContain('apply c');
  });
});
