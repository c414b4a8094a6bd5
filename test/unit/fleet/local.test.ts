import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { scratch } from '../support/scratch.ts';
import { type Stub, stubProject } from './stub.ts';

const FLEET = program('playbooks/fleet.ts');

function project(clusters: Readonly<Record<string, Stub>>): string {
  const folder = scratch();
  stubProject(folder, clusters);
  return folder;
}

function fleet(folder: string, args: readonly string[]) {
  const line = [FLEET, 'run', 'stub.mjs', '--clusters', 'c*.json', ...args];
  const { status, stdout, stderr } = spawnSync('node', line, { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr, log: logOf(folder) };
}

function logOf(folder: string): readonly string[] {
  return readFileSync(join(folder, 'log'), 'utf8').split('\n').filter(Boolean);
}

function eventsOf(stdout: string): readonly Readonly<Record<string, unknown>>[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

describe('a fleet on this machine alone', () => {
  it('runs each cluster once, wave by wave', () => {
    const { status, stdout, log } = fleet(project({ c1: { ms: 50 }, c2: {}, c3: { changed: 2 } }), [
      '--waves',
      '1,100%',
    ]);
    expect(status).toBe(0);
    expect(log.slice(0, 2)).toEqual(['begin c1.json', 'end c1.json']);
    expect([...log].sort()).toEqual(
      ['begin', 'end'].flatMap((what) => [1, 2, 3].map((i) => `${what} c${i}.json`)),
    );
    expect(stdout).toMatch(/^fleet \S+: stub.mjs on 3 clusters, in waves of 1, 2$/m);
    expect(stdout).toMatch(/^done {6}c3 {2}2 changed, /m);
    expect(stdout).toMatch(/^done — 3 clusters, 3 done, /m);
  });

  it('begins nothing further where more have failed than may, and says which', () => {
    const clusters = { c1: {}, c2: { exits: [2], error: 'the disk is full' }, c3: {}, c4: {} };
    const { status, stdout, log } = fleet(project(clusters), ['--waves', '2,100%', '--concurrency', '1']);
    expect(status).toBe(2);
    expect(log.filter((line) => line.startsWith('begin'))).toEqual(['begin c1.json', 'begin c2.json']);
    expect(stdout).toMatch(/^failed {4}c2 {2}exit code 2 \(failed\): h: the disk is full, run run-\d+$/m);
    expect(stdout).toContain('stopped: 1 cluster of wave 1 failed, none may; nothing further is begun');
    expect(stdout).toMatch(/^failed — 4 clusters, 1 done, 1 failed, 2 skipped, /m);
  });

  it('goes on where no more have failed than may', () => {
    const { status, log } = fleet(project({ c1: { exits: [2] }, c2: {}, c3: {} }), [
      '--waves',
      '1',
      '--errors',
      '1',
    ]);
    expect(status).toBe(2);
    expect(log.filter((line) => line.startsWith('begin'))).toHaveLength(3);
  });

  it('tries again what may pass, a bounded number of times', () => {
    const clusters = { c1: { exits: [4, 6, 0] }, c2: { exits: ['kill', 0] as const }, c3: { exits: [6] } };
    const { status, stdout, log } = fleet(project(clusters), ['--backoff', '10ms', '--concurrency', '3']);
    expect(status).toBe(2);
    const begun = (cluster: string) => log.filter((line) => line === `begin ${cluster}.json`).length;
    expect([begun('c1'), begun('c2'), begun('c3')]).toEqual([3, 2, 3]);
    expect(stdout).toMatch(/^retrying {2}c1 {2}exit code 4 \(no connection\); attempt 2 in 10 ms$/m);
    expect(stdout).toMatch(/^retrying {2}c2 {2}ended by SIGKILL; attempt 2 in 10 ms$/m);
    expect(stdout).toMatch(/^failed {4}c3 {2}exit code 6 /m);
  });

  it('ends a check with drift with 8, as events, with those of the jobs', () => {
    const folder = project({ c1: {}, c2: { exits: [8], changed: 3 } });
    const { status, stdout } = fleet(folder, ['--check', '--output', 'json']);
    expect(status).toBe(8);
    const events = eventsOf(stdout);
    const run = events[0]?.runId;
    expect(events.at(-1)).toMatchObject({
      event: 'recap',
      check: true,
      hosts: {},
      exitCode: 8,
      clusters: {
        c1: { status: 'done', exitCode: 0 },
        c2: { status: 'drift', exitCode: 8, changed: 3, wave: 1 },
      },
    });
    const jobs = events.filter(({ runId }) => runId !== run);
    expect(jobs.map(({ event }) => event)).toEqual(expect.arrayContaining(['start', 'task', 'recap']));
    writeFileSync(join(folder, 'all.jsonl'), stdout);
    const merge = [program('playbooks/report.ts'), 'merge', 'all.jsonl', '--report', 'all.xml'];
    expect(spawnSync('node', merge, { cwd: folder, encoding: 'utf8' }).stdout).toContain('2 runs in all.xml');
    expect(jobs[0]?.args).toEqual([
      '-i',
      expect.any(String),
      '--output',
      'json',
      '--check',
      '--detailed-exitcode',
    ]);
  });

  it('gives the playbook its words, and makes one report of all', () => {
    const folder = project({ c1: {}, c2: { changed: 1 } });
    const { status, stdout } = fleet(folder, [
      '--output',
      'json',
      '--report',
      'all.xml',
      '--',
      '-l',
      'web',
      '--',
      'x',
    ]);
    expect(status).toBe(0);
    const start = eventsOf(stdout).find(({ event }) => event === 'start');
    expect(start?.args).toEqual(['-i', expect.any(String), '--output', 'json', '-l', 'web', '--', 'x']);
    expect(readFileSync(join(folder, 'all.xml'), 'utf8')).toContain('<testcase');
  });

  it('passes Ctrl-C on, begins nothing further, and ends with 130', async () => {
    const folder = project({ c1: { ms: 20_000 }, c2: { ms: 20_000 }, c3: {} });
    const child = spawn('node', [FLEET, 'run', 'stub.mjs', '--clusters', 'c*.json', '--concurrency', '2'], {
      cwd: folder,
    });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    for (let i = 0; i < 400 && logOf(folder).length < 2; i++)
      await new Promise((resolve) => setTimeout(resolve, 25));
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(130);
    expect(logOf(folder).map((line) => line.split(' ')[0])).toEqual([
      'begin',
      'begin',
      'cancelled',
      'cancelled',
    ]);
    expect(stdout).toMatch(/^interrupted — 3 clusters, 3 cancelled, /m);
  });

  it.each([
    [['run'], 'no playbook is named'],
    [['run', 'stub.mjs'], 'no clusters are named'],
    [['run', 'none', '--clusters', 'c1.json'], 'there is no playbook none'],
    [['run', 'stub.mjs', '--clusters', 'c1.json', '--cron', '* * * * *'], 'fleet run has no --cron'],
    [['frobnicate'], 'there is no fleet frobnicate\n  hint: node '],
    [
      ['run', 'stub.mjs', '--clusters', 'c1.json', '--', '-e', 'a_password=hunter2'],
      'a job takes no secrets',
    ],
  ])('%j: %s', (args, message) => {
    const { status, stderr, stdout } = spawnSync('node', [FLEET, ...args], {
      cwd: project({ c1: {} }),
      encoding: 'utf8',
    });
    expect({ status, told: `${stdout}${stderr}` }).toEqual({
      status: 1,
      told: expect.stringContaining(message),
    });
    expect(`${stdout}${stderr}`).not.toContain('hunter2');
  });
});
