import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../../../../lib/dsl/shell/sh.ts';
import { etcdctlFunction, wantedEtcdctl } from '../../../../../lib/etcd/facts/etcdctl/etcdctl.ts';
import { parseMember, readMember } from '../../../../../lib/etcd/facts/read-member.ts';
import { type Member, memberOf } from '../../../../../lib/etcd/model/cluster.ts';
import { exchange } from '../../../../../lib/runner/exchange/exchange.ts';
import { DEFAULTS } from '../../../support/defaults.ts';
import { scratch } from '../../../support/scratch.ts';
import { shellHost } from '../../../support/shell-host.ts';
import { SHELLS } from '../../../support/shells.ts';

const isRoot = process.getuid?.() === 0;
const HERE = SHELLS.filter(([name]) => name !== 'busybox');

let dir: string;
beforeEach(() => {
  dir = scratch();
});

function memberIn(vars: object = {}): Member {
  const all = {
    ...DEFAULTS,
    etcd_cluster_name: 'c',
    etcd_address: '10.0.0.1',
    etcd_user: 'nobody',
    etcd_bin_dir: join(dir, 'bin'),
    etcd_cert_dir: join(dir, 'ssl'),
    ...vars,
  };
  return memberOf({ name: 'etcd01', vars: all, hostvars: { etcd01: all } });
}

/** A program that says as whom it runs, with which arguments and environment. */
function program(path: string, name = path): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh\necho "${name} as $(id -un): $*"\nenv | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD= | sort\n`,
    { mode: 0o755 },
  );
  return path;
}

/** systemd and /proc as they would be on a host; the process is this one, unless an environment is given. */
function host({
  unit = {},
  environment,
}: {
  unit?: Record<string, string>;
  environment?: Record<string, string>;
}): Sh {
  const properties = { LoadState: 'loaded', ActiveState: 'active', MainPID: '0', User: 'nobody', ...unit };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}`);
  const environ = Object.entries(environment ?? {}).map(([name, value]) => `${name}=${value}\n`);
  return sh`systemctl() { printf '%s\n' ${lines.join('\n')}; }
tr() { printf '%s' ${environ.join('')}; }`;
}

async function run(
  shell: readonly string[],
  pieces: readonly Sh[],
  stateDir = join(dir, 'state'),
): Promise<string> {
  const fragment = { id: 'asked', sh: joinSh(pieces), critical: false };
  const { readings } = await exchange(shellHost(shell), [fragment], { stateDir });
  return readings.get('asked')?.out ?? '';
}

const RUNNING = { MainPID: String(process.pid) };
const started = (path: string) =>
  `{ path=${path} ; argv[]=${path} ; ignore_errors=no ; start_time=[n/a] ; pid=0 }`;

