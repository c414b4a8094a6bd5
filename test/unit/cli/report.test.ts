import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { scratch } from '../support/scratch.ts';

const PLAIN = program('test/unit/cli/plainPlaybook.ts');
const FAILING = program('test/unit/cli/failingPlaybook.ts');
const BUSY = program('test/unit/cli/busyPlaybook.ts');

function folder(): string {
  const path = scratch();
  writeFileSync(join(path, 'inventory.yaml'), 'all: { hosts: { mine: { ansible_connection: local } } }\n');
  return path;
}

const run = (file: string, cwd: string, ...args: string[]) =>
  spawnSync(process.execPath, [file, '-i', 'inventory.yaml', ...args], { cwd, encoding: 'utf8' });

describe('--report', () => {
  it('makes a page and JUnit of one run, and leaves nothing else', () => {
    const cwd = folder();
    expect(run(PLAIN, cwd, '--report', 'run.html', '--report', 'run.xml').status).toBe(0);
    expect(readFileSync(join(cwd, 'run.html'), 'utf8')).toContain('✔ done');
    expect(readFileSync(join(cwd, 'run.xml'), 'utf8')).toContain(
      '<testcase classname="mine.role" name="command"',
    );
    expect(readdirSync(cwd).sort()).toEqual(['.quorate', 'inventory.yaml', 'run.html', 'run.xml']);
    expect(statSync(join(cwd, 'run.html')).mode & 0o777).toBe(0o600);
  });

  it('is made of a run that fails, too', () => {
    const cwd = folder();
    expect(run(FAILING, cwd, '--report', 'run.html', '--report', 'run.xml').status).toBe(2);
    expect(readFileSync(join(cwd, 'run.html'), 'utf8')).toContain('oh-no');
    expect(readFileSync(join(cwd, 'run.xml'), 'utf8')).toContain('<failure type="failure"');
  });

  it('is made of a run that is interrupted, too', async () => {
    const cwd = folder();
    const args = [BUSY, '-i', 'inventory.yaml', '--output', 'json', '--report', 'run.xml'];
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      const before = said.includes('"message":"busy"');
      said += chunk;
      if (!before && said.includes('"message":"busy"')) child.kill('SIGINT');
    });
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    expect(readFileSync(join(cwd, 'run.xml'), 'utf8')).toContain('message="interrupted');
  });

  it.each([
    ['of another ending', 'run.pdf', /page, \.html, or JUnit, \.xml/],
    ['in a folder that is not there', 'nowhere/run.html', /cannot be written: ENOENT/],
    ['that is a folder', 'folder.html', /cannot be written: it is a folder/],
    ['below a file', 'inventory.yaml/run.html', /cannot be written/],
  ])('%s is refused before any contact: 1', (_, path, why) => {
    const cwd = folder();
    mkdirSync(join(cwd, 'folder.html'));
    const { status, stderr } = run(PLAIN, cwd, '--report', path);
    expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
    expect(existsSync(join(cwd, '.quorate'))).toBe(false);
  });
});
