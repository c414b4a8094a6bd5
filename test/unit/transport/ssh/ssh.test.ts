import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { channelSpawn } from '../../../../lib/transport/ssh/ssh-channel.ts';
import { openLink } from '../../../../lib/transport/ssh/ssh-link.ts';
import { Pool } from '../../../../lib/transport/ssh/ssh-pool.ts';
import { sshSettings } from '../../../../lib/transport/ssh/ssh-settings.ts';
import { scratch } from '../../support/scratch.ts';
import { connectionOf, outcome, watch } from '../support/connection.ts';
import { lives, until } from '../support/launcher-process.ts';
import { connected, connectionTo, startServer } from '../support/ssh-bench.ts';

const LOST = 'node1: the connection was lost, so the outcome there is unknown:';

describe('a script over SSH', () => {
  it('gives its output and its exit status, on one connection', async () => {
    const server = await startServer();
    const host = await connected(connectionTo(server));
    expect(await outcome(host, 'echo out; echo err >&2; cat; exit 7')).toEqual({
      code: 7,
      out: 'out\n',
      err: 'err\n',
    });
    await outcome(host, ':');
    expect([host.roundTrips, server.sockets.length, server.commands.length]).toEqual([2, 1, 2]);
  });

  it('is not part of the command line, which is the same for all scripts', async () => {
    const server = await startServer();
    const host = await connected(connectionTo(server));
    await outcome(host, ': canary');
    await outcome(host, ': other');
    expect(server.commands[0]).toMatch(/^exec \/bin\/sh -c '[^'!\\\n]*'$/);
    expect(server.commands[0]).not.toContain('canary');
    expect(server.commands[1]).toBe(server.commands[0]);
  });

  it('is heard without what the login shell says first', async () => {
    const server = await startServer({ noise: 'Welcome!\nNo newline at the end, #quorate-00' });
    expect((await outcome(await connected(connectionTo(server)), 'printf "a\\nb"')).out).toBe('a\nb');
  });

  it('gives bytes and much of them', async () => {
    const host = await connected(connectionTo(await startServer()));
    const chunks: Buffer[] = [];
    const { done } = host.run(`printf '\\377\\000\\303'; head -c 8000000 /dev/zero`, {
      stdout: (chunk) => chunks.push(chunk),
      stderr: () => {},
    });
    await done;
    const bytes = Buffer.concat(chunks);
    expect([...bytes.subarray(0, 3), bytes.length]).toEqual([0xff, 0x00, 0xc3, 8_000_003]);
  });

  it('may be large', async () => {
    const host = await connected(connectionTo(await startServer()));
    const payload = randomBytes(3_750_000).toString('base64');
    expect((await outcome(host, `q='${payload}'; echo "\${#q}"`)).out).toBe(`${payload.length}\n`);
  });

  it('may run beside others', async () => {
    const host = await connected(connectionTo(await startServer()));
    const runs = await Promise.all([1, 2, 3, 4].map((i) => outcome(host, `sleep 0.1; echo ${i}; exit ${i}`)));
    expect(runs.map(({ code, out }) => `${code} ${out.trim()}`)).toEqual(['1 1', '2 2', '3 3', '4 4']);
  });

  it('is not kept by a daemon that holds its output', async () => {
    const host = await connected(connectionTo(await startServer()));
    const began = Date.now();
    const { code, out } = await outcome(host, 'setsid sleep 61 & sleep 0.2; echo $!; exit 4');
    expect([code, Date.now() - began < 5000]).toEqual([4, true]);
    process.kill(Number(out));
  });

  it('stops after the fragment in hand', async () => {
    const host = await connected(connectionTo(await startServer()));
    const run = watch(host, 'trap "stop=1" USR1; echo a; sleep 0.5; echo b; [ -z "$stop" ] || exit 9');
    await until(() => run.out() !== '', 'the script runs');
    run.stop();
    expect((await run.done).code).toBe(9);
    expect(run.out()).toBe('a\nb\n');
  });

  it('is killed with all it started', async () => {
    const host = await connected(connectionTo(await startServer()));
    const run = watch(host, 'sleep 60 & echo $!; sleep 60');
    await until(() => run.out() !== '', 'the script runs');
    run.kill();
    expect((await run.done).code).toBeNull();
    await until(() => !lives(Number(run.out())), 'the group is gone');
  });

  it('ends on the host when the connection is closed under it', async () => {
    const host = await connected(connectionTo(await startServer()));
    const run = watch(host, 'sleep 60 & echo $!; sleep 60');
    await until(() => run.out() !== '', 'the script runs');
    await host.close();
    await expect(run.done).rejects.toMatchObject({ exitCode: 4 });
    await until(() => !lives(Number(run.out())), 'the group is gone');
  });
});

