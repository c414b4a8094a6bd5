import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthContext } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../lib/dsl/secret.ts';
import type { Connection } from '../../../../lib/transport/host.ts';
import { scratch } from '../../support/scratch.ts';
import { publish, startAgent } from '../support/ssh-agent.ts';
import { connected, connectionTo, keyFile, startServer } from '../support/ssh-bench.ts';
import { keyOf } from '../support/ssh-server.ts';

const password = new Secret('correct horse');

/** ~/.ssh/config, and a connection without a key of the inventory's. */
async function by(
  config: string,
  admits: (attempt: AuthContext) => boolean | undefined,
  own: Partial<Connection> = {},
) {
  const server = await startServer({ admits });
  const ssh = join(process.env.HOME as string, '.ssh');
  mkdirSync(ssh, { recursive: true, mode: 0o700 });
  writeFileSync(join(ssh, 'config'), config, { mode: 0o600 });
  const told: string[] = [];
  const tell = (_host: string, message: string) => told.push(message);
  const connecting = connected(connectionTo(server, { keyFile: undefined, ...own }), { tell });
  return { server, told, connecting };
}

const withKey = (wanted: Buffer) => (attempt: AuthContext) =>
  attempt.method === 'publickey' && attempt.key.data.equals(wanted);

describe('a key of an agent that is named by its public half', () => {
  it.each([
    ['', 'x.pub'],
    ['IdentitiesOnly yes\n', 'x.pub'],
    ['', 'x'],
    ['IdentitiesOnly yes\n', 'x'],
  ])('is the first that is offered, of eight, with %j and %s', async (more, name) => {
    const named = keyFile();
    const others = Array.from({ length: 7 }, () => keyFile());
    if (!(await startAgent([...others, named]))) return;
    const wanted = publish(named);
    const half = join(scratch(), 'x.pub');
    writeFileSync(half, readFileSync(`${named}.pub`));
    rmSync(named);
    const { server, connecting } = await by(
      `${more}IdentityFile ${half.replace('x.pub', name)}\n`,
      withKey(wanted),
    );
    await connecting;
    expect(server.attempts).toEqual(['publickey joe']);
  });

  it('is not tried before the key files that are named before it, nor are the others with IdentitiesOnly', async () => {
    const [first, named, other] = [keyFile(), keyFile(), keyFile()];
    if (!(await startAgent([other, named]))) return;
    publish(named);
    const config = `IdentitiesOnly yes\nIdentityFile ${first}\nIdentityFile ${named}.pub\n`;
    const { server, connecting } = await by(config, () => false);
    await expect(connecting).rejects.toMatchObject({
      message: expect.stringContaining(`tried ${first}, ${named}.pub in the agent; the host takes publickey`),
    });
    expect(server.attempts).toHaveLength(2);
  });

  it('that no agent has is said so', async () => {
    const named = keyFile();
    publish(named);
    const { connecting } = await by(`IdentityFile ${named}.pub\n`, () => true);
    await expect(connecting).rejects.toMatchObject({
      exitCode: 4,
      hint: `${named}.pub is a public key, and no agent has its other half`,
    });
  });
});

const PASSED_OVER =
  'is passed over: certificates of users are not understood here, the host must let the plain key in';

describe('who is not let in and has a certificate is told that it is not used', () => {
  it('where it lies beside one of the usual keys', async () => {
    const ssh = join(process.env.HOME as string, '.ssh');
    mkdirSync(ssh, { mode: 0o700 });
    writeFileSync(join(ssh, 'id_ed25519'), readFileSync(keyFile()), { mode: 0o600 });
    writeFileSync(join(ssh, 'id_ed25519-cert.pub'), 'ssh-ed25519-cert-v01@openssh.com AAAA x\n');
    const { connecting } = await by('', () => false);
    await expect(connecting).rejects.toMatchObject({ hint: `${ssh}/id_ed25519-cert.pub ${PASSED_OVER}` });
  });

  it('where an agent has it, and no plain key', async () => {
    const [authority, key] = [keyFile(), keyFile()];
    publish(key);
    spawnSync('ssh-keygen', ['-q', '-s', authority, '-I', 'me', '-n', 'joe', `${key}.pub`]);
    if (!(await startAgent([key]))) return;
    spawnSync('ssh-add', ['-q', '-k', '-d', `${key}.pub`]);
    const { connecting } = await by('', () => false);
    await expect(connecting).rejects.toMatchObject({
      message: expect.stringContaining('the agent has no key that can be used here, and there is no other'),
      hint: `a certificate of the agent ${PASSED_OVER}`,
    });
  });
});

