import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { connectionLines } from '../../../../../lib/transport/ssh/connection-lines.ts';
import { sshSettings } from '../../../../../lib/transport/ssh/ssh-settings.ts';
import { scratch } from '../../../support/scratch.ts';
import { connectionOf } from '../../support/connection.ts';
import { sshVersion, writeFiles } from '../../support/real-ssh.ts';

const { HOME, PATH } = process.env;
const secrets = ['QUORATE_CA_PASSPHRASE', 'SOME_TOKEN', 'ANSIBLE_VAULT_PASSWORD'];
let home = '';
beforeEach(() => {
  home = scratch();
  process.env.HOME = home;
  for (const name of secrets) process.env[name] = 'canary';
});
afterEach(() => {
  process.env.HOME = HOME;
  process.env.PATH = PATH;
  for (const name of secrets) delete process.env[name];
});

const web = (own: object = {}) => connectionOf({ kind: 'ssh', address: 'web', ...own });

/** A program on the PATH in place of ssh, which notes that it was called. */
function insteadOfSsh(script: string): string {
  const dir = scratch();
  writeFileSync(join(dir, 'ssh'), `#!/bin/sh\necho "$*" >>'${dir}/calls'\n${script}\n`);
  chmodSync(join(dir, 'ssh'), 0o755);
  process.env.PATH = `${dir}:${PATH}`;
  return join(dir, 'calls');
}

const realSsh = spawnSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).stdout.trim();

describe.runIf(sshVersion() !== undefined)('ssh is asked', () => {
  it('once a host, in a bare environment, what no other reader can tell', async () => {
    const calls = insteadOfSsh(`exec ${realSsh} "$@"`);
    writeFiles(home, { config: `Match host web exec "env >${home}/env"\n User matched\n` });
    expect((await sshSettings(web())).user).toBe('matched');
    await connectionLines(web());
    expect(readFileSync(calls, 'utf8').trim().split('\n')).toHaveLength(1);
    const seen = readFileSync(join(home, 'env'), 'utf8');
    expect(seen).not.toContain('canary');
    expect(seen).toMatch(new RegExp(`^HOME=${home}$`, 'm'));
  });

  it('with the variables that the files name', async () => {
    process.env.SITE_ONE = 'one';
    process.env.SITE_TWO = 'two';
    onTestFinished(() => {
      delete process.env.SITE_ONE;
      delete process.env.SITE_TWO;
    });
    writeFiles(home, { config: `Match exec "test $SITE_ONE-\${SITE_TWO} = one-two"\n User matched\n` });
    expect((await sshSettings(web())).user).toBe('matched');
  });

  it.each([
    ['nothing of the kind', 'Host web\n User a\n'],
    ['for another host', 'Match host db exec "true"\n User a\n'],
    ['inside of what is for another host', 'Host db\n Include more\n', 'Match exec true\n User a\n'],
    [
      'final and canonical, which are read here',
      'Match final host web\n User a\nMatch canonical all\n User b\n',
    ],
  ])('not where there is %s', async (_title, config, more = '') => {
    const calls = insteadOfSsh('exit 9');
    writeFiles(home, { config, more });
    await sshSettings(web());
    expect(existsSync(calls)).toBe(false);
  });

  it('with the names that the inventory gives', async () => {
    writeFiles(home, { config: 'Match exec "test %r-%p-%n = bob-2200-web"\n HostKeyAlias yes\n' });
    expect((await sshSettings(web({ user: 'bob', port: 2200 }))).hostKey.knownAs).toBe('yes');
    expect((await sshSettings(web({ user: 'bob', port: 22 }))).hostKey.knownAs).toBe('web');
  });

  it('about files that are included, at home wherever that is', async () => {
    writeFiles(home, {
      config: 'Include more.d/*\nMatch exec "true" host web\n Port 7\n',
      'more.d/one': 'Match !exec "false" user bob\n IdentityFile ~/.ssh/k\n UserKnownHostsFile ~/kh\n',
    });
    expect(await sshSettings(web({ user: 'bob' }))).toMatchObject({
      port: 7,
      keys: { files: [`${home}/.ssh/k`] },
      hostKey: { user: [`${home}/kh`] },
    });
  });

  it('about names and options that are newer than those known here', async () => {
    insteadOfSsh('echo hostname web');
    writeFiles(home, {
      config:
        'KexAlgorithms mlkem1024nistp384-sha384,curve25519-sha256\nHostKeyAlgorithms ssh-mldsa-65,ssh-ed25519\nHost db\n NextYear yes\n',
    });
    const { algorithms } = await sshSettings(web());
    expect(algorithms.kex).toEqual(['curve25519-sha256']);
  });

  it('and what it refuses is told with file and line', async () => {
    insteadOfSsh(`echo "$(dirname "$3")/0: line 3: Bad configuration option: tag" >&2; exit 255`);
    writeFiles(home, { config: 'Match host web\n Tag x\n' });
    const failure = await sshSettings(web()).catch((error) => error);
    expect([failure.exitCode, failure.position?.file, failure.position?.line, failure.message]).toEqual([
      1,
      `${home}/.ssh/config`,
      2,
      expect.stringContaining('Bad configuration option: tag'),
    ]);
  });

  it('and has a deadline', async () => {
    writeFiles(home, {
      config: `Host web\n User a\nMatch host web exec "sleep 60; touch ${home}/late"\n User b\n`,
    });
    const began = Date.now();
    await expect(sshSettings(web())).rejects.toMatchObject({
      exitCode: 1,
      message: 'node1: ssh -G did not end within 10 s',
      position: { file: `${home}/.ssh/config`, line: 3 },
    });
    expect(Date.now() - began).toBeLessThan(12_000);
  }, 15_000);
});

it('an option that is not known here is refused for the host that it counts for: it might protect it', async () => {
  insteadOfSsh('echo hostname web');
  writeFiles(home, { config: 'Host web\n NextYear yes\n' });
  await expect(sshSettings(web())).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('nextyear is not an option that is known here'),
    hint: expect.stringContaining('IgnoreUnknown nextyear'),
    position: { file: `${home}/.ssh/config`, line: 2 },
  });
});

it('and passed over where IgnoreUnknown says so', async () => {
  const calls = insteadOfSsh('exit 9');
  writeFiles(home, { config: 'Host web\n IgnoreUnknown nextyear\n NextYear yes\n' });
  await sshSettings(web());
  expect(existsSync(calls)).toBe(false);
});

it('without an ssh a line that only that can judge is told of', async () => {
  process.env.PATH = scratch();
  writeFiles(home, { config: 'Host web\n User a\nMatch exec true\n User b\n' });
  await expect(sshSettings(web())).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining("only OpenSSH's ssh can tell what this line means"),
    position: { file: `${home}/.ssh/config`, line: 3 },
  });
});
