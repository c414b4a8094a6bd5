import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterEach, expect, it } from 'vitest';
import { $ } from 'zx/core';
import type { Spawn, Way } from '../../../lib/transport/launch.ts';
import { runScript } from '../../../lib/transport/script.ts';
import { scratch } from '../support/scratch.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A login whose shell does `what` in place of what it is asked for. */
function login(what: string): Way {
  const instead = () => {
    const child = spawn('/bin/sh', ['-c', what], { stdio: 'pipe' });
    children.push(child);
    return child;
  };
  return { host: 'etcd01', spawn: instead as unknown as Spawn, env: {}, loginShell: true, sudo: undefined };
}

const QUIET = { stdout: () => {}, stderr: () => {} };

it('a login that never comes to our shell fails within some 10 s, with what it said', async () => {
  const started = performance.now();
  const { done } = runScript(login('echo "which kubeconfig?" >&2; exec sleep 60'), 'echo hello', QUIET);
  const failure = await done.catch((error) => error);
  expect(failure).toMatchObject({
    exitCode: 4,
    message: 'etcd01: no shell came up within 10 s of the login; it said: which kubeconfig?',
    hint: expect.stringContaining('.bashrc'),
  });
  expect(performance.now() - started).toBeLessThan(12_000);
}, 15_000);

it('a program is started where this process is, which may be nowhere by now', async () => {
  let given: SpawnOptions | undefined;
  const { spawn: instead, ...way } = login('exit 3');
  const spying = (...args: Parameters<Spawn>) => {
    given = args[2];
    return instead(...args);
  };
  await runScript({ ...way, spawn: spying as unknown as Spawn }, ':', QUIET).done.catch(() => {});
  expect(given).toMatchObject({ detached: true, env: {} });
  expect(given).not.toHaveProperty('cwd');
});

it('a login that never comes to our shell ends at once when the run is to stop', async () => {
  const running = runScript(login('echo "which kubeconfig?" >&2; exec sleep 60'), 'echo hello', QUIET);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const started = performance.now();
  running.stop();
  expect(await running.done.catch((error) => error)).toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/no shell came up within \d s of the login; it said: which kubeconfig\?/),
  });
  expect(performance.now() - started).toBeLessThan(1500);
});

it.each(['sh', 'bash'])(
  'a login whose start-up files put another shell (%s) in place runs nothing of a script',
  async (shell) => {
    const file = join(scratch(), 'ran');
    const running = runScript(login(`exec ${shell}`), `touch ${file}\nid\necho "two\nlines"`, QUIET);
    await new Promise((resolve) => setTimeout(resolve, 300));
    running.stop();
    await expect(running.done).rejects.toMatchObject({ exitCode: 4 });
    expect(existsSync(file)).toBe(false);
  },
);

it('a script that does not end when it is killed keeps nobody waiting', async () => {
  const running = runScript(login('read -r marker; echo "$marker"; exec sleep 60'), 'echo hello', QUIET);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const started = performance.now();
  running.kill();
  const failure = await running.done.catch((error) => error);
  expect(failure).toMatchObject({ exitCode: 4, message: expect.stringContaining('its script does not end') });
  expect(performance.now() - started).toBeLessThan(4000);
});

it('a program that uses zx as well can still end what it has started', async () => {
  await runScript(login('exit 3'), 'echo hello', QUIET).done.catch(() => {});
  const own = $({ quiet: true, nothrow: true })`exec sleep 60`;
  await own.kill();
  expect((await own).signal).toBe('SIGTERM');
});