it('keys of an agent that are too many for the host are told of in the words of sshd', async () => {
  if (!(await startAgent(Array.from({ length: 8 }, () => keyFile())))) return;
  let count = 0;
  const { server, connecting } = await by('', () => {
    count += 1;
    if (count >= 6) for (const socket of server.sockets) socket.destroy();
    return false;
  });
  await expect(connecting).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/was not let in: tried 6 keys of the agent.*; it said: /),
  });
});

describe('among several keys', () => {
  const garbage = () => {
    const file = join(scratch(), 'garbage');
    writeFileSync(file, '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n');
    return file;
  };
  const encrypted = () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const file = join(scratch(), 'encrypted');
    writeFileSync(
      file,
      privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
    );
    return file;
  };
  it.each([
    ['garbage', garbage, /cannot use the key .*garbage: /],
    ['one with a passphrase', () => keyFile('secret'), /has a passphrase, and no agent has it/],
    ['one with a passphrase, PKCS#8', encrypted, /has a passphrase, and no agent has it/],
    ['one that is not there', () => '/no/such/key', /\/no\/such\/key is not there/],
    ['a folder', () => scratch(), /cannot use the key .*EISDIR/],
  ])('%s is passed over, with a word', async (_title, make, word) => {
    const good = keyFile();
    const { server, told, connecting } = await by(
      `IdentityFile ${make()}\nIdentityFile ${good}\n`,
      withKey(keyOf(readFileSync(good, 'utf8')).getPublicSSH()),
    );
    await connecting;
    expect(server.attempts).toEqual(['publickey joe']);
    expect(told[0]).toMatch(word);
  });

  it('a certificate is passed over, with a word', async () => {
    const good = keyFile();
    writeFileSync(`${good}-cert.pub`, 'ssh-ed25519-cert-v01@openssh.com AAAA x\n');
    const { told, connecting } = await by(`IdentityFile ${good}\nCertificateFile /c\n`, () => true);
    await connecting;
    expect(told.slice(0, 2)).toEqual([`/c ${PASSED_OVER}`, `${good}-cert.pub ${PASSED_OVER}`]);
  });

  it('those that PubkeyAcceptedAlgorithms or RequiredRSASize do not have are passed over', async () => {
    const rsa = join(scratch(), 'rsa');
    writeFileSync(rsa, pem('rsa', 'pkcs1', 2048));
    const small = join(scratch(), 'small');
    writeFileSync(small, pem('rsa', 'pkcs1', 1024));
    const config = `PubkeyAcceptedAlgorithms rsa-sha2-256,rsa-sha2-512\nRequiredRSASize 2048\nIdentityFile ${keyFile()}\nIdentityFile ${small}\nIdentityFile ${rsa}\n`;
    const { server, told, connecting } = await by(config, ({ method }) => method === 'publickey');
    await connecting;
    expect(server.attempts).toEqual(['publickey joe']);
    expect(told[0]).toMatch(/PubkeyAcceptedAlgorithms has nothing for ssh-ed25519/);
    expect(told[1]).toMatch(/has 1024 bits, RequiredRSASize wants 2048/);
  });
});