describe.each(HERE)('etcdctl, in %s', (_name, ...shell) => {
  const ask = sh`q_etcdctl member list`;

  it('never comes from what a process says of itself', async () => {
    const member = memberIn();
    program(`${member.binDir}/etcdctl`, 'ours');
    const planted = dirname(process.execPath);
    const out = await run(shell, [host({ unit: RUNNING }), etcdctlFunction(member), sh`echo "$q_program"`]);
    expect(out).toBe(`${member.binDir}/etcdctl`);
    expect(out).not.toContain(planted);
  });

  it.each([
    ['ours', sh`:`, '--dial-timeout=2s --command-timeout=4s member list'],
    ['none', sh`q_limits=`, 'member list'],
  ])('is called with limits of time: %s', async (_what, before, words) => {
    const member = memberIn({ etcd_service_manager: 'process' });
    program(`${member.binDir}/etcdctl`);
    const out = await run(shell, [host({}), etcdctlFunction(member), before, ask]);
    expect(out).toMatch(new RegExp(`--key=\\S+ ${words}$`, 'm'));
  });

  it('comes from beside the program of the loaded unit, where that has one', async () => {
    const member = memberIn();
    program(`${member.binDir}/etcdctl`);
    const other = program(join(dir, 'usr/etcdctl'));
    const unit = { ...RUNNING, ExecStart: started(join(dir, 'usr/etcd')) };
    const out = await run(shell, [host({ unit }), etcdctlFunction(member), sh`echo "$q_program"`]);
    expect(out).toBe(other);
  });

  it.each([
    [
      'a full member, whose health is none from 3.5 on, though it reads',
      ['etcdutl'],
      ['endpoint'],
      'answers',
    ],
    ['one that does not read', ['etcdutl'], ['endpoint', 'member'], 'silent'],
    ['one of 3.4, whose member list is not a linearizable read', [], ['endpoint'], 'silent'],
    ['one that is well', ['etcdutl'], [], 'answers'],
  ])('finds out whether a member does its work: %s', async (_what, besides, failing, expected) => {
    const member = memberIn();
    mkdirSync(member.binDir, { recursive: true });
    const fails = failing.map((word) => `*" ${word} "*) exit 1 ;;`).join(' ');
    writeFileSync(`${member.binDir}/etcdctl`, `#!/bin/sh\ncase " $* " in ${fails} esac\n`, { mode: 0o755 });
    for (const name of besides) writeFileSync(join(member.binDir, name), '', { mode: 0o755 });
    chmodSync(dir, 0o755);
    const ask = sh`if q_answers >/dev/null; then echo answers; else echo silent; fi`;
    expect(await run(shell, [wantedEtcdctl(member), ask])).toBe(expected);
  });

  it('comes from our manifest while the wanted one is yet to come', async () => {
    const member = memberIn();
    const other = program(join(dir, 'old/etcdctl'));
    mkdirSync(join(dir, 'state'));
    writeFileSync(join(dir, 'state/manifest'), `/etc/x\n${other}\n`);
    const out = await run(shell, [host({ unit: RUNNING }), etcdctlFunction(member), sh`echo "$q_program"`]);
    expect(out).toBe(other);
  });

  it.runIf(isRoot)('runs as the user of the member, in an empty environment', async () => {
    const member = memberIn();
    const path = program(`${member.binDir}/etcdctl`);
    chmodSync(dir, 0o755);
    const noise = sh`export ETCDCTL_ENDPOINTS=https://evil:1 https_proxy=http://evil:1 ETCD_NAME=x`;
    const out = await run(shell, [noise, wantedEtcdctl(member), ask]);
    const [said = '', ...environment] = out.split('\n');
    expect(said).toMatch(new RegExp(`^${path} as nobody: --endpoints=https://10.0.0.1:2379 .* member list$`));
    expect(environment.map((line) => line.split('=')[0])).toEqual(['ETCDCTL_API', 'PATH']);
  });

  it('is told no API version where there is etcdutl: from 3.6 on it would warn', async () => {
    const member = memberIn({ etcd_service_manager: 'process' });
    program(`${member.binDir}/etcdctl`);
    program(`${member.binDir}/etcdutl`);
    const out = await run(shell, [wantedEtcdctl(member), ask]);
    expect(out).not.toContain('ETCDCTL_API');
  });

  it.runIf(isRoot).each<[what: string, spoil: (member: Member) => void, said: RegExp | undefined]>([
    ['as it should be', () => {}, undefined],
    ['a folder of somebody else', (member) => chownSync(member.binDir, 65534, 65534), /bin\/ is not root's$/],
    [
      'a program of somebody else',
      (member) => chownSync(`${member.binDir}/etcdctl`, 65534, 65534),
      /etcdctl is not root's$/,
    ],
    ['open to everybody', (member) => chmodSync(member.binDir, 0o777), /bin\/ can be written by everybody$/],
    [
      'open to a group',
      (member) => {
        chownSync(member.binDir, 0, 65534);
        chmodSync(member.binDir, 0o775);
      },
      /bin\/ can be written by its group$/,
    ],
    ['of group root', (member) => chmodSync(member.binDir, 0o775), undefined],
  ])("is run as root only where it is root's alone: %s", async (_what, spoil, said) => {
    const member = memberIn({ etcd_user: 'root' });
    program(`${member.binDir}/etcdctl`);
    spoil(member);
    const out = await run(shell, [wantedEtcdctl(member), ask]);
    if (said === undefined) expect(out).toContain('as root: --endpoints');
    else {
      expect(out).toMatch(said);
      expect(out).toContain('is not run as root');
      expect(out).not.toContain('as root: --endpoints');
    }
  });

  it.each<[what: string, vars: object, environment: Record<string, string>, url: string, other: string]>([
    ['says nothing', {}, {}, 'https://10.0.0.1:2379', ''],
    [
      'listens there',
      {},
      { LISTEN: 'https://10.0.0.1:2379', ADVERTISE: 'https://10.0.0.1:2379' },
      'https://10.0.0.1:2379',
      '',
    ],
    [
      'still has another port',
      {},
      { LISTEN: 'https://10.0.0.1:1,http://127.0.0.1:1', ADVERTISE: 'https://10.0.0.1:1' },
      'https://10.0.0.1:1',
      '',
    ],
    [
      'is behind a translated address',
      { etcd_listen_address: '10.0.0.9' },
      { LISTEN: 'https://10.0.0.9:2379', ADVERTISE: 'https://10.0.0.1:2379' },
      'https://10.0.0.9:2379',
      'https://10.0.0.1:2379',
    ],
    [
      'is to be, and does not run',
      { etcd_listen_address: '10.0.0.9' },
      {},
      'https://10.0.0.9:2379',
      'https://10.0.0.1:2379',
    ],
    [
      'listens everywhere',
      { etcd_listen_address: '0.0.0.0' },
      { LISTEN: 'https://0.0.0.0:2379', ADVERTISE: 'https://10.0.0.1:2379' },
      'https://127.0.0.1:2379',
      'https://10.0.0.1:2379',
    ],
    [
      'listens on every IPv6 address',
      { etcd_listen_address: '::' },
      { LISTEN: 'https://[::]:2379' },
      'https://127.0.0.1:2379',
      'https://10.0.0.1:2379',
    ],
    [
      'is known by a name, which certificates have',
      { etcd_address: 'one' },
      { LISTEN: 'https://10.0.0.1:2379', ADVERTISE: 'https://one:2379' },
      'https://one:2379',
      'https://10.0.0.1:2379',
    ],
    [
      'says what is not a URL',
      {},
      { ADVERTISE: 'https://10.0.0.1:2379/$(id>/tmp/x)' },
      'https://10.0.0.1:2379',
      '',
    ],
    [
      'says what is a command',
      {},
      { ADVERTISE: 'https://$(id):2379', LISTEN: 'https://`id`:1' },
      'https://10.0.0.1:2379',
      '',
    ],
    [
      'says a second one that is a URL',
      {},
      { ADVERTISE: 'http://x:1,https://10.0.0.7:1' },
      'https://10.0.0.7:1',
      '',
    ],
  ])('asks a member that %s', async (_what, vars, environment, url, other) => {
    const all = Object.entries(environment).map(([name, value]) => [`ETCD_${name}_CLIENT_URLS`, value]);
    const pieces = [
      host({ unit: RUNNING, environment: Object.fromEntries(all) }),
      etcdctlFunction(memberIn(vars)),
    ];
    const out = await run(shell, [...pieces, sh`printf '%s\n%s\n' "$q_url" "$q_other"`]);
    expect(out.split('\n')).toEqual([url, other]);
  });

  it('names a program that is not the one that was to run', async () => {
    const member = memberIn();
    const unit = { ...RUNNING, ExecStart: started(`${member.binDir}/etcd`) };
    const { foreign } = parseMember(await run(shell, [host({ unit }), readMember(member)]));
    expect(foreign).toEqual({ pid: process.pid, runs: process.execPath, wanted: `${member.binDir}/etcd` });
  });

  it.each<[what: string, exec: (dir: string) => string]>([
    ['is the wanted one', () => process.execPath],
    ['runs behind a wrapper', () => '/usr/local/bin/start-it'],
  ])('names none that %s', async (_what, exec) => {
    const unit = { ...RUNNING, ExecStart: started(exec(dir)) };
    expect(parseMember(await run(shell, [host({ unit }), readMember(memberIn())])).foreign).toBeUndefined();
  });

  it('names none that our manifest has: the unit may be ahead of its restart', async () => {
    const member = memberIn();
    mkdirSync(join(dir, 'state'));
    writeFileSync(join(dir, 'state/manifest'), `${process.execPath}\n`);
    const unit = { ...RUNNING, ExecStart: started(`${member.binDir}/etcd`) };
    expect(parseMember(await run(shell, [host({ unit }), readMember(member)])).foreign).toBeUndefined();
  });
});

it.each([
  ['https://10.0.0.1:2379', 'https://10.0.0.1:2379'],
  ['https://[2001:db8::1]:2379', 'https://[2001:db8::1]:2379'],
  ['https://etcd-1.example:2379', 'https://etcd-1.example:2379'],
  ['https://10.0.52.14:2379/$(id>/tmp/x)', undefined],
  ['https://a;id:2379', undefined],
  ['http://10.0.0.1:2379', undefined],
  ['', undefined],
])('a member is at %j: only https://HOST:PORT counts, whatever a host prints', (told, clientUrl) => {
  expect(parseMember(`${MARK}@url 0 ${told}\n`).clientUrl).toBe(clientUrl);
});
