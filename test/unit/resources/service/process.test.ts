import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import {
  emptyEnvironment,
  exportEnvironment,
  processManager,
  stopPidFile,
} from '../../../../lib/resources/service/process.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

it.each(SHELLS)(
  'a plain process gets the environment of its files, and of ours the way to programs, under %s',
  (_, file, ...args) => {
    const path = join(scratch(), 'one.conf');
    writeFileSync(path, 'ETCD_NAME="one"\n');
    const ours = {
      PATH: process.env.PATH,
      HOME: '/root',
      SHLVL: '1',
      ETCD_QUOTA: '7',
      https_proxy: 'http://x:1',
      ODD: 'a\nb=c',
    };
    const { stdout } = spawnSync(
      file,
      [...args, '-c', `${emptyEnvironment.text}\n${exportEnvironment([path]).text}\nenv`],
      {
        encoding: 'utf8',
        env: ours,
      },
    );
    const names = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !/^(?:_|PWD|OLDPWD|SHLVL)$/.test(name ?? '')).sort()).toEqual([
      'ETCD_NAME',
      'HOME',
      'PATH',
    ]);
  },
);

describe.each(SHELLS)('a process by its pid file, under %s', (shell, file, ...args) => {
  const pids: number[] = [];
  afterEach(() => {
    for (const pid of pids.splice(0)) process.kill(pid, 'SIGKILL');
  });
  const run = (script: string) =>
    spawnSync(file, args, { input: `${PRELUDE}\n${script}`, encoding: 'utf8', timeout: 20_000 });
  const fieldsOf = (pid: number) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  };
  const probe = (pidFile: string) => processManager.probe({ pidFile } as never).text;

  it('is known by its start, whatever it is called', async () => {
    const program = join(scratch(), 'a b) 1 (c');
    copyFileSync('/bin/sleep', program);
    const { pid = 0 } = spawn(program, ['60'], { stdio: 'ignore' });
    pids.push(pid);
    for (let i = 0; i < 100 && !readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('a b'); i++)
      await sleep(10);
    expect(run(`q_born ${pid}`).stdout).toBe(`${fieldsOf(pid)[19]}\n`);
  });

  it('is gone once it has ended, also where its parent does not ask for it', async () => {
    const pidFile = join(scratch(), 'pid');
    const shell = spawn('/bin/sh', ['-c', `sleep 0.2 & echo $! >${pidFile}; exec sleep 60`], {
      stdio: 'ignore',
    });
    pids.push(shell.pid ?? 0);
    const isWritten = () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '';
    for (let i = 0; i < 100 && !isWritten(); i++) await sleep(10);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    const born = fieldsOf(pid)[19];
    for (let i = 0; i < 200 && fieldsOf(pid)[0] !== 'Z'; i++) await sleep(10);
    writeFileSync(pidFile, `${pid} ${born}\n`);
    expect(run(probe(pidFile)).stdout).toBe('');
    expect(run(stopPidFile(pidFile).text)).toMatchObject({ status: 0, signal: null });
    expect(existsSync(pidFile)).toBe(false);
  });

  // Busybox alone is in a root of its own, which ends with it.
  it.skipIf(shell === 'busybox')('lives on when the group of who started it is ended, at once', async () => {
    const dir = scratch();
    const [pidFile, slow, log] = ['pid', 'setsid', 'log'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const own = spawnSync('sh', ['-c', 'command -v setsid'], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(slow, `#!/bin/sh\nsleep 0.5\nexec ${own} "$@"\n`, { mode: 0o755 });
    const program = join(dir, 'program');
    writeFileSync(program, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const { text } = processManager.start(
      { executable: program, environmentFiles: [], before: sh`:`, pidFile, log, name: 'it' } as never,
      'start',
    );
    const starter = spawn(file, args, {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, PATH: `${dir}:${process.env.PATH}` },
    });
    starter.stdin?.end(`${PRELUDE}\n${text}`);
    await once(starter, 'exit');
    const pid = Number(readFileSync(pidFile, 'utf8').split(' ')[0]);
    pids.push(pid);
    try {
      process.kill(-(starter.pid ?? 0), 'SIGKILL');
    } catch {
      // It has left already, and nobody else is in it.
    }
    await sleep(50);
    expect(run(probe(pidFile)).stdout).toMatch(new RegExp(`^born ${pid}-`));
  });

  it('does not go on where it cannot be put on record', async () => {
    const dir = scratch();
    const [pidFile, told] = [join(dir, 'no such folder/pid'), join(dir, 'told')];
    const program = join(dir, 'program');
    writeFileSync(program, `#!/bin/sh\necho $$ >${told}\nexec sleep 60\n`, { mode: 0o755 });
    const wanted = {
      executable: program,
      environmentFiles: [],
      before: sh`:`,
      pidFile,
      log: join(dir, 'log'),
    };
    const { text } = processManager.start({ ...wanted, name: 'it' } as never, 'start');
    const { status, stdout } = run(`${text}\necho went on`);
    expect([status, stdout.includes('could not be noted in'), stdout.includes('went on')]).toEqual([
      1,
      true,
      false,
    ]);
    const alive = () => existsSync(told) && existsSync(`/proc/${readFileSync(told, 'utf8').trim()}/exe`);
    await expect.poll(alive, { timeout: 5000 }).toBe(false);
  });

  it('is not there by a file without its start', () => {
    const pidFile = join(scratch(), 'pid');
    writeFileSync(pidFile, '4194303\n');
    expect(run(probe(pidFile)).stdout).toBe('');
  });

  it('that no signal ends is given up, and its file stays', () => {
    const pidFile = join(scratch(), 'pid');
    writeFileSync(pidFile, '812 7\n');
    const stuck = sh`q_born() { echo 7; }
kill() { echo "kill $*"; }
q_nap() { :; }
${stopPidFile(pidFile)}`;
    expect(run(stuck.text)).toMatchObject({
      status: 1,
      stdout: 'kill 812\nkill -9 812\nprocess 812 does not end, not even by KILL\n',
    });
    expect(existsSync(pidFile)).toBe(true);
  });
});
