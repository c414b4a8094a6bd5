import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Play } from '../../../lib/dsl/play.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { command } from '../../../lib/resources/command.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

describe('the trace of a run on the hosts', () => {
  let dir: string;
  const trace = () => join(dir, 'a', 'audit.jsonl');
  const lines = () =>
    existsSync(trace())
      ? readFileSync(trace(), 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      : [];

  beforeEach(() => {
    dir = scratch();
    mkdirSync(join(dir, 'a'));
  });

  function run(script: string, { check = false, unless = 'false' } = {}) {
    const play: Play<undefined> = {
      name: 'play',
      hosts: 'all',
      gather: { probe: () => sh`:`, parse: () => undefined, ordinary: undefined },
      roles: [
        {
          name: 'role',
          description: '',
          vars: {},
          tasks: () => [
            command('work', {
              run: sh`${{ text: script }}`,
              ...(unless === 'false' ? { changedWhen: 'always' } : { unless: sh`${{ text: unless }}` }),
            }),
          ],
        },
      ],
      strategy: {
        converge: async (run) => {
          await run.each(run.hosts, (host) => host.apply(() => true));
        },
      },
      stateDir: ({ name }) => join(dir, name),
      owner: () => 'test',
    };
    return startRun(
      { name: 'book', description: '', plays: [play] },
      {
        ...WHOLE_RUN,
        select: () => [{ name: 'a', groups: [], vars: {}, connect: async () => shellHost(['sh'], 'a') }],
        check,
        note: { command: 'book -l a', message: 'because' },
        sink: recorder(),
      },
    ).done;
  }

  it('says who ran what, from where, when, why, and with what outcome', async () => {
    await run(`touch '${dir}/done'`, { unless: `[ -e '${dir}/done' ]` });
    expect(lines()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        runId: expect.stringMatching(/^\d{8}T\d{6}Z-/),
        who: expect.any(String),
        from: expect.any(String),
        command: 'book -l a',
        message: 'because',
        outcome: 0,
      },
    ]);
    expect(statSync(trace()).mode & 0o777).toBe(0o600);
  });

  it('gets a further line by each run that changes something, also by one that fails', async () => {
    await run(`touch '${dir}/done'`, { unless: `[ -e '${dir}/done' ]` });
    await run('exit 1');
    expect(lines().map(({ outcome }) => outcome)).toEqual([0, 2]);
  });

  it('is left by no check, and by no run that changed nothing', async () => {
    await run(`touch '${dir}/done'`, { check: true });
    await run('false', { unless: 'true' });
    expect(lines()).toEqual([]);
  });

  it('is not left where our records have gone with what was there', async () => {
    await run(`rm -rf '${dir}/a'`, { unless: `[ ! -d '${dir}/a' ]` });
    expect(existsSync(trace())).toBe(false);
    rmSync(dir, { recursive: true });
  });
});
