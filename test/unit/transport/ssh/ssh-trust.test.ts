import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../../lib/dsl/secret.ts';
import type { UnknownKey } from '../../../../lib/transport/connect-options.ts';
import { keyFingerprint } from '../../../../lib/transport/ssh/known-hosts.ts';
import { scratch } from '../../support/scratch.ts';
import { outcome } from '../support/connection.ts';
import { connected, connectionTo, startServer } from '../support/ssh-bench.ts';
import { keyOf, newKey, type SshServer } from '../support/ssh-server.ts';

const fingerprint = (server: SshServer) => keyFingerprint(server.publicKey.getPublicSSH());
const password = new Secret('correct horse');

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** A known_hosts file with these lines. */
function known(text: string): string {
  const file = join(scratch(), 'known_hosts');
  writeFileSync(file, text);
  return file;
}

describe('an unknown host key', () => {
  it('is refused before anything is sent, and says how to go on', async () => {
    const server = await startServer();
    const file = join(scratch(), 'none');
    await expect(connected(connectionTo(server, { knownHostsFile: file, password }))).rejects.toMatchObject({
      exitCode: 5,
      host: 'node1',
      message: `node1: the host key of 127.0.0.1 is unknown: ssh-ed25519 key ${fingerprint(server)}`,
      hint: 'compare the fingerprint on the host itself, then run with --trust to record it',
    });
    expect(server.attempts).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });

  it('is no better for an authority that may have signed it', async () => {
    const server = await startServer();
    const file = known(`@cert-authority ${server.knownLine()}`);
    await expect(connected(connectionTo(server, { knownHostsFile: file }))).rejects.toMatchObject({
      exitCode: 5,
      hint: 'known_hosts names an authority for it, but host certificates are not understood here: record its key with --trust',
    });
  });

  it('is recorded once the user trusts it, and not asked about again', async () => {
    const server = await startServer();
    const file = join(scratch(), '.ssh/known_hosts');
    const trust = vi.fn(async () => true);
    const connection = connectionTo(server, { knownHostsFile: file });
    expect((await outcome(await connected(connection, { trust }), 'echo hi')).out).toBe('hi\n');
    expect(trust.mock.calls).toEqual([
      [{ host: 'node1', fingerprint: fingerprint(server), keyType: 'ssh-ed25519' }, expect.any(Function)],
    ]);
    expect(readFileSync(file, 'utf8')).toBe(server.knownLine());
    await connected(connection, { trust });
    await connected(connection);
    expect(trust).toHaveBeenCalledTimes(1);
  });

  it('that cannot be recorded is an error, and the connection does not keep the process waiting', async () => {
    const server = await startServer();
    // Nobody, root included, can make a file there.
    const trusting = connected(connectionTo(server, { knownHostsFile: '/proc/self/known_hosts' }), {
      trust: async () => true,
    });
    await expect(trusting).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('cannot record its host key'),
    });
    await vi.waitFor(() => expect(server.sockets.every((socket) => socket.closed)).toBe(true));
  });

  it('is refused when the user does not trust it', async () => {
    const server = await startServer();
    const file = join(scratch(), 'none');
    const trusting = connected(connectionTo(server, { knownHostsFile: file }), { trust: async () => false });
    await expect(trusting).rejects.toMatchObject({ exitCode: 5 });
    expect([server.attempts, existsSync(file)]).toEqual([[], false]);
  });

  it('is refused when nobody can be asked, and says so', async () => {
    const server = await startServer();
    const file = join(scratch(), 'none');
    const trust = vi.fn(async () => undefined);
    for (const name of ['node1', 'node1-again']) {
      const connection = connectionTo(server, { name, knownHostsFile: file });
      await expect(connected(connection, { trust })).rejects.toMatchObject({
        exitCode: 5,
        message: `${name}: the host key of 127.0.0.1 is unknown: ssh-ed25519 key ${fingerprint(server)}`,
        hint: 'nobody could be asked, as standard input has ended: compare the fingerprint on the host itself, then run with --trust on a terminal',
      });
    }
    expect(trust).toHaveBeenCalledTimes(1);
    expect(existsSync(file)).toBe(false);
  });

  it('is recorded also when the login fails afterwards', async () => {
    const server = await startServer({ admits: () => false });
    const file = join(scratch(), 'known_hosts');
    const trusting = connected(connectionTo(server, { knownHostsFile: file }), { trust: async () => true });
    await expect(trusting).rejects.toMatchObject({ exitCode: 4 });
    expect(readFileSync(file, 'utf8')).toBe(server.knownLine());
  });

  it('is asked about host by host, and once for a host that several names share', async () => {
    const servers = [await startServer(), await startServer()];
    const file = join(scratch(), 'known_hosts');
    let open = 0;
    const asked: string[] = [];
    const trust = async ({ host }: UnknownKey) => {
      open += 1;
      expect(open).toBe(1);
      asked.push(host);
      await new Promise((resolve) => setTimeout(resolve, 50));
      open -= 1;
      return true;
    };
    const [a, b] = servers as [SshServer, SshServer];
    await Promise.all([
      connected(connectionTo(a, { name: 'a', knownHostsFile: file }), { trust }),
      connected(connectionTo(b, { name: 'b', knownHostsFile: file }), { trust }),
      connected(connectionTo(a, { name: 'a-again', knownHostsFile: file }), { trust }),
    ]);
    expect(asked).toHaveLength(2);
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it.each(['all', false] as const)(
    'is agreed to with those that wait, if they were shown: %s',
    async (answer) => {
      const servers = [await startServer(), await startServer(), await startServer()];
      const file = join(scratch(), 'known_hosts');
      const questions: string[][] = [];
      const trust = async ({ host }: UnknownKey, waiting: () => readonly UnknownKey[]) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        const shown = questions.length === 0 ? waiting().map((one) => one.host) : [];
        questions.push([host, ...shown].sort());
        return questions.length === 1 && answer;
      };
      const links = servers.map((server, i) =>
        connected(connectionTo(server, { name: `h${i}`, knownHostsFile: file }), { trust }),
      );
      const done = await Promise.allSettled(links);
      const all = done.every(({ status }) => status === 'fulfilled');
      expect(questions[0]).toEqual(['h0', 'h1', 'h2']);
      expect([all, questions.length, existsSync(file)]).toEqual(answer ? [true, 1, true] : [false, 3, false]);
    },
  );

  it('keeps nobody waiting on the line while the user thinks', async () => {
    const server = await startServer();
    const trust = async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(server.sockets.every((socket) => socket.closed)).toBe(true);
      return true;
    };
    await connected(connectionTo(server, { knownHostsFile: join(scratch(), 'k') }), { trust });
    expect(server.sockets).toHaveLength(2);
  });

  it('is recorded unasked with accept-new', async () => {
    const server = await startServer();
    const file = join(scratch(), 'known_hosts');
    await connected(connectionTo(server, { knownHostsFile: file, strictHostKeyChecking: 'accept-new' }));
    expect(readFileSync(file, 'utf8')).toBe(server.knownLine());
  });

  it('is taken with a warning, unrecorded, when checking is off', async () => {
    const server = await startServer();
    const file = join(scratch(), 'known_hosts');
    const warn = vi.fn();
    await connected(connectionTo(server, { knownHostsFile: file, strictHostKeyChecking: 'no' }), { warn });
    expect(warn.mock.calls).toEqual([
      [
        'node1',
        `node1: StrictHostKeyChecking is off, ssh-ed25519 key ${fingerprint(server)} was taken unseen`,
      ],
    ]);
    expect(existsSync(file)).toBe(false);
  });
});

