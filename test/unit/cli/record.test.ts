import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRuns } from '../../../lib/report/record/read-runs.ts';
import { program } from '../../program.ts';
import { scratch } from '../support/scratch.ts';

const PLAIN = program('test/unit/cli/plainPlaybook.ts');
const HOSTS = 'all: { hosts: { mine: { ansible_connection: local } } }\n';

const run = (cwd: string, ...args: string[]) =>
  spawnSync(process.execPath, [PLAIN, ...args], { cwd, encoding: 'utf8' });

function recordsBelow(folder: string, inventory = '') {
  const runs = join(folder, '.quorate/runs', inventory);
  if (!existsSync(runs)) return [];
  const all = readdirSync(runs, { recursive: true, encoding: 'utf8' });
  const names = all.filter((name) => name.endsWith('.jsonl'));
  return names.flatMap((name) => readRuns(readFileSync(join(runs, name), 'utf8')).runs);
}

describe('a run of the command line', () => {
  it('leaves its events beside the inventory, with who ran what and why', () => {
    const folder = scratch();
    writeFileSync(join(folder, 'hosts.yaml'), HOSTS);
    const args = ['-i', join(folder, 'hosts.yaml'), '--message', 'new motd', '-e', 'colour=red'];
    expect(run(scratch(), ...args).status).toBe(0);
    const [record, ...more] = recordsBelow(folder);
    expect(more).toEqual([]);
    expect(record?.events.find(({ event }) => event === 'start')).toMatchObject({
      event: 'start',
      check: false,
      who: expect.any(String),
      from: expect.any(String),
      command: `plainPlaybook -i ${join(folder, 'hosts.yaml')} -e colour=…`,
      message: 'new motd',
    });
    expect(record?.events.at(-1)).toMatchObject({ event: 'recap', exitCode: 0 });
  });

  it('leaves them apart from those of another inventory of the folder: each keeps its own', () => {
    const folder = scratch();
    for (const name of ['a.yaml', 'b.yaml']) {
      writeFileSync(join(folder, name), HOSTS);
      expect(run(folder, '-i', name, '--check').status).toBe(0);
      expect(recordsBelow(folder, name)).toHaveLength(1);
    }
    expect(readdirSync(join(folder, '.quorate/runs'))).toEqual(['a.yaml', 'b.yaml']);
  });

  it.each([
    ['a pipe', '"$@" -i <(cat ../hosts.yaml)'],
    ['standard input', 'cat ../hosts.yaml | "$@" -i /dev/stdin'],
    ['standard input that is a file', '"$@" -i /dev/stdin <../hosts.yaml'],
    ['a named pipe', 'mkfifo ../named; cat ../hosts.yaml >../named & "$@" -i ../named'],
  ])('on %s leaves them, and all that it keeps, where it is started', (_, line) => {
    const folder = scratch();
    const here = join(folder, 'here');
    mkdirSync(here);
    writeFileSync(join(folder, 'hosts.yaml'), HOSTS);
    const { status } = spawnSync('bash', ['-c', line, 'bash', process.execPath, PLAIN], {
      cwd: here,
      timeout: 30_000,
    });
    expect(status).toBe(0);
    expect(recordsBelow(here)).toHaveLength(1);
    expect(existsSync(join(folder, '.quorate'))).toBe(false);
    expect(readdirSync(join(here, '.quorate')).sort()).toEqual(['plainPlaybook', 'runs']);
  });

  it.each([
    ['a folder', 'inventory', 'inventory'],
    ['a list of hosts', '', 'mine,'],
  ])('on %s leaves them there, or where it is started', (_, below, given) => {
    const folder = scratch();
    mkdirSync(join(folder, 'inventory'));
    writeFileSync(join(folder, 'inventory/hosts.yaml'), HOSTS);
    expect(run(folder, '-i', given, '-e', 'ansible_connection=local').status).toBe(0);
    expect(recordsBelow(join(folder, below))).toHaveLength(1);
  });

  it('that only lists, or is wrong, leaves none; a check does', () => {
    const folder = scratch();
    writeFileSync(join(folder, 'inventory.yaml'), HOSTS);
    for (const args of [['--list-hosts'], ['--list-tasks'], ['--nonsense'], ['-l', 'nobody']])
      run(folder, '-i', 'inventory.yaml', ...args);
    expect(recordsBelow(folder)).toEqual([]);
    run(folder, '-i', 'inventory.yaml', '--check');
    expect(recordsBelow(folder)).toHaveLength(1);
  });
});