describe('a connection that breaks in mid-script', () => {
  it.each<readonly [string, (server: Awaited<ReturnType<typeof startServer>>) => void, string]>([
    ['by a reset', (server) => server.sockets[0]?.resetAndDestroy(), 'the other end reset it'],
    ['in good order', (server) => server.sockets[0]?.destroy(), 'the other end closed it'],
  ])('%s leaves the outcome unknown', async (_title, breakIt, why) => {
    const server = await startServer();
    const host = await connected(connectionTo(server));
    const run = watch(host, 'echo $$; sleep 60');
    await until(() => run.out() !== '', 'the script runs');
    breakIt(server);
    await expect(run.done).rejects.toMatchObject({
      exitCode: 4,
      host: 'node1',
      message: `${LOST} ${why}`,
      hint: 'run again: the host is read afresh first',
    });
    await until(() => !lives(Number(run.out())), 'the script is gone');
    await expect(outcome(host, 'echo next')).rejects.toMatchObject({
      exitCode: 4,
      message: `${LOST} ${why}`,
    });
  });

  it('is told from a script that a signal ended', async () => {
    const host = await connected(connectionTo(await startServer()));
    expect((await outcome(host, 'kill -KILL $$')).code).toBeNull();
  });

  it('is a session, too, that ends without an exit status', async () => {
    const server = await startServer({ exec: (channel) => channel.close() });
    await expect(outcome(await connected(connectionTo(server)), 'echo hi')).rejects.toMatchObject({
      exitCode: 4,
      message: `${LOST} the session ended without an exit status`,
    });
  });

  it('does not end this process, nor does a reset between two scripts', async () => {
    const server = await startServer();
    const host = await connected(connectionTo(server));
    await outcome(host, ':');
    server.sockets[0]?.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(outcome(host, ':')).rejects.toMatchObject({ exitCode: 4 });
  });

  it('fails a file under way', async () => {
    const server = await startServer();
    const host = await connected(connectionTo(server));
    const dir = scratch();
    writeFileSync(`${dir}/source`, randomBytes(20_000_000));
    const sent = host.send(`${dir}/source`, `${dir}/target`, (bytes) => {
      if (bytes > 5_000_000) server.sockets[0]?.resetAndDestroy();
    });
    await expect(sent).rejects.toMatchObject({ exitCode: 4, message: `${LOST} the other end reset it` });
  });
});