describe('a file of known hosts that cannot be read', () => {
  it.each([
    ['no directory above it', () => `${known('')}/below`, 'ENOTDIR'],
    ['a directory', () => scratch(), 'EISDIR'],
  ])('is told and passed over when checking is off: %s', async (_, path, code) => {
    const server = await startServer();
    const file = path();
    const warn = vi.fn();
    await connected(connectionTo(server, { knownHostsFile: file, strictHostKeyChecking: 'no' }), { warn });
    expect(warn.mock.calls[0]?.[1]).toBe(
      `node1: StrictHostKeyChecking is off, ssh-ed25519 key ${fingerprint(server)} was taken unseen; ${file} cannot be read (${code})`,
    );
  });

  it.each(['yes', 'accept-new'] as const)('lets no host in under %s', async (strictHostKeyChecking) => {
    const server = await startServer();
    const connection = connectionTo(server, { knownHostsFile: scratch(), strictHostKeyChecking });
    await expect(connected(connection)).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('cannot read the known host keys: EISDIR'),
    });
  });
});

describe('a changed host key', () => {
  const other = keyOf(newKey());

  it.each(['yes', 'accept-new'] as const)('is refused under %s, with both fingerprints', async (policy) => {
    const server = await startServer();
    const file = known(`# first line\n${server.knownLine(other)}`);
    const trust = vi.fn(async () => true);
    const connection = connectionTo(server, {
      knownHostsFile: file,
      password,
      strictHostKeyChecking: policy,
    });
    await expect(connected(connection, { trust })).rejects.toMatchObject({
      exitCode: 5,
      host: 'node1',
      message: `node1: the host key of 127.0.0.1 has changed: known is ssh-ed25519 key ${keyFingerprint(other.getPublicSSH())} (${file}:2), shown was ssh-ed25519 key ${fingerprint(server)}`,
      hint: `somebody may be in between; if the host was set up anew: ssh-keygen -R '[127.0.0.1]:${server.port}' -f ${file}`,
    });
    expect(server.attempts).toEqual([]);
    expect(trust).not.toHaveBeenCalled();
    expect(readFileSync(file, 'utf8')).not.toContain(server.publicKey.getPublicSSH().toString('base64'));
  });

  it('is refused when checking is off: it gets no password, no sudo password, no run', async () => {
    const server = await startServer({ takes: ['publickey', 'password', 'keyboard-interactive'] });
    const connection = connectionTo(server, {
      knownHostsFile: known(server.knownLine(other)),
      password,
      become: true,
      becomePassword: password,
      strictHostKeyChecking: 'no',
    });
    await expect(connected(connection)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(
        new RegExp(
          `has changed: .*${literally(keyFingerprint(other.getPublicSSH()))}.*${literally(fingerprint(server))}`,
        ),
      ),
      hint: expect.stringContaining('StrictHostKeyChecking=no takes unknown keys only'),
    });
    expect(server.attempts).toEqual([]);
  });
});

