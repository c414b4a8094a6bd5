import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { inSeries } from '../../../lib/dsl/in-series.ts';
import { hasChanges, type PlayRun } from '../../../lib/dsl/play.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { EXIT } from '../../../lib/errors.ts';
import { file } from '../../../lib/resources/file.ts';
import type { RunEvent } from '../../../lib/runner/events.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

/** Two hosts whose plain role writes a version, and the version of its neighbour as it is known. */
describe('a host that is planned anew in the middle of a run', () => {
  let dir: string;
  beforeEach(() => {
    dir = scratch();
    for (const name of ['a', 'b']) mkdirSync(join(dir, name));
  });

  const text = (host: string, name = 'version') => readFileSync(join(dir, host, name), 'utf8');

  async function play(converge: (run: PlayRun<undefined>) => Promise<void>, { limit = 'ab' } = {}) {
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
                description: 'writes a version',
                vars: {},
                tasks: ({ name, vars, hostvars }) => [
                  file(join(dir, name, 'version'), { content: String(vars.version), mode: '0644' }),
                  file(join(dir, name, 'all'), {
                    content: Object.values(hostvars)
                      .map(({ version }) => version)
                      .join(' '),
                    mode: '0644',
                  }),
                ],
              },
            ],
            strategy: { scope: (_selected, all) => all, converge },
            stateDir: ({ name }) => join(dir, name, 'state'),
            owner: () => 'test',
          },
        ],
      },
      {
        ...WHOLE_RUN,
        select: () =>
          ['a', 'b'].map((name) => ({
            name,
            groups: [],
            vars: { version: '3.7' },
            connect: async () => shellHost(['sh'], name),
          })),
        limit: ({ name }) => limit.includes(name),
        sink,
      },
    );
    return { code: await run.done, events: sink.events };
  }

  it('goes by way of other vars in a turn, while the inventory and the other hosts keep theirs', async () => {
    const seen: string[] = [];
    const { code, events } = await play((run) =>
      inSeries(run, run.hosts.filter(hasChanges), {
        turn: {
          async apply(host) {
            if (host.target.name === 'a') {
              await host.replan({ version: '3.6' });
              expect(existsSync(join(dir, 'a/version'))).toBe(false);
              await host.apply(() => true);
              seen.push(text('a'), text('a', 'all'));
              await host.replan({ version: '3.7' });
            }
            await host.apply(() => true);
          },
        },
      }),
    );
    expect([code, seen, text('a'), text('b')]).toEqual([EXIT.ok, ['3.6', '3.6 3.7'], '3.7', '3.7']);
    const recap = events.find((event): event is RunEvent & { event: 'recap' } => event.event === 'recap');
    expect(recap?.hosts.b).toMatchObject({ changed: 2, failed: 0 });
  });

  it('finds nothing to do where the host is as the vars want it already', async () => {
    writeFileSync(join(dir, 'a/version'), '3.6', { mode: 0o644 });
    writeFileSync(join(dir, 'a/all'), '3.6 3.7', { mode: 0o644 });
    const due: boolean[] = [];
    await play(async ({ hosts }) => {
      const host = hosts[0]!;
      due.push(hasChanges(host));
      await host.replan({ version: '3.6' });
      due.push(hasChanges(host));
    });
    expect(due).toEqual([true, false]);
  });

  it('goes by other hosts than those of the inventory, for that plan only', async () => {
    const known: string[] = [];
    await play(async ({ hosts }) => {
      const [host] = hosts;
      await host?.replan({}, { c: { version: '3.5' } });
      await host?.apply(() => true);
      known.push(text('a', 'all'), ...Object.keys(host?.target.hostvars ?? {}));
      await host?.replan();
      await host?.apply(() => true);
      known.push(text('a', 'all'));
    });
    expect(known).toEqual(['3.5 3.7', 'a', 'b', '3.7 3.7']);
  });

  it('is left alone outside of --limit', async () => {
    await play(
      async ({ hosts }) => {
        for (const host of hosts) {
          await host.replan({ version: '3.6' });
          await host.apply(() => true);
        }
      },
      { limit: 'a' },
    );
    expect([text('a'), existsSync(join(dir, 'b/version'))]).toEqual(['3.6', false]);
  });
});
