import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Play, PlayRun } from '../../../lib/dsl/play.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../../lib/errors.ts';
import { command } from '../../../lib/resources/command.ts';
import { startRun } from '../../../lib/runner/run.ts';
import type { RunHost } from '../../../lib/runner/session.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

/** Two clusters, the second with a host that has nothing of ours. */
const HOSTS = ['a1', 'a2', 'a3', 'b1', 'b2'];

const clusterOf = (name: string) => name.slice(0, 1);

describe('runs with disjoint --limit', () => {
  let dir: string;
  /** Hosts that are worked on at this moment, by cluster, and the most there ever were. */
  let inside: Record<string, number>;
  let most: number;
  /** Held until all runs are done planning. */
  let open: () => void;
  let gate: Promise<void>;
  /** Who works stays until it is decided of every run whether it may. */
  let undecided: number;

  beforeEach(() => {
    dir = scratch();
    inside = {};
    most = 0;
    for (const name of HOSTS.slice(0, -1)) mkdirSync(join(dir, name));
    gate = new Promise((resolve) => {
      open = resolve;
    });
  });

  function play(arrived: () => void): Play<undefined> {
    return {
      name: 'play',
      hosts: 'all',
      gather: { probe: () => sh`:`, parse: () => undefined, ordinary: undefined },
      roles: [
        {
          name: 'role',
          description: 'always has something to do',
          vars: {},
          tasks: () => [command('work', { run: sh`:`, changedWhen: 'always' })],
        },
      ],
      strategy: {
        scope: (selected, all) =>
          all.filter(({ name }) => selected.some((one) => clusterOf(one.name) === clusterOf(name))),
        async survey() {
          arrived();
          await gate;
        },
        converge: async (run: PlayRun<undefined>) => {
          const clusters = run.hosts
            .filter(({ selected }) => selected)
            .map(({ target }) => clusterOf(target.name));
          for (const cluster of clusters) {
            inside[cluster] = (inside[cluster] ?? 0) + 1;
            most = Math.max(most, inside[cluster]);
          }
          undecided -= 1;
          for (const end = Date.now() + 5000; undecided > 0 && Date.now() < end; ) await sleep(5);
          for (const cluster of clusters) inside[cluster] = (inside[cluster] ?? 0) - 1;
        },
      },
      stateDir: ({ name }) => join(dir, name),
      owner: () => 'test',
    };
  }

  /** Runs all at once, each limited to some hosts; those in `lost` cannot be reached by it. */
  async function race(...limits: readonly { readonly to: string; readonly lost?: string }[]) {
    let planning = 0;
    undecided = limits.length;
    const arrived = () => {
      planning += 1;
      if (planning === limits.length) open();
    };
    return Promise.all(
      limits.map(async ({ to, lost }) => {
        const sink = recorder();
        const hosts = HOSTS.map(
          (name): RunHost => ({
            name,
            groups: [],
            vars: {},
            connect: async () => shellHost(['sh'], name),
          }),
        );
        const code = await startRun(
          { name: 'book', description: '', plays: [play(arrived)] },
          {
            ...WHOLE_RUN,
            select: () => hosts.filter(({ name }) => name !== lost),
            limit: ({ name }) => to.split(' ').includes(name),
            sink,
          },
        ).done;
        if (code !== EXIT.ok) undecided -= 1;
        const errors = sink.events.flatMap((event) => (event.event === 'error' ? [event.message] : []));
        return { code, errors };
      }),
    );
  }

  it('never work on one cluster at once, and the loser names the holder', async () => {
    const runs = await race({ to: 'a1' }, { to: 'a2' });
    expect(runs.map(({ code }) => code).sort()).toEqual([EXIT.ok, EXIT.locked]);
    expect(runs.flatMap(({ errors }) => errors)).toEqual([
      expect.stringMatching(/^a1: another run holds the lock: \S+@\S+ \(pid \d+ on a1\); run /),
    ]);
    expect(most).toBe(1);
    expect(HOSTS.filter((name) => existsSync(join(dir, name, 'lock')))).toEqual([]);
  });

  it('go on side by side on different clusters', async () => {
    const runs = await race({ to: 'a1' }, { to: 'b1' });
    expect(runs.map(({ code }) => code)).toEqual([EXIT.ok, EXIT.ok]);
  });

  it('never all lose, whichever hosts each of them can see', async () => {
    const runs = await race({ to: 'a3' }, { to: 'a2', lost: 'a1' }, { to: 'a1 b1' }, { to: 'b1' });
    const codes = runs.map(({ code }) => code);
    expect(codes).toContain(EXIT.ok);
    expect(codes.every((code) => code === EXIT.ok || code === EXIT.locked)).toBe(true);
    expect(most).toBe(1);
  });

  it('leave nothing on a bare host that they only look at', async () => {
    expect((await race({ to: 'b1' })).map(({ code }) => code)).toEqual([EXIT.ok]);
    expect(readdirSync(dir)).toEqual(HOSTS.slice(0, -1));
  });
});

