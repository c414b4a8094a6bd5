import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ToldFacts } from '../../../lib/dsl/host-facts.ts';
import type { Play } from '../../../lib/dsl/play.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

it('facts of a host are told once, and again where a later play reads more; not of hosts outside --limit', async () => {
  const dir = scratch();
  const play = (told: ToldFacts): Play<undefined> => ({
    name: 'play',
    hosts: 'all',
    gather: { probe: () => sh`:`, parse: () => undefined, ordinary: undefined, told: () => told },
    roles: [],
    strategy: { scope: (_selected, all) => all, async converge() {} },
    stateDir: ({ name }) => join(dir, name),
    owner: () => 'test',
  });
  const sink = recorder();
  const plays = [play({ cpus: 2 }), play({ cpus: 2 }), play({ mounts: ['/'] })];
  const hosts = ['a', 'b'].map((name) => ({
    name,
    groups: [],
    vars: {},
    connect: async () => shellHost(['sh'], name),
  }));
  const run = startRun(
    { name: 'book', description: '', plays },
    {
      ...WHOLE_RUN,
      select: () => hosts,
      limit: ({ name }) => name === 'a',
      check: true,
      sink,
    },
  );
  expect(await run.done).toBe(0);
  expect(sink.events.filter(({ event }) => event === 'facts')).toEqual([
    { event: 'facts', host: 'a', facts: { cpus: 2 } },
    { event: 'facts', host: 'a', facts: { cpus: 2, mounts: ['/'] } },
  ]);
});
