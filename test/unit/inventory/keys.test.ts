import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { load, refusal, write } from './support.ts';

beforeEach(() => {
  vi.stubEnv('SSH_AUTH_SOCK', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\n';

describe('a key file that is not there is dropped with a word, as ssh -i drops it:', () => {
  it.each([
    ['missing', 'keys/nope'],
    ['below a file', 'keys/id/inside'],
    ['none', 'none'],
    ['only its public half, and no agent', 'keys/half'],
  ])('%s', async (_, path) => {
    const { hosts, notices, folder } = await load(
      {
        'h.ini': `a\nb\n[all:vars]\nansible_ssh_private_key_file=${path}\n`,
        'keys/id': KEY,
        'keys/half.pub': 'ssh-ed25519 AAAA me\n',
      },
      { inventories: ['h.ini'] },
    );
    const absent = join(folder, path);
    expect(hosts.map(({ connection }) => [connection.keyFile, connection.absentKeys?.[0]?.path])).toEqual([
      [undefined, absent],
      [undefined, absent],
    ]);
    expect(notices).toEqual([
      `${folder}/h.ini:4:1: ansible_ssh_private_key_file: ${absent} is not there; as with ssh -i, other keys are tried`,
    ]);
  });

  it('of arguments -i alone, not IdentityFile', async () => {
    const there = join(write({ id: KEY }), 'id');
    const args = `-i /nowhere/a -i ${there} -o IdentityFile=/nowhere/b`;
    const { hosts, notices, folder } = await load(
      { 'h.ini': `h1 ansible_ssh_common_args='${args}'\n` },
      {
        inventories: ['h.ini'],
      },
    );
    expect(hosts[0]?.connection.sshOptions).toEqual([
      ['IdentityFile', `"${there}"`],
      ['IdentityFile', '/nowhere/b'],
    ]);
    expect(notices).toEqual([
      `${folder}/h.ini:1:1: ansible_ssh_common_args: /nowhere/a is not there; as with ssh -i, other keys are tried`,
    ]);
  });
});

it('a file that is there and no key is still refused', async () => {
  const [error] = await refusal(
    load({ 'inventory.yaml': 'all: { hosts: { a: { ansible_ssh_private_key_file: k } } }\n', k: 'hello\n' }),
  );
  expect(error?.message).toContain('is not a private key');
});
