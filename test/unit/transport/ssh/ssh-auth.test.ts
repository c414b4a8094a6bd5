import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../lib/dsl/secret.ts';
import { scratch } from '../../support/scratch.ts';
import { publish, startAgent } from '../support/ssh-agent.ts';
import { connected, connectionTo, keyFile, startServer } from '../support/ssh-bench.ts';

const password = new Secret('correct horse');
const EVERYTHING = ['publickey', 'password', 'keyboard-interactive'] as const;

describe('logging in', () => {
  it('offers a key that fits at once', async () => {
    const server = await startServer();
    await connected(connectionTo(server, { password }));
    expect(server.attempts).toEqual(['publickey joe']);
  });

  it('uses the usual keys when none is named', async () => {
    const server = await startServer();
    const ssh = join(process.env.HOME as string, '.ssh');
    mkdirSync(ssh);
    spawnSync('cp', [keyFile(), join(ssh, 'id_ed25519')]);
    await connected(connectionTo(server, { keyFile: undefined }));
    expect(server.attempts).toEqual(['publickey joe']);
  });

  it('sends the password after the keys', async () => {
    const server = await startServer({
      admits: (attempt) => attempt.method === 'password' && attempt.password === 'correct horse',
      takes: [...EVERYTHING],
    });
    await connected(connectionTo(server, { password }));
    expect(server.attempts).toEqual(['publickey joe', 'password joe correct horse']);
  });

  it('passes over what the host does not take', async () => {
    const server = await startServer({
      admits: (attempt) => attempt.method === 'keyboard-interactive',
      takes: ['keyboard-interactive'],
    });
    await connected(connectionTo(server, { password }));
    expect(server.attempts).toEqual(['publickey joe', 'keyboard-interactive joe']);
  });

  it('types the password only where it is not shown', async () => {
    let answers: readonly string[] = [];
    const server = await startServer({
      takes: ['keyboard-interactive'],
      admits(attempt) {
        if (attempt.method !== 'keyboard-interactive') return false;
        const questions = [
          { prompt: 'Password: ', echo: false },
          { prompt: 'Token: ', echo: true },
        ];
        attempt.prompt(questions, (given) => {
          answers = given;
          attempt.accept();
        });
        return undefined;
      },
    });
    await connected(connectionTo(server, { password }));
    expect(answers).toEqual(['correct horse', '']);
  });

  it('names what it tried when nothing fits', async () => {
    const server = await startServer({ admits: () => false, takes: [...EVERYTHING] });
    const file = keyFile();
    await expect(connected(connectionTo(server, { keyFile: file, password }))).rejects.toMatchObject({
      exitCode: 4,
      host: 'node1',
      message: `node1: joe@127.0.0.1 was not let in: tried ${file}, the password, the password (keyboard-interactive); the host takes publickey, password, keyboard-interactive`,
      hint: 'check ansible_user, ansible_ssh_private_key_file or the agent',
    });
  });

  it('has nothing to try without a key and a password', async () => {
    const server = await startServer();
    await expect(connected(connectionTo(server, { keyFile: undefined }))).rejects.toMatchObject({
      exitCode: 4,
      message: 'node1: joe@127.0.0.1 was not let in: no agent answers, and there is no key to try',
    });
  });

  it('says what to do about a key with a passphrase', async () => {
    const server = await startServer();
    const file = keyFile('secret');
    await expect(connected(connectionTo(server, { keyFile: file }))).rejects.toMatchObject({
      exitCode: 4,
      message: 'node1: joe@127.0.0.1 was not let in: no agent answers, and there is no key to try',
      hint: `${file} has a passphrase: load it into the agent with ssh-add`,
    });
  });

  it('says that a named key is not there', async () => {
    const server = await startServer();
    await expect(connected(connectionTo(server, { keyFile: '/no/such/key' }))).rejects.toMatchObject({
      exitCode: 4,
      hint: '/no/such/key is not there: check ansible_ssh_private_key_file or IdentityFile',
    });
  });

  it('says that a key the inventory names was not there', async () => {
    const server = await startServer({ admits: () => false });
    const absentKeys = [{ path: '/no/such/key', variable: 'x', position: undefined }];
    await expect(connected(connectionTo(server, { absentKeys, password }))).rejects.toMatchObject({
      exitCode: 4,
      hint: '/no/such/key is not there: check ansible_ssh_private_key_file or IdentityFile',
    });
  });

  it('refuses a named file that is not a key', async () => {
    const server = await startServer();
    const file = join(scratch(), 'id');
    writeFileSync(file, 'no key');
    await expect(connected(connectionTo(server, { keyFile: file }))).rejects.toMatchObject({
      exitCode: 4,
      message: 'node1: joe@127.0.0.1 was not let in: no agent answers, and there is no key to try',
      hint: `cannot use the key ${file}: Unsupported key format`,
    });
  });
});

describe('an agent', () => {
  it('that is gone leaves the password', async () => {
    const server = await startServer({ admits: ({ method }) => method === 'password', takes: ['password'] });
    process.env.SSH_AUTH_SOCK = join(scratch(), 'gone');
    await connected(connectionTo(server, { keyFile: undefined, password }));
    expect(server.attempts).toEqual(['password joe correct horse']);
  });

  it('opens a key with a passphrase, which comes before its others', async () => {
    const named = keyFile();
    if (!(await startAgent([keyFile(), named, keyFile()]))) return;
    const wanted = publish(named);
    // From now on the file itself is locked.
    if (spawnSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', named]).status !== 0) return;
    const server = await startServer({
      admits: (attempt) => attempt.method === 'publickey' && attempt.key.data.equals(wanted),
    });
    await connected(connectionTo(server, { keyFile: named }));
    expect(server.attempts).toEqual(['publickey joe']);
  });

  it('keeps its other keys to itself with IdentitiesOnly', async () => {
    const named = keyFile();
    if (!(await startAgent([keyFile(), named, keyFile()]))) return;
    publish(named);
    const ssh = join(process.env.HOME as string, '.ssh');
    mkdirSync(ssh);
    writeFileSync(join(ssh, 'config'), `Host *\n IdentitiesOnly yes\n`);
    const server = await startServer({ admits: () => false });
    await expect(connected(connectionTo(server, { keyFile: named }))).rejects.toMatchObject({ exitCode: 4 });
    // Not once more from the agent: sshd counts.
    expect(server.attempts).toEqual(['publickey joe']);
  });
});
