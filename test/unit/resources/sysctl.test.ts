import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../lib/dsl/path.ts';
import { Secret } from '../../../lib/dsl/secret.ts';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import type { Sh } from '../../../lib/dsl/shell/sh.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { cron } from '../../../lib/resources/cron.ts';
import { sysctl } from '../../../lib/resources/sysctl.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

const usage = expect.objectContaining({ exitCode: 1 });

describe('a value of the kernel', () => {
  const task = sysctl('net.ipv4.tcp_rmem', { value: '4096  131072 6291456' });
  const CONTENT = 'net/ipv4/tcp_rmem = 4096 131072 6291456\n';
  const plan = (content: string | undefined, live: string | undefined, more = '') => {
    const stat = `stat regular file|644|root|root|9|0|0|/x\nsha256 ${sha256(content ?? '')}`;
    const out = [
      content === undefined ? '' : stat,
      'above directory /etc/sysctl.d',
      live === undefined ? '' : `${more}live ${live}`,
    ];
    return task
      .diff({ code: 0, out: out.join(`\n${MARK}\n`) }, new World())
      .map(({ kind, property }) => `${kind} ${property}`);
  };
  it.each<[string, string | undefined, string, string[]]>([
    ['that is set, whatever stands between its numbers', CONTENT, '4096\t131072\t6291456', []],
    ['that is set now only', undefined, '4096\t131072\t6291456', ['create at boot']],
    ['that is set at boot only', CONTENT, '1 2 3', ['update now']],
    ['that is set nowhere', 'x', '1 2 3', ['update at boot', 'update now']],
  ])('%s', (_name, content, live, differences) => {
    expect(plan(content, live)).toEqual(differences);
  });

  it('that the kernel has not is an error, in a check too', () => {
    expect(() => plan(undefined, undefined)).toThrow(/this kernel has no such value$/);
  });

  it('that may only be read is an error where it is another, in a check too', () => {
    expect(() => plan(CONTENT, '1 2 3', 'sealed\n')).toThrow(/it may only be read here$/);
    expect(plan(undefined, '4096\t131072\t6291456', 'sealed\n')).toEqual(['create at boot']);
  });

  it.each([
    ['8080,8081,9000', '8080-8081,9000', true],
    ['1-3', '1,2,3', true],
    ['1-3', '1,2', false],
    ['10', '010', true],
    ['65536', '65537', false],
  ])('%s is told by the kernel as %s: %s', (value, live, isSame) => {
    const ports = sysctl('net.ipv4.ip_local_reserved_ports', { value });
    const content = `net/ipv4/ip_local_reserved_ports = ${value}\n`;
    const out = `stat regular file|644|root|root|9|0|0|/x\nsha256 ${sha256(content)}\n${MARK}\nabove directory /etc\n${MARK}\nlive ${live}`;
    expect(ports.diff({ code: 0, out }, new World())).toHaveLength(isSame ? 0 : 1);
  });

  it.each([
    ['net.ipv4.conf.all.rp_filter', '0x1', '1', true],
    ['net.ipv4.conf.all.rp_filter', '0x10', '1', false],
    ['kernel.shmmax', '0xFFFFFFFFFFFFFFFF', '18446744073709551615', true],
    ['net.ipv4.tcp_rmem', '4096 010 -1', '4096\t8\t-1', true],
    ['kernel.hostname', '1x', '1', false],
    ['net.ipv4.tcp_allowed_congestion_control', 'bbr reno', 'reno bbr', true],
    ['net.ipv4.tcp_allowed_congestion_control', 'bbr reno', 'reno cubic', false],
    ['kernel.core_pattern', 'a b', 'b a', false],
  ])('%s %s is told by the kernel as %j: %s', (name, value, live, isSame) => {
    const changes = sysctl(name, { value }).diff(
      { code: 0, out: ['', 'above directory /etc/sysctl.d', `live ${live}`].join(`\n${MARK}\n`) },
      new World(),
    );
    expect(changes.map(({ property }) => property)).toEqual(isSame ? ['at boot'] : ['at boot', 'now']);
  });

  it('that can only be written is an error, in a check too', () => {
    expect(() => plan(undefined, '', 'hidden\n')).toThrow(/it may not be read here, so nobody can tell/);
    expect(plan(undefined, '1\nhidden\n')).toEqual(['create at boot', 'update now']);
  });

  it.each(SHELLS)(
    'that the kernel refuses does not get into the file of the next boot, under %s',
    (_, ...shell) => {
      const root = scratch();
      mkdirSync(join(root, 'proc/sys/net/ipv4'), { recursive: true });
      mkdirSync(join(root, 'etc/sysctl.d'), { recursive: true });
      const task = sysctl('net.ipv4.ip_forward', { value: 2 });
      const out = ['', 'above directory /etc/sysctl.d', 'live 0'].join(`\n${MARK}\n`);
      const text = task.apply(task.diff({ code: 0, out }, new World()), {}).text;
      const script = text.replaceAll(/(?<=[ '>])\/(?=etc|proc)/g, `${root}/`);
      const [file = '', ...args] = [...shell, '-c', `${PRELUDE}${script}`];
      const run = () => spawnSync(file, args, { encoding: 'utf8' });
      const written = join(root, 'etc/sysctl.d/zz-net-ipv4-ip_forward.conf');
      // A folder takes no value.
      mkdirSync(join(root, 'proc/sys/net/ipv4/ip_forward'));
      expect(run()).toMatchObject({
        status: 1,
        stdout: 'the kernel does not take 2 for net.ipv4.ip_forward\n',
      });
      expect(existsSync(written)).toBe(false);
      rmdirSync(join(root, 'proc/sys/net/ipv4/ip_forward'));
      expect([run().status, existsSync(written)]).toEqual([0, true]);
    },
  );

  it('may be empty where it is a text or a list of ports', () => {
    const empty = (name: string, live: string) =>
      sysctl(name, { value: '' })
        .diff(
          { code: 0, out: ['', 'above directory /etc/sysctl.d', `live ${live}`].join(`\n${MARK}\n`) },
          new World(),
        )
        .map(({ property }) => property);
    expect(empty('net.ipv4.ip_local_reserved_ports', '8080')).toEqual(['at boot', 'now']);
    expect(empty('net.ipv4.ip_local_reserved_ports', '')).toEqual(['at boot']);
    expect(empty('kernel.core_pattern', 'core')).toEqual(['at boot', 'now']);
    expect(() => empty('net.ipv4.tcp_rmem', '4096\t131072')).toThrow(/^cannot empty .*: it holds numbers$/);
  });

  it('comes after what others set at boot, with a number or without', () => {
    const [path = ''] = task.owns;
    const others = ['10-network.conf', '99-sysctl.conf', 'k8s.conf', 'hardening.conf'];
    const names = [...others, path.slice('/etc/sysctl.d/'.length)];
    expect(names.sort().at(-1)).toBe('zz-net-ipv4-tcp_rmem.conf');
  });

  it('is told by dots, or by slashes where a name has a dot', () => {
    expect(sysctl('net.ipv4.conf.eth0/1.forwarding', { value: 1 }).resource).toBe(
      'sysctl:net/ipv4/conf/eth0.1/forwarding',
    );
    expect(sysctl('net/ipv4/conf/eth0.1/forwarding', { value: 1 }).resource).toBe(
      'sysctl:net/ipv4/conf/eth0.1/forwarding',
    );
    expect(sysctl('net.ipv4.ip_forward', { value: 1 }).resource).toBe('sysctl:net/ipv4/ip_forward');
  });

  it.each(['net.ipv4.conf.eth0/1.forwarding', 'net/ipv4/conf/eth0.1/forwarding'])(
    'is called by dots, written as %s',
    (name) => {
      const task = sysctl(name, { value: 1 });
      expect(task.title).toBe('net.ipv4.conf.eth0/1.forwarding is 1');
      const out = ['', 'above directory /etc/sysctl.d', ''].join(`\n${MARK}\n`);
      expect(() => task.diff({ code: 0, out }, new World())).toThrow(
        'cannot set net.ipv4.conf.eth0/1.forwarding: this kernel has no such value',
      );
    },
  );

  it('refuses a number that is none any more, and takes it as text', () => {
    // biome-ignore lint/correctness/noPrecisionLoss: this is what a role, or YAML, would bring
    const big = 18446744073692774399;
    expect(() => sysctl('kernel.shmmax', { value: big })).toThrow(/too large for a number: digits are lost$/);
    expect(sysctl('kernel.shmmax', { value: '18446744073692774399' }).title).toContain(
      '18446744073692774399',
    );
  });

  it.each(['x', 'net/../../etc/passwd', 'a b.c', ''])('%j is refused before any contact', (name) => {
    expect(() => sysctl(name, { value: 1 })).toThrow(usage);
  });
});

describe.each(SHELLS)('a job of cron that is there already, under %s', (_name, shell, ...args) => {
  it.each([
    ['var/spool/cron/crontabs/root', '#Ansible: backup\n0 3 * * *\tbackup  --all \n', true],
    ['var/spool/cron/root', '0 3 * * * backup --all', true],
    ['etc/crontabs/root', '0 3 * * * backup --all\n', true],
    ['etc/crontab', '0 3\t* * * root backup --all\n', true],
    // It may be ours, by the name that it had before.
    ['etc/cron.d/old', '0 3 * * * root backup --all\n', false],
    ['etc/cron.d/job', '0 3 * * * root backup --all\n', false],
    ['etc/crontab', '0 4 * * * root backup --all\n', false],
    ['etc/crontab', '# 0 3 * * * root backup --all\n', false],
    ['var/spool/cron/crontabs/ann', '0 3 * * * backup --all\n', false],
  ])('%s %j', (path, text, isTwice) => {
    const root = scratch();
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    const { validate } = cron('job', { schedule: '0 3 * * *', run: 'backup --all' }).wish as { validate: Sh };
    const script = validate.text.replaceAll(/(?<=[ '])\/(?=etc|var)/g, `${root}/`);
    const { status, stdout } = spawnSync(shell, [...args, '-c', script], { encoding: 'utf8' });
    const wanted = isTwice
      ? `it would run twice: ${join(root, path)} has the same job, take it out there\n`
      : '';
    expect([status, stdout]).toEqual([isTwice ? 1 : 0, wanted]);
  });
});

describe('a job of cron', () => {
  it.each([
    ['0 3 * * *', 'date +%F', '0 3 * * * root date +\\%F\n'],
    ['@daily', 'true', '@daily root true\n'],
    ['*/5 0-23/2 1,15 jan-Mar,12 Sun-5', 'true', '*/5 0-23/2 1,15 jan-Mar,12 Sun-5 root true\n'],
    ['0~30 3 * * 7', 'true', '0~30 3 * * 7 root true\n'],
  ])('%s %s', (schedule, run, content) => {
    expect(cron('job', { schedule, run }).wish).toMatchObject({
      path: '/etc/cron.d/job',
      content,
      mode: '0644',
      owner: 'root',
      group: 'root',
    });
  });

  it.each<[string, string, string[]]>([
    ['as it was made', '644|root|root', []],
    ['that others may write, which cron passes over', '666|root|root', ['mode 0644']],
    ['of a group that may write', '664|root|web', ['mode 0644', 'group root']],
  ])('%s', (_name, stat, due) => {
    const text = '@daily root true\n';
    const out = `stat regular file|${stat}|9|0|0|/x\nsha256 ${sha256(text)}\n${MARK}\nabove directory /etc/cron.d\n${MARK}\n`;
    const changes = cron('job', { schedule: '@daily', run: 'true' }).diff({ code: 0, out }, new World());
    expect(changes.map(({ property, after }) => `${property} ${after}`)).toEqual(due);
  });

  it('with a secret is of root alone', () => {
    const token = new Secret('hunter2-long-one');
    const { wish } = cron('job', { schedule: '@daily', run: `TOKEN=${token.reveal()} backup` });
    expect(wish).toMatchObject({ mode: '0600' });
  });

  it.each([
    ['a.b', { schedule: '@daily', run: 'x' }],
    ['a', { schedule: 'daily', run: 'x' }],
    ['a', { schedule: '* * * *', run: 'x' }],
    ['a', { schedule: '@dayly', run: 'x' }],
    ['a', { schedule: '60 * * * *', run: 'x' }],
    ['a', { schedule: '0 24 * * *', run: 'x' }],
    ['a', { schedule: '0 0 0 * *', run: 'x' }],
    ['a', { schedule: '0 0 1 13 *', run: 'x' }],
    ['a', { schedule: '0 0 * * 8', run: 'x' }],
    ['a', { schedule: '5-1 * * * *', run: 'x' }],
    ['a', { schedule: '*/0 * * * *', run: 'x' }],
    ['a', { schedule: '0 0 * jan-foo *', run: 'x' }],
    ['a', { schedule: '@daily', run: 'date +\\%F' }],
    ['a', { schedule: '@daily', run: 'x\ny' }],
    ['a', { schedule: '@daily', run: 'x', user: 'a b' }],
  ])('%j with %j is refused before any contact', (name, options) => {
    expect(() => cron(name, options)).toThrow(usage);
  });
});