describe('a key in PEM', () => {
  it.each([
    ['rsa', 'pkcs8'],
    ['rsa', 'pkcs1'],
    ['ec', 'pkcs8'],
    ['ec', 'sec1'],
    ['ed25519', 'pkcs8'],
  ] as const)('%s, %s, logs in', async (type, form) => {
    const file = join(scratch(), 'id');
    writeFileSync(file, pem(type, form));
    const { server, connecting } = await by(`IdentityFile ${file}\n`, ({ method }) => method === 'publickey');
    await connecting;
    expect(server.attempts).toEqual(['publickey joe']);
  });
});

function pem(type: 'rsa' | 'ec' | 'ed25519', form: 'pkcs8' | 'pkcs1' | 'sec1', bits = 2048): string {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  return privateKey.export({ type: form as 'pkcs8', format: 'pem' }) as string;
}

/** Lets in who has passed all of `wanted`, in this order. */
function inTurn(wanted: readonly AuthContext['method'][]) {
  let passed = 0;
  return (attempt: AuthContext) => {
    const good = attempt.method !== 'password' || attempt.password === 'correct horse';
    if (attempt.method === 'publickey' && attempt.signature === undefined && wanted[passed] === 'publickey')
      return true;
    if (attempt.method !== wanted[passed] || !good) {
      attempt.reject([wanted[passed] as 'password']);
      return undefined;
    }
    passed += 1;
    if (passed === wanted.length) return true;
    attempt.reject([wanted[passed] as 'password'], true);
    return undefined;
  };
}

describe('a host that wants several methods', () => {
  it.each([
    [['password', 'publickey']],
    [['publickey', 'password']],
    [['publickey', 'publickey']],
    [['keyboard-interactive', 'publickey', 'password']],
  ] as const)('gets %j', async (wanted) => {
    // Not one more than are wanted: a key that was refused when it was not its turn is offered again.
    const keys = wanted.filter((method) => method === 'publickey').map(() => keyFile());
    const config = keys.map((file) => `IdentityFile ${file}\n`).join('');
    const { connecting } = await by(config, inTurn(wanted), { password });
    await connecting;
  });

  it('and nothing twice that it has taken', async () => {
    const { server, connecting } = await by(`IdentityFile ${keyFile()}\n`, inTurn(['password', 'password']), {
      password,
    });
    await expect(connecting).rejects.toMatchObject({ exitCode: 4 });
    expect(server.attempts.filter((attempt) => attempt.startsWith('password'))).toHaveLength(1);
  });

  it('gets none that ssh_config does not allow', async () => {
    const { server, connecting } = await by(
      `PasswordAuthentication no\nIdentityFile ${keyFile()}\n`,
      () => false,
      { password },
    );
    await expect(connecting).rejects.toMatchObject({ exitCode: 4 });
    expect(server.attempts.filter((attempt) => attempt.startsWith('password'))).toEqual([]);
  });
});

it('a key that a security key keeps is passed over', async () => {
  const sk = join(scratch(), 'sk');
  // No such key can be made without the device: the outer form is enough.
  writeFileSync(sk, securityKey());
  const good = keyFile();
  const { told, connecting } = await by(`IdentityFile ${sk}\nIdentityFile ${good}\n`, () => true);
  await connecting;
  expect(told[0]).toMatch(/cannot use the key .*sk: /);
});

function securityKey(): string {
  const field = (text: string | Buffer) => {
    const bytes = Buffer.from(text as string);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const type = field('sk-ssh-ed25519@openssh.com');
  const open = Buffer.concat([type, field(Buffer.alloc(32, 7)), field('ssh:')]);
  const inner = Buffer.concat([
    Buffer.alloc(8),
    open,
    Buffer.from([1]),
    field(Buffer.alloc(16)),
    field(''),
    field(''),
  ]);
  const padded = Buffer.concat([
    inner,
    Buffer.from([1, 2, 3, 4, 5, 6, 7, 8].slice(0, (8 - (inner.length % 8)) % 8)),
  ]);
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[field('none'), field('none'), field(''), Buffer.from([0, 0, 0, 1]), field(open), field(padded)],
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${whole.toString('base64').replace(/.{70}/g, '$&\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