describe('a plan that is refused', () => {
  it.each([false, true])('is not carried out, and says why: check %s', async (check) => {
    const dir = scratch();
    const sink = recorder();
    let converged = false;
    const play: Play<undefined> = {
      name: 'play',
      hosts: 'all',
      gather: { probe: () => sh`:`, parse: () => undefined, ordinary: undefined },
      roles: [],
      strategy: {
        async admit() {
          await sleep(1);
          throw new QuorateError('not this', { exitCode: EXIT.refused });
        },
        async converge() {
          converged = true;
        },
      },
      stateDir: () => dir,
      owner: () => 'test',
    };
    const host: RunHost = { name: 'a', groups: [], vars: {}, connect: async () => shellHost(['sh'], 'a') };
    const code = await startRun(
      { name: 'book', description: '', plays: [play] },
      {
        ...WHOLE_RUN,
        select: () => [host],
        check,
        detailedExitcode: true,
        sink,
      },
    ).done;
    expect(code).toBe(EXIT.refused);
    expect(sink.events).toContainEqual(expect.objectContaining({ event: 'error', message: 'not this' }));
    expect(converged).toBe(false);
  });
});

describe('a run that somebody asked to stop', () => {
  it.each<[string, readonly string[]]>([
    ['facts', []],
    ['survey', ['survey']],
    ['plan', ['survey']],
    ['admit', ['survey', 'admit']],
  ])('begins no further step: asked while it is at its %s', async (at, expected) => {
    const dir = scratch();
    const sink = recorder();
    const steps: string[] = [];
    const ask = (step: string) => {
      if (step === at) run.stop(EXIT.interrupted);
    };
    const step = async (name: string) => {
      steps.push(name);
      ask(name);
    };
    const work = command('work', { run: sh`:`, changedWhen: 'always' });
    const diff: typeof work.diff = (...args) => {
      ask('plan');
      return work.diff(...args);
    };
    const play: Play<undefined> = {
      name: 'play',
      hosts: 'all',
      gather: { probe: () => sh`:`, parse: () => void ask('facts') as undefined, ordinary: undefined },
      roles: [{ name: 'role', description: '', vars: {}, tasks: () => [{ ...work, diff }] }],
      strategy: {
        survey: () => step('survey'),
        admit: () => step('admit'),
        converge: () => step('converge'),
        verify: () => step('verify'),
      },
      stateDir: () => dir,
      owner: () => 'test',
    };
    const hosts: RunHost[] = ['a', 'b'].map((name) => ({
      name,
      groups: [],
      vars: {},
      connect: async () => shellHost(['sh'], name),
    }));
    const run = startRun(
      { name: 'book', description: '', plays: [play] },
      {
        ...WHOLE_RUN,
        select: () => hosts,
        forks: 1,
        sink,
      },
    );
    expect(await run.done).toBe(EXIT.interrupted);
    expect(steps).toEqual(expected);
    expect(readdirSync(dir)).toEqual([]);
  });
});

it('tells hosts that answered and could not be used from those that did not answer', async () => {
  const seen: Pick<PlayRun, 'unreachable' | 'barred'>[] = [];
  const play: Play<undefined> = {
    name: 'play',
    hosts: 'all',
    gather: { probe: () => sh`:`, parse: () => undefined, ordinary: undefined },
    roles: [],
    strategy: {
      async converge() {},
      async verify({ unreachable, barred }) {
        seen.push({ unreachable, barred });
      },
    },
    stateDir: () => scratch(),
    owner: () => 'test',
  };
  const codes = { fine: undefined, off: EXIT.unreachable, strange: EXIT.untrusted, sudo: EXIT.failed };
  const hosts = Object.entries(codes).map(([name, exitCode]) => ({
    name,
    groups: [],
    vars: {},
    connect: async () => {
      if (exitCode !== undefined) throw new QuorateError(`${name}: no`, { exitCode, host: name });
      return shellHost(['sh'], name);
    },
  }));
  const options = { ...WHOLE_RUN, select: () => hosts, forks: 4, sink: recorder() };
  await startRun({ name: 'book', description: '', plays: [play] }, options).done;
  expect(seen).toEqual([{ unreachable: ['off', 'strange', 'sudo'], barred: ['strange', 'sudo'] }]);
});
