import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Connection } from '../../../../lib/transport/host.ts';
import { scratch } from '../../support/scratch.ts';
import { outcome } from '../support/connection.ts';
import { lives, until } from '../support/launcher-process.ts';
import { connected, connectionTo, startServer } from '../support/ssh-bench.ts';
import type { SshServer } from '../support/ssh-server.ts';

const PIPE = `const [host, port] = process.argv.slice(2);
const socket = require('node:net').connect({ host, port });
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('error', () => process.exit(1));`;

/** A script that notes its process and its environment, says something, and passes on the bytes. */
function proxy(before = ''): { readonly file: string; readonly dir: string } {
  const dir = scratch();
  writeFileSync(join(dir, 'pipe.cjs'), PIPE);
  const file = join(dir, 'proxy.sh');
  writeFileSync(
    file,
    `echo $$ >'${dir}/pid'; env >'${dir}/env'; echo "$*" >'${dir}/args'
${before}
'${process.execPath}' '${dir}/pipe.cjs' "$1" "$2"
`,
  );
  return { file, dir };
}

const through = (server: SshServer, proxyCommand: string, own: Partial<Connection> = {}) =>
  connectionTo(server, { proxyCommand, ...own });

describe('ProxyCommand', () => {
  it('is the line of a connection', async () => {
    const server = await startServer();
    const { file, dir } = proxy();
    const host = await connected(through(server, `sh "${file}" %h %p '%r and more'`));
    expect((await outcome(host, 'echo hi; exit 3')).code).toBe(3);
    expect(readFileSync(join(dir, 'args'), 'utf8')).toBe(`127.0.0.1 ${server.port} joe and more\n`);
  });

  it('has the environment of ssh, but for what is meant for this program alone', async () => {
    const own = { SITE_PROFILE: 'staging', QUORATE_CA_PASSPHRASE: 'canary' };
    Object.assign(process.env, own);
    onTestFinished(() => {
      for (const name of Object.keys(own)) delete process.env[name];
    });
    const server = await startServer();
    const { file, dir } = proxy();
    const host = await connected(through(server, `sh ${file} %h %p $SITE_PROFILE$QUORATE_CA_PASSPHRASE`));
    await outcome(host, ':');
    expect(readFileSync(join(dir, 'args'), 'utf8')).toBe(`127.0.0.1 ${server.port} staging\n`);
    const seen = readFileSync(join(dir, 'env'), 'utf8');
    expect(seen).not.toContain('canary');
    expect(seen).toContain('SITE_PROFILE=staging');
    expect(seen).toContain(`HOME=${process.env.HOME}`);
  });

  it('may stand in ~/.ssh/config', async () => {
    const server = await startServer();
    const { file, dir } = proxy();
    const ssh = join(process.env.HOME as string, '.ssh');
    mkdirSync(ssh, { mode: 0o700 });
    writeFileSync(join(ssh, 'config'), `Host 127.0.0.1\n ProxyCommand sh ${file} %h %p %n\n`, {
      mode: 0o600,
    });
    await outcome(await connected(connectionTo(server)), ':');
    expect(readFileSync(join(dir, 'args'), 'utf8')).toBe(`127.0.0.1 ${server.port} 127.0.0.1\n`);
  });

  it('ends with the connection, with all that it has started', async () => {
    const server = await startServer();
    const { file, dir } = proxy('sleep 60 & echo $! >"${0%/*}/other"');
    const host = await connected(through(server, `sh ${file} %h %p`));
    await outcome(host, ':');
    await host.close();
    for (const name of ['pid', 'other']) {
      const pid = Number(readFileSync(join(dir, name), 'utf8'));
      await until(() => !lives(pid), `${name} is gone`);
    }
  });

  it('that fails tells in its own words', async () => {
    const server = await startServer();
    await expect(connected(through(server, 'sh -c "echo no way in >&2; exit 4"'))).rejects.toMatchObject({
      exitCode: 4,
      message: `node1: cannot connect to 127.0.0.1 port ${server.port}: ProxyCommand has ended (exit status 4): no way in`,
    });
  });

  it('that is not there tells so', async () => {
    const server = await startServer();
    await expect(connected(through(server, '/no/such/program %h'))).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/ProxyCommand has ended \(exit status 127\).*\/no\/such\/program/),
    });
  });

  it('that says nothing has a deadline, and is ended', async () => {
    const server = await startServer();
    const { file, dir } = proxy('sleep 60');
    const connection = through(server, `sh ${file} %h %p`, { sshOptions: [['ConnectTimeout', '1']] });
    const began = Date.now();
    await expect(connected(connection)).rejects.toMatchObject({
      exitCode: 4,
      message: `node1: cannot connect to 127.0.0.1 port ${server.port}: no answer within 1 s`,
    });
    expect(Date.now() - began).toBeLessThan(3000);
    const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
    await until(() => !lives(pid), 'the command is gone');
  });

  it('that breaks in mid-script leaves the outcome unknown', async () => {
    const server = await startServer();
    const { file, dir } = proxy();
    const host = await connected(through(server, `sh ${file} %h %p`));
    const running = outcome(host, 'sleep 60');
    await until(() => server.commands.length > 0, 'the script runs');
    process.kill(-Number(readFileSync(join(dir, 'pid'), 'utf8')), 'SIGKILL');
    await expect(running).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('ProxyCommand has ended (SIGKILL)'),
    });
  });
});