describe('a host that is no use', () => {
  it('refuses sessions', async () => {
    const server = await startServer({ refusesSessions: true });
    await expect(outcome(await connected(connectionTo(server)), ':')).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/^node1: sshd did not open a session: /),
      hint: 'one is wanted on each connection: check MaxSessions of sshd',
    });
  });

  it.each([1, 2])('opens %i at a time on a connection, and more on further ones', async (most) => {
    const server = await startServer({ maxSessions: most });
    const host = await connected(connectionTo(server));
    const held = watch(host, 'echo held; sleep 60');
    await until(() => held.out() !== '', 'one session is taken');
    const others = await Promise.all([1, 2, 3].map((n) => outcome(host, `sleep 0.2; echo ${n}`)));
    expect(others.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(server.sockets.length).toBe(most === 1 ? 4 : 3);
  });

  it('has no shell for this login', async () => {
    const server = await startServer({
      exec(channel) {
        channel.write('This account is currently not available.\n');
        channel.exit(1);
        channel.close();
      },
    });
    await expect(outcome(await connected(connectionTo(server)), ':')).rejects.toMatchObject({
      exitCode: 4,
      message: 'node1: cannot start a shell: This account is currently not available.',
    });
  });

  it('does not listen', async () => {
    const server = await startServer();
    const connection = connectionTo(server);
    await server.stop();
    await expect(connected(connection)).rejects.toMatchObject({
      exitCode: 4,
      host: 'node1',
      message: `node1: cannot connect to 127.0.0.1 port ${server.port}: connection refused`,
      hint: 'is the host up, with sshd on that port?',
    });
  });

  it('has a name that nobody knows', async () => {
    await expect(connected(connectionOf({ kind: 'ssh', address: 'node1.invalid' }))).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(
        /^node1: cannot connect to node1\.invalid port 22: the name does not resolve/,
      ),
    });
  });

  it.each([
    ['none', 'cannot connect to 127.0.0.1 port 1'],
    ['/etc/hosts', 'cannot read the known host keys'],
  ])('is one more than this process may reach: UserKnownHostsFile %s', async (knownHosts, what) => {
    const program = join(import.meta.dirname, '../support/crowded.ts');
    const command = 'ulimit -n 100; exec "$0" --import tsx "$@"';
    const args = ['-c', command, process.execPath, program, knownHosts];
    const { stdout } = await promisify(execFile)('/bin/sh', args);
    expect(JSON.parse(stdout)).toEqual({
      exitCode: 4,
      message: `node1: ${what}: this process has as many files open as it may`,
      hint: expect.stringContaining('ulimit -n'),
    });
  });

  it('says nothing', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const began = Date.now();
    await expect(connected(connectionOf({ kind: 'ssh', port }))).rejects.toMatchObject({
      exitCode: 4,
      message: `node1: cannot connect to 127.0.0.1 port ${port}: no answer within 10 s`,
    });
    expect(Date.now() - began).toBeLessThan(12_000);
    silent.close();
  });

  it('is not an SSH server', async () => {
    const web = createServer((socket) => socket.end('HTTP/1.0 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as { port: number };
    await expect(connected(connectionOf({ kind: 'ssh', port }))).rejects.toMatchObject({
      exitCode: 4,
      message: `node1: cannot connect to 127.0.0.1 port ${port}: Connection lost before handshake`,
    });
    web.close();
  });
});

it('a channel whose input is torn off ends for the host as well', async () => {
  const link = await openLink(await sshSettings(connectionTo(await startServer())), undefined, {});
  onTestFinished(() => link.close());
  for (const early of [true, false]) {
    const pool = new Pool('node1', link, () => Promise.reject(new Error('one is enough')));
    const child = channelSpawn('node1', pool)('echo up; cat; echo over', [], {});
    const ended = once(child, 'close');
    let out = '';
    child.stdout?.on('data', (chunk) => {
      out += chunk;
    });
    if (!early) await until(() => out === 'up\n', 'the command runs');
    child.stdin?.destroy();
    await until(() => out === 'up\nover\n', 'its input has ended');
    await ended;
  }
});

describe('a file over SSH', () => {
  it('arrives whole, in one round trip', async () => {
    const host = await connected(connectionTo(await startServer()));
    const dir = scratch();
    const bytes = randomBytes(20_000_000);
    writeFileSync(`${dir}/source`, bytes);
    await host.send(`${dir}/source`, `${dir}/a/target`);
    expect(readFileSync(`${dir}/a/target`).equals(bytes)).toBe(true);
    expect(host.roundTrips).toBe(1);
  });

  it('does not keep the host waiting when its source fails', async () => {
    const host = await connected(connectionTo(await startServer()));
    const dir = scratch();
    await expect(host.send(dir, `${dir}/target`)).rejects.toMatchObject({
      exitCode: 2,
      message: `node1: cannot write ${dir}/target: EISDIR: illegal operation on a directory, read`,
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is told of when there is no place for it', async () => {
    const host = await connected(connectionTo(await startServer()));
    const dir = scratch();
    writeFileSync(`${dir}/source`, randomBytes(20_000_000));
    await expect(host.send(`${dir}/source`, '/dev/null/target')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^node1: cannot write \/dev\/null\/target: mkdir: .*\/dev\/null/),
    });
  });
});
