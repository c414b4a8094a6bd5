import { spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';

const PLAYBOOK = fileURLToPath(new URL('plainPlaybook.ts', import.meta.url));

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

it('-K: a password of the inventory wins over the one that was asked for', async () => {
  const dir = scratch();
  const sudo = join(dir, 'sudo');
  writeFileSync(sudo, SUDO);
  chmodSync(sudo, 0o755);
  const inventory = join(dir, 'inventory.yaml');
  writeFileSync(
    inventory,
    `all:
  hosts:
    a: { ansible_become_user: own, ansible_become_password: written }
    b: { ansible_become_user: none }
  vars: { ansible_connection: local }
`,
  );
  const child = spawn(process.execPath, ['--import', 'tsx', PLAYBOOK, '-i', inventory, '-C', '-b', '-K'], {
    env: { ...process.env, PATH: `${dir}:${process.env.PATH}` },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end('typed\n');
  await new Promise((resolve) => child.once('close', resolve));
  const asked = readFileSync(`${sudo}.asked`, 'utf8').trim().split('\n');
  expect(new Set(asked)).toEqual(new Set(['own written', 'none typed']));
});