it('a revoked host key is refused, whatever else is said of it', async () => {
  const server = await startServer();
  const file = known(`${server.knownLine()}@revoked ${server.knownLine().replace(/^\S+/, '*')}`);
  const connection = connectionTo(server, { knownHostsFile: file, strictHostKeyChecking: 'no' });
  await expect(connected(connection)).rejects.toMatchObject({
    exitCode: 5,
    message: `node1: the host key of 127.0.0.1 is revoked: ssh-ed25519 key ${fingerprint(server)}`,
  });
  expect(server.attempts).toEqual([]);
});

describe('RevokedHostKeys', () => {
  const configure = (text: string) => {
    mkdirSync(join(process.env.HOME ?? '', '.ssh'), { recursive: true });
    writeFileSync(join(process.env.HOME ?? '', '.ssh/config'), text);
  };

  it('refuses a key that is listed, also one that is known', async () => {
    const server = await startServer();
    configure(`Host *\n RevokedHostKeys ${known(`# lost\n${server.knownLine().replace(/^\S+ /, '')}`)}\n`);
    await expect(connected(connectionTo(server))).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('is revoked'),
    });
    expect(server.attempts).toEqual([]);
  });

  it('lets others in', async () => {
    const server = await startServer();
    configure(
      `Host *\n RevokedHostKeys ${known(`ssh-ed25519 ${keyOf(newKey()).getPublicSSH().toString('base64')}`)}\n`,
    );
    await connected(connectionTo(server));
  });

  it.each([
    ['cannot be read', '/nowhere/revoked', /cannot be read/],
    ['is a KRL', () => known('SSHKRL\n\0'), /is a KRL/],
  ])('that %s lets nobody in', async (_, file, message) => {
    const server = await startServer();
    configure(`RevokedHostKeys ${typeof file === 'string' ? file : file()}\n`);
    await expect(connected(connectionTo(server))).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(message),
    });
  });
});

it.each([
  ['Ciphers chacha20-poly1305@openssh.com,aes256-ctr', undefined],
  // ssh refuses what it has never heard of.
  ['Ciphers chacha20-poly1305@openssh.com,aes256-ctr,unheard-of', 1],
  ['Ciphers unheard-of', 1],
  ['KexAlgorithms -ecdh*', undefined],
  ['MACs ^hmac-sha2-512', undefined],
  // The host has none of the kind.
  ['HostKeyAlgorithms ssh-rsa', 4],
  ['HostKeyAlgorithms +ssh-rsa', undefined],
  ['PubkeyAcceptedAlgorithms +ssh-rsa', undefined],
  // The key is of another kind, and passed over.
  ['PubkeyAcceptedAlgorithms rsa-sha2-512', 4],
])('%s is kept, or said not to be: exit %s', async (directive, exitCode) => {
  const server = await startServer();
  mkdirSync(join(process.env.HOME ?? '', '.ssh'), { recursive: true });
  writeFileSync(join(process.env.HOME ?? '', '.ssh/config'), `${directive}\n`);
  const connecting = connected(connectionTo(server)).then(
    () => undefined,
    (error) => error.exitCode,
  );
  expect(await connecting).toBe(exitCode);
});
