import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { program } from '../../program.ts';
import { scratch } from '../support/scratch.ts';
import { keyFile, startServer } from '../transport/support/ssh-bench.ts';

const PLAYBOOK = program('test/unit/cli/plainPlaybook.ts');

/** A sudo that asks for a password, notes it with the user that it is for, and refuses. */
const SUDO = `#!/bin/sh
while [ "$1" != -- ]; do
  case $1 in -p) prompt=$2; shift ;; -u) user=$2; shift ;; esac
  shift
done
printf %s "$prompt" >&2
read -r password
echo "$user $password" >>"$0.asked"
exit 1
`;

/** Runs the playbook for an inventory in `dir`, whose programs come first, with all of standard input at once. */
async function run(
  dir: string,
  inventory: string,
  args: readonly string[],
  input = '',
  node: readonly string[] = [],
) {
  const file = join(dir, 'inventory.yaml');
  writeFileSync(file, inventory);
  const child = spawn(process.execPath, [...node, PLAYBOOK, '-i', file, '-C', ...args], {
    env: { ...process.env, PATH: `${dir}:${process.env.PATH}` },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.end(input);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, out };
}

it.each([
  ['with a line feed', 'typed\n'],
  ['without one', 'typed'],
  ['of a file from Windows', 'typed\r\n'],
])('-K: an answer from a pipe is taken, %s', async (_, input) => {
  const dir = scratch();
  const sudo = join(dir, 'sudo');
  writeFileSync(sudo, SUDO);
  chmodSync(sudo, 0o755);
  await run(
    dir,
    'all:\n  hosts: { a: { ansible_connection: local, ansible_become_user: none } }\n',
    ['-b', '-K'],
    input,
  );
  expect(readFileSync(`${sudo}.asked`, 'utf8')).toBe('none typed\n');
});

it('--trust: several answers from a pipe are taken in turn', async () => {
  const dir = scratch();
  const servers = [await startServer(), await startServer(), await startServer()];
  const hosts = servers.map(({ port }, i) => `h${i}: { ansible_port: ${port} }`);
  const inventory = `all:
  hosts: { ${hosts.join(', ')} }
  vars:
    ansible_host: 127.0.0.1
    ansible_ssh_private_key_file: ${keyFile()}
    ansible_ssh_common_args: -o UserKnownHostsFile=known
`;
  await run(dir, inventory, ['--trust'], 'y\nno\nyes');
  expect(readFileSync(join(dir, 'known'), 'utf8').trim().split('\n')).toHaveLength(2);
});

it('runs for a user that the passwd database does not know', async () => {
  const dir = scratch();
  writeFileSync(
    join(dir, 'nobody.mjs'),
    "import os from 'node:os';\nimport { syncBuiltinESMExports } from 'node:module';\nos.userInfo = os.homedir = () => { throw new Error('uv_os_get_passwd'); };\nsyncBuiltinESMExports();\n",
  );
  const server = await startServer();
  const inventory = `all:
  hosts:
    a: { ansible_connection: local }
    b: { ansible_host: 127.0.0.1, ansible_port: ${server.port}, ansible_ssh_private_key_file: ${keyFile()} }
  vars: { ansible_ssh_common_args: -o UserKnownHostsFile=known -o StrictHostKeyChecking=no }
`;
  const options = ['--output', 'json', '--trust'];
  const { out } = await run(dir, inventory, options, '', [`--import=${join(dir, 'nobody.mjs')}`]);
  expect(out).not.toMatch(/uv_os_get_passwd|bug of ours/);
  expect(server.attempts.join()).toMatch(/^publickey /);
});

it('-K: a password of the inventory wins over the one that was asked for', async () => {
  const dir = scratch();
  const sudo = join(dir, 'sudo');
  writeFileSync(sudo, SUDO);
  chmodSync(sudo, 0o755);
  const inventory = `all:
  hosts:
    a: { ansible_become_user: own, ansible_become_password: written }
    b: { ansible_become_user: none }
  vars: { ansible_connection: local }
`;
  await run(dir, inventory, ['-b', '-K'], 'typed\n');
  const asked = readFileSync(`${sudo}.asked`, 'utf8').trim().split('\n');
  expect(new Set(asked)).toEqual(new Set(['own written', 'none typed']));
});

it('-k: the password for SSH is asked for first, for hosts whose inventory has none', async () => {
  const dir = scratch();
  const server = () => startServer({ admits: () => false, takes: ['password'] });
  const [a, b] = [await server(), await server()];
  writeFileSync(join(dir, 'known'), `${a.knownLine()}${b.knownLine()}`);
  const inventory = `all:
  hosts:
    a: { ansible_port: ${a.port} }
    b: { ansible_port: ${b.port}, ansible_password: written }
  vars:
    ansible_host: 127.0.0.1
    ansible_user: joe
    ansible_ssh_private_key_file: ${join(dir, 'none')}
    ansible_ssh_common_args: -o UserKnownHostsFile=known
`;
  await run(dir, inventory, ['-b', '-k', '-K'], 'typed\nfor sudo\n');
  expect(a.attempts).toContain('password joe typed');
  expect(b.attempts).toContain('password joe written');
});

it('--trust: where nobody answers, no key is trusted', async () => {
  const dir = scratch();
  const servers = [await startServer(), await startServer()];
  const hosts = servers.map(({ port }, i) => `h${i}: { ansible_port: ${port} }`);
  const inventory = `all:
  hosts: { ${hosts.join(', ')} }
  vars:
    ansible_host: 127.0.0.1
    ansible_ssh_private_key_file: ${keyFile()}
    ansible_ssh_common_args: -o UserKnownHostsFile=known
`;
  const { code, out } = await run(dir, inventory, ['--trust', '--output', 'json']);
  const events = out.trim().split('\n');
  const errors = events.map((line) => JSON.parse(line)).filter(({ event }) => event === 'error');
  expect(errors).toHaveLength(2);
  for (const error of errors) {
    expect(error.message).toMatch(/the host key of 127\.0\.0\.1 is unknown/);
    expect(error.hint).toMatch(/^nobody could be asked/);
  }
  expect(code).toBe(5);
  expect(existsSync(join(dir, 'known'))).toBe(false);
});

it.each([
  ['-v', false, false],
  ['-vv', true, false],
  ['-vvv', true, true],
])('%s tells of logins: %s, of scripts: %s, and of no secret', async (flag, logins, scripts) => {
  const dir = scratch();
  const server = await startServer();
  const inventory = `all:
  hosts: { a: { ansible_port: ${server.port}, ansible_password: hunter2-hunter2 } }
  vars:
    ansible_host: 127.0.0.1
    ansible_ssh_private_key_file: ${keyFile()}
    ansible_ssh_common_args: -o UserKnownHostsFile=known -o StrictHostKeyChecking=accept-new
`;
  const { out } = await run(dir, inventory, [flag, '--output', 'plain']);
  expect(/debug: a: .*@127\.0\.0\.1 port \d+: .*SHA256:.*; let in by /.test(out)).toBe(logins);
  expect(/trace: a: sends/.test(out)).toBe(scripts);
  expect(out).not.toContain('hunter2');
});
