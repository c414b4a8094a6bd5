import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Sh } from '../../../lib/dsl/shell/sh.ts';
import { assert } from '../../../lib/resources/assert.ts';
import { waitFor } from '../../../lib/resources/wait-for.ts';
import { base } from '../../../roles/base.ts';
import { scratch } from '../support/scratch.ts';

function tasks(vars: object = {}, family = 'debian') {
  const defaults = Object.fromEntries(
    Object.entries(base.vars).map(([name, { default: value }]) => [name, value]),
  );
  const target = {
    name: 'web01',
    vars: { ...defaults, ...vars },
    hostvars: {},
    hostfacts: {},
    facts: { family },
  };
  return base.tasks(target as never);
}

describe('sshd without passwords', () => {
  let dir: string;
  beforeEach(() => {
    dir = scratch();
    mkdirSync(join(dir, 'sshd_config.d'));
  });
  const says = (...lines: string[]) => {
    writeFileSync(join(dir, 'sshd'), `#!/bin/sh\ncat <<E\nport 22\n${lines.join('\n')}\nE\n`);
    chmodSync(join(dir, 'sshd'), 0o755);
  };
  const run = ({ text }: Sh) =>
    spawnSync('sh', ['-c', text.replaceAll('/etc/ssh', dir)], {
      encoding: 'utf8',
      env: { PATH: `${dir}:${process.env.PATH}` },
    });
  const proof = (vars: object = {}) => {
    const [wish] = tasks(vars).flatMap((task) => waitFor.wishOf(task) ?? []);
    if (wish === undefined) throw new Error('there is no proof');
    return run(wish.until);
  };

  it.each<[string, object, string[], boolean]>([
    [
      'as it is wanted',
      {},
      ['passwordauthentication no', 'kbdinteractiveauthentication no', 'permitrootlogin without-password'],
      true,
    ],
    [
      'with an earlier file that lets passwords in',
      {},
      ['passwordauthentication yes', 'kbdinteractiveauthentication no', 'permitrootlogin without-password'],
      false,
    ],
    [
      'with passwords by the keyboard',
      {},
      ['passwordauthentication no', 'kbdinteractiveauthentication yes', 'permitrootlogin no'],
      false,
    ],
    [
      'with root by password',
      {},
      ['passwordauthentication no', 'kbdinteractiveauthentication no', 'permitrootlogin yes'],
      false,
    ],
    [
      'that is to take passwords',
      { base_ssh_passwords: true },
      ['passwordauthentication yes', 'kbdinteractiveauthentication no', 'permitrootlogin prohibit-password'],
      true,
    ],
    ['that does not answer', {}, [], false],
  ])('is proven by what sshd makes of its files: %s', (_name, vars, lines, holds) => {
    says(...lines);
    expect(proof(vars).status === 0).toBe(holds);
  });

  it('tells the lines that decide otherwise', () => {
    says('passwordauthentication yes', 'kbdinteractiveauthentication no', 'permitrootlogin no');
    writeFileSync(join(dir, 'sshd_config'), 'Port 22\n');
    writeFileSync(join(dir, 'sshd_config.d/01-cloud.conf'), '# x\nPasswordAuthentication yes\n');
    const { status, stdout } = proof();
    expect(status).toBe(1);
    expect(stdout).toContain('sshd_config.d/01-cloud.conf:2:PasswordAuthentication yes');
  });

  it.each<[string, object, string | undefined]>([
    [
      'Port 22\nMatch User ann\n  PasswordAuthentication yes\n',
      {},
      'sshd_config:3:  PasswordAuthentication yes',
    ],
    [
      'match address 10.0.0.0/8\nX11Forwarding no\npermitrootlogin="yes"',
      {},
      'sshd_config:3:permitrootlogin="yes"',
    ],
    ['Match User ann\n  PasswordAuthentication no\n# PasswordAuthentication yes\n', {}, undefined],
    ['PasswordAuthentication yes\nMatch User ann\n  X11Forwarding no\n', {}, undefined],
    ['Match User ann\n  PasswordAuthentication yes\n', { base_ssh_passwords: true }, undefined],
    [
      'Match User ann\n  PermitRootLogin yes\n',
      { base_ssh_passwords: true },
      'sshd_config:2:  PermitRootLogin yes',
    ],
  ])('lets nobody in by way of an exception either: %j with %j', (conf, vars, found) => {
    const answers = { passwords: 'passwordauthentication yes', none: 'passwordauthentication no' };
    const answer = 'base_ssh_passwords' in vars ? answers.passwords : answers.none;
    says(answer, 'kbdinteractiveauthentication no', 'permitrootlogin no');
    writeFileSync(join(dir, 'sshd_config'), conf);
    const { status, stdout } = proof(vars);
    expect(status === 0).toBe(found === undefined);
    if (found !== undefined) expect(stdout).toMatch(new RegExp(`/${found.replaceAll('.', '\\.')}\n$`));
  });

  it.each([
    ['Include /etc/ssh/sshd_config.d/*.conf', true],
    ['  include "sshd_config.d/*.conf"', true],
    ['# Include /etc/ssh/sshd_config.d/*.conf', false],
    ['Include /etc/ssh/others/*.conf', false],
    ['', false],
  ])('wants files of its folder to be read: %s', (line, isRead) => {
    writeFileSync(join(dir, 'sshd_config'), `Port 22\n${line.replace('/etc/ssh', dir)}\nUsePAM yes\n`);
    const [wish] = tasks().flatMap((task) => assert.wishOf(task) ?? []);
    expect(wish && run(wish.that).status === 0).toBe(isRead);
  });
});

it('servers of the time lie where the chrony of the family reads them', () => {
  const chronyOf = (family: string) =>
    tasks({ base_ntp_servers: ['ntp.example'] }, family)
      .map(({ resource }) => resource)
      .filter((one) => one.includes('chrony'));
  expect(chronyOf('debian')).toEqual([
    'packages:chrony',
    'file:/etc/chrony/sources.d/ours.sources',
    'service:chrony',
  ]);
  expect(chronyOf('redhat')).toEqual([
    'packages:chrony',
    'directory:/etc/chrony.d',
    'file:/etc/chrony.d/ours.conf',
    'line:/etc/chrony.conf include /etc/chrony.d/*.conf',
    'service:chronyd',
  ]);
  expect(tasks().some(({ files }) => files?.some((path) => path.includes('chrony')))).toBe(false);
});
