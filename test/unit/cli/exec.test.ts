import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { scratch } from '../support/scratch.ts';

/** Runs `exec.ts` on two hosts that are this machine. */
function exec(...args: readonly string[]) {
  return execIn(scratch(), ...args);
}

function execIn(dir: string, ...args: readonly string[]) {
  writeFileSync(join(dir, 'hosts.ini'), '[web]\na\nb\n[web:vars]\nansible_connection=local\n[db]\nc\n');
  return started(dir, 'playbooks/exec.ts', ...args);
}

function started(dir: string, playbook: string, ...args: readonly string[]) {
  const line = [program(playbook), '-i', 'hosts.ini', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, line, { cwd: dir, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('exec.ts PATTERN -- COMMAND', () => {
  it('tells each line with its host, and takes arguments literally', () => {
    const { status, stdout } = exec('web', '--', 'printf', '%s\\n', '$HOME; x', '--check');
    expect(status).toBe(0);
    for (const host of ['a', 'b']) {
      expect(stdout).toContain(`output: ${host}: $HOME; x\n`);
      expect(stdout).toContain(`output: ${host}: --check\n`);
    }
    expect(stdout).not.toContain(': c:');
  });

  it('is told by a replay with what the command printed', () => {
    const dir = scratch();
    execIn(dir, 'a', '--', 'echo', 'hi');
    const { stdout } = started(dir, 'playbooks/history.ts', '--replay', 'last');
    expect(stdout).toContain('output: a: hi\n');
  });

  it('says once what it did, and nothing of an effect', () => {
    const { stdout } = exec('a', '--', 'echo', 'hi');
    expect(stdout.match(/echo hi/g)).toHaveLength(1);
    expect(stdout).not.toMatch(/effect|known after/);
    expect(stdout).toContain('output: a: hi\n');
  });

  it('tells no password, neither in its title nor in what is printed', () => {
    const { stdout, stderr } = exec(
      'a',
      '--output',
      'json',
      '--',
      'echo',
      '--user',
      'root:hunter22',
      'mysql',
      '-phunter33',
    );
    expect(stdout + stderr).not.toMatch(/hunter/);
    expect(stdout).toContain('echo --user root:******** mysql -p********');
  });

  it('takes one word as a line for the shell', () => {
    expect(exec('a', '--', 'echo one | tr o O').stdout).toContain('output: a: One\n');
  });

  it('ends with 2 where the command fails, and runs nothing in a check', () => {
    expect(exec('web', '--', 'false').status).toBe(2);
    const { status, stdout } = exec('web', '--check', '--detailed-exitcode', '--', 'touch', 'made');
    expect([status, stdout.includes('output:')]).toEqual([8, false]);
  });

  it.each([
    [[], 'no hosts are named'],
    [['web'], 'no command for web'],
    [['nothing', '--', 'true'], 'nothing'],
  ])('%j is refused before any contact', (args, message) => {
    const { status, stderr } = exec(...args);
    expect([status, stderr.includes(message)]).toEqual([1, true]);
  });
});
