import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import type { Connection } from '../../../lib/transport/host.ts';
import { connect } from '../../../lib/transport/index.ts';
import { sudoOf } from '../../../lib/transport/sudo.ts';
import { scratch } from '../support/scratch.ts';
import { connectionOf, outcome } from './support/connection.ts';

const path = process.env.PATH;
afterEach(() => {
  process.env.PATH = path;
});

/** A stand-in for sudo on the PATH: notes its arguments, then does `body`, where `go` runs the command. */
function fakeSudo(body: string): { readonly argv: () => string; readonly password: () => string } {
  const dir = scratch();
  writeFileSync(
    join(dir, 'sudo'),
    `#!/bin/sh
printf '%s\\n' "$@" >>${dir}/argv
asks=
while [ "$1" != -- ]; do
  case $1 in -S) asks=1 ;; -p) prompt=$2; shift ;; -u) shift ;; esac
  shift
done
shift
command="$*"
go() { exec "$@"; }
ask() { printf %s "$prompt" >&2; read -r password; echo "$password" >>${dir}/password; }
${body}
`,
  );
  chmodSync(join(dir, 'sudo'), 0o755);
  process.env.PATH = `${dir}:${path}`;
  const read = (name: string) => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8') : '');
  return { argv: () => read('argv'), password: () => read('password') };
}

const become = (own: Partial<Connection> = {}) =>
  connect(connectionOf({ become: true, becomeUser: 'someone', ...own }));
const withPassword = { becomePassword: new Secret('correct horse') };

describe('sudo is due', () => {
  it.each<readonly [string, Partial<Connection>, string, boolean]>([
    ['not without become', { become: false }, 'joe', false],
    ['to become root', { become: true }, 'joe', true],
    ['not for root to become root', { become: true }, 'root', false],
    ['for root to become somebody', { become: true, becomeUser: 'etcd' }, 'root', true],
    ['not to become who one is', { become: true, becomeUser: 'joe' }, 'joe', false],
  ])('%s', (_title, own, login, due) => {
    expect(sudoOf(connectionOf(own), login) !== undefined).toBe(due);
  });
});

describe('sudo without a password', () => {
  it('must not ask, and gets the script at once', async () => {
    const sudo = fakeSudo('[ -z "$asks" ] || exit 99; go "$@"');
    expect(await outcome(await become(), 'echo hi; exit 3')).toEqual({ code: 3, out: 'hi\n', err: '' });
    expect(sudo.argv()).toMatch(/^-H\n-n\n-u\nsomeone\n--\n\/bin\/sh\n-c\n/);
  });

  it('is told of with its own words when it refuses', async () => {
    fakeSudo('echo "noise of a login"; echo "sudo: a password is required" >&2; exit 1');
    await expect(outcome(await become(), 'echo hi')).rejects.toMatchObject({
      exitCode: 2,
      host: 'node1',
      message: 'sudo on node1 did not let this login become someone: sudo: a password is required',
      hint: 'give the password with -K or ansible_become_password, or let sudo ask for none (NOPASSWD)',
    });
  });

  it('may say something and go on: that is heard with the script', async () => {
    fakeSudo('echo "sudo: unable to resolve host node1" >&2; sleep 0.1; go "$@"');
    expect(await outcome(await become(), 'echo hi')).toEqual({
      code: 0,
      out: 'hi\n',
      err: 'sudo: unable to resolve host node1\n',
    });
  });

  it('may refuse while a large script is on its way, and before anybody asks how it went', async () => {
    fakeSudo('exit 1');
    const { done } = (await become()).run(`: ${'x'.repeat(5_000_000)}`, { stdout() {}, stderr() {} });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await expect(done).rejects.toMatchObject({ exitCode: 2 });
  });

  it('says what to do about requiretty', async () => {
    fakeSudo('echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1');
    await expect(outcome(await become(), 'echo hi')).rejects.toMatchObject({
      exitCode: 2,
      message:
        'sudo on node1 did not let this login become someone: sudo: sorry, you must have a tty to run sudo',
      hint: 'switch requiretty off for this login in sudoers',
    });
  });

  it('is missed by name', async () => {
    const dir = scratch();
    process.env.PATH = dir;
    await expect(outcome(await become(), 'echo hi')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^sudo on node1 did not let .* sudo: not found$/),
    });
  });
});

describe('sudo with a password', () => {
  it('gets it when it asks, and nothing else', async () => {
    const sudo = fakeSudo('echo lecture >&2; ask; [ "$password" = "correct horse" ] || exit 1; go "$@"');
    expect(await outcome(await become(withPassword), 'echo hi; cat; exit 3')).toEqual({
      code: 3,
      out: 'hi\n',
      err: '',
    });
    expect(sudo.password()).toBe('correct horse\n');
    expect(sudo.argv()).not.toContain('horse');
  });

  it('does not get it when it does not ask', async () => {
    const sudo = fakeSudo('go "$@"');
    expect((await outcome(await become(withPassword), 'cat; echo hi')).out).toBe('hi\n');
    expect(sudo.password()).toBe('');
  });

  it('does not get it when PAM asks in other words, and that is told', async () => {
    const sudo = fakeSudo('printf "Passcode or option (1-2): " >&2; exit 1');
    await expect(outcome(await become(withPassword), 'echo hi')).rejects.toMatchObject({
      exitCode: 2,
      message: 'sudo on node1 did not let this login become someone: Passcode or option (1-2):',
      hint: expect.stringMatching(
        /^the password was not asked for by sudo's own prompt.* passprompt_override/,
      ),
    });
    expect(sudo.password()).toBe('');
  });

  it('gets it once: a second question means that it was wrong', async () => {
    const sudo = fakeSudo('ask; sleep 0.2; echo "Sorry, try again." >&2; ask; ask; exit 1');
    const began = Date.now();
    await expect(outcome(await become(withPassword), 'echo hi')).rejects.toMatchObject({
      exitCode: 2,
      host: 'node1',
      message: 'sudo on node1 did not accept the password',
      hint: 'check ansible_become_password, or without it what was given with -K',
    });
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(sudo.password().trimEnd()).toBe('correct horse');
  });

  it('may end after the only try', async () => {
    fakeSudo('ask; echo "sudo: 1 incorrect password attempt" >&2; exit 1');
    await expect(outcome(await become(withPassword), 'echo hi')).rejects.toMatchObject({
      exitCode: 2,
      message: 'sudo on node1 did not let this login become someone: sudo: 1 incorrect password attempt',
      hint: 'check the password, and what sudoers allows this login',
    });
  });

  it('does not get it for a question that is not its own', async () => {
    const sudo = fakeSudo('printf "Verification code: " >&2; read -r password; echo "$password" >&2');
    const began = Date.now();
    await expect(outcome(await become(withPassword), 'echo hi')).rejects.toMatchObject({
      exitCode: 2,
      message: 'sudo on node1 did not let this login become someone: Verification code:',
    });
    expect(Date.now() - began).toBeLessThan(12_000);
    expect(sudo.password()).toBe('');
  });

  it('takes a command line with a word of each connection, so that no banner passes for sudo', async () => {
    const sudo = fakeSudo('ask; go "$@"');
    const host = await become(withPassword);
    await outcome(host, ':');
    await outcome(host, ':');
    const prompts = sudo.argv().match(/quorate-password-\w+:/g) ?? [];
    expect(new Set(prompts).size).toBe(2);
  });
});
