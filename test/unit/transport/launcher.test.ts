import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beat, LAUNCHER } from '../../../lib/transport/launcher.ts';
import { RECEIVER } from '../../../lib/transport/send.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';
import { LauncherProcess, lives, until } from './support/launcher-process.ts';

describe.each(SHELLS)('the launcher under %s', (_name, ...shell) => {
  const start = () => new LauncherProcess(shell);

  it('runs the script and ends with its exit status', async () => {
    const run = start().script('echo out; echo err >&2; exit 7');
    expect(await run.ended).toEqual({ code: 7, signal: null });
    expect([run.printed, run.err]).toEqual(['out\n', 'err\n']);
  });

  it('ends when beats stop coming, and lives on while they come', async () => {
    const run = start().script('echo up; sleep 30');
    await until(() => run.printed === 'up\n', 'it is up');
    const since = Date.now();
    for (let beats = 0; beats < 5; beats++) {
      run.write(`${beat(1)}\n`);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(lives(run.child.pid as number)).toBe(true);
    await run.ended;
    expect(Date.now() - since).toBeGreaterThan(2_000);
    expect(Date.now() - since).toBeLessThan(6_000);
  });

  it('needs no beats before the first: a short script that only reads is sent none', async () => {
    const run = start().script('sleep 2; echo done');
    expect([(await run.ended).code, run.printed]).toEqual([0, 'done\n']);
  });

  it('ends with its script, whatever beats have come', async () => {
    const run = start().script('read q <&0; echo done; sleep 0.5; exit 4');
    await until(() => run.printed === 'done\n', 'it is up');
    run.write(`${beat(30)}\n`).write(`${beat(30)}\n`);
    expect((await run.ended).code).toBe(4);
  });

  it('ends with the status of the last command when the script does not exit', async () => {
    const run = start().script('(exit 3)');
    expect((await run.ended).code).toBe(3);
  });

  it('is not part of the command line: the script is seen nowhere in argv', async () => {
    const run = start().script('tr "\\0" " " </proc/$$/cmdline; : secret-in-script');
    await run.ended;
    expect(run.printed).toContain('sed');
    expect(run.printed).not.toContain('secret-in-script');
  });

  it('keeps its own variables and descriptors to itself', async () => {
    const run = start().script('echo "${qm-unset} ${qs-unset}"; ls /proc/self/fd | grep -c . ; cat');
    await run.ended;
    expect(run.printed).toMatch(/^unset unset\n[45]\n$/);
  });

  it('takes quotes, backslashes, here-documents and bytes that are not UTF-8 as they are', async () => {
    const run = start();
    run.child.stdout?.setEncoding('latin1');
    const odd = `'a"b\`c$d\\e !x' ä€😀`;
    run.write(`${run.marker}\n`);
    run.child.stdin?.write(`cat <<'END'\n${odd}\\n\nEND\nprintf '%s\\n' '`);
    run.child.stdin?.write(Buffer.from([0xff, 0xfe, 0x80]));
    run.write(`'\n${run.marker}\n\n`);
    await run.ended;
    const bytes = Buffer.from(run.printed, 'latin1');
    expect(bytes.subarray(0, -4).toString('utf8')).toBe(`${odd}\\n\n`);
    expect([...bytes.subarray(-4)]).toEqual([0xff, 0xfe, 0x80, 0x0a]);
  });

  it('takes a script of five megabytes, also in pieces', async () => {
    const payload = randomBytes(3_750_000).toString('base64');
    const text = `q='${payload}'\necho "\${#q}"\n: ä€😀\nexit 5`;
    const bytes = Buffer.from(text);
    const run = start();
    run.write(`${run.marker}\n`);
    for (let at = 0; at < bytes.length; at += 99_991) run.child.stdin?.write(bytes.subarray(at, at + 99_991));
    run.write(`\n${run.marker}\n\n`);
    expect((await run.ended).code).toBe(5);
    expect(run.printed).toBe(`${payload.length}\n`);
  });

  it('tells of a syntax error and ends', async () => {
    const run = start().script('echo before\nif (');
    expect((await run.ended).code).not.toBe(0);
    expect(run.err).toMatch(/syntax|unexpected/i);
  });

  it('runs nothing when nothing comes', async () => {
    const run = start().hangUp();
    expect((await run.ended).code).toBe(1);
    expect(run.out).toBe('');
  });

  it('runs nothing of a script that was cut short', async () => {
    const file = join(scratch(), 'canary');
    const run = start();
    run.write(`${run.marker}\ntouch ${file}\n${run.marker.slice(0, 12)}`).hangUp();
    expect((await run.ended).code).toBe(1);
    expect(existsSync(file)).toBe(false);
    expect(run.out).toBe('');
  });

  it('ends the group when its input ends', async () => {
    const run = start().script('sleep 60 & echo $!; echo $$; sleep 60; echo survived');
    await until(() => run.printed.split('\n').length > 2, 'the script runs');
    const pids = run.printed.trim().split('\n').map(Number);
    run.hangUp();
    expect(await run.ended).toEqual({ code: null, signal: 'SIGTERM' });
    await until(() => !pids.some(lives), 'the group is gone');
    expect(run.printed).not.toContain('survived');
  });

  it('ends by force what does not heed TERM, two seconds later', async () => {
    const run = start().script('trap "echo deaf" TERM; echo $$; while :; do sleep 0.1; done');
    await until(() => run.printed.endsWith('\n'), 'the script runs');
    const began = Date.now();
    run.hangUp();
    expect((await run.ended).signal).toBe('SIGKILL');
    expect(Date.now() - began).toBeGreaterThan(1900);
    expect(run.printed).toContain('deaf');
  });

  it('lets a daemon with a session of its own live on', async () => {
    const run = start().script(
      'setsid sh -c "echo \\$\\$; exec sleep 61 >/dev/null 2>&1" & sleep 0.3; echo ready; sleep 60',
    );
    await until(() => run.printed.includes('ready'), 'the script runs');
    const pid = Number(run.printed.split('\n')[0]);
    run.hangUp();
    await run.ended;
    expect(lives(pid)).toBe(true);
    process.kill(pid);
  });

  it('ends what a script left in the group, so that nothing holds the channel', async () => {
    const run = start().script('sleep 60 & echo $!');
    expect((await run.ended).code).toBe(0);
    await until(() => !lives(Number(run.printed)), 'what was left is gone');
  });

  it('lets the fragment in hand finish on `stop`', async () => {
    const run = start().script(
      'trap "stop=1" USR1; for i in 1 2 3; do [ -z "$stop" ] || { echo stopped; exit 9; }; echo $i; sleep 0.5; echo done $i; done',
    );
    await until(() => run.printed.includes('1'), 'the script runs');
    run.write('stop\n');
    expect((await run.ended).code).toBe(9);
    expect(run.printed).toBe('1\ndone 1\nstopped\n');
  });

  it('remembers a `stop` that comes before the script says what it does then', async () => {
    const run = start().script('sleep 0.5; echo "early: ${q_stop-none}"; trap "q_stop=late" USR1; exit 9');
    await until(() => run.out.includes(run.marker), 'the script runs');
    run.write('stop\n');
    expect((await run.ended).code).toBe(9);
    expect(run.printed).toBe('early: 1\n');
  });

  it('ends the group at once on `kill`', async () => {
    const run = start().script('trap "" TERM; sleep 60 & echo $!; sleep 60');
    await until(() => run.printed.includes('\n'), 'the script runs');
    run.write('kill\n');
    expect((await run.ended).signal).toBe('SIGKILL');
    await until(() => !lives(Number(run.printed)), 'the group is gone');
  });

  it('passes over lines that it does not know', async () => {
    const run = start().script('sleep 0.3; echo over');
    await until(() => run.out.includes(run.marker), 'the script runs');
    run.write('\nwhat\nstop it\n');
    expect((await run.ended).code).toBe(0);
  });

  it('leaves INT as it was, for daemons to inherit', async () => {
    const run = start().script('grep SigIgn /proc/self/status');
    await run.ended;
    const ignored = Number.parseInt(run.printed.split(/\s+/)[1] ?? '', 16);
    expect(ignored & 0b0110).toBe(0);
  });
});

const LOGIN_SHELLS = ['bash', 'dash', 'fish', 'tcsh', 'csh', 'zsh', 'ksh', 'busybox'].flatMap((name) => {
  const path = ['/bin', '/usr/bin'].map((dir) => `${dir}/${name}`).find(existsSync);
  return path === undefined ? [] : [[name, path] as const];
});

describe('in a command line', () => {
  it.each([
    ['launcher', LAUNCHER],
    ['receiver', RECEIVER],
  ])('the %s has nothing that a login shell takes apart', (_name, program) => {
    expect(program).not.toMatch(/['!\\\n]/);
    expect(program.length).toBeLessThan(1024);
  });

  it.each(LOGIN_SHELLS)('%s passes both on as they are', (name, path) => {
    const command = `exec printf %s '${LAUNCHER}${RECEIVER}'`;
    const args = name === 'busybox' ? ['sh', '-c', command] : ['-c', command];
    const { stdout } = spawnSync(path, args, { encoding: 'utf8' });
    expect(stdout).toBe(LAUNCHER + RECEIVER);
  });

  it('is well-formed to every shell', () => {
    for (const [, file = '', ...args] of SHELLS) {
      for (const program of [LAUNCHER, RECEIVER]) {
        expect(spawnSync(file, [...args, '-n', '-c', program], { encoding: 'utf8' }).stderr).toBe('');
      }
    }
  });
});

it.skipIf(spawnSync('strace', ['-V']).error)('costs two forks', async () => {
  const log = join(scratch(), 'trace');
  const strace = ['strace', '-f', '-qq', '-e', 'trace=clone,clone3,fork,vfork', '-o', log, 'dash'];
  const run = new LauncherProcess(strace).script('echo $$');
  await until(() => /^\d+\n/.test(run.printed), 'the script runs');
  // The watcher has to end what still runs when its input does, which would cost one more.
  await until(() => !lives(Number.parseInt(run.printed, 10)), 'the script is over');
  await run.hangUp().ended;
  expect(readFileSync(log, 'utf8').match(/(clone3?|v?fork)\(.*= \d+/g)).toHaveLength(2);
});
