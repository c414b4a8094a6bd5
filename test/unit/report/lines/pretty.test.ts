import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../../../lib/runner/events.ts';
import { change, cluster, FakeStream, printed, recap, start, task } from '../streams.ts';

const content = (host: string) =>
  change({ property: 'content', before: 'sha256:aa', after: `sha256:${host}`, resource: `file:/${host}` });

const plan: readonly RunEvent[] = [
  start('etcd01', 'etcd02'),
  ...['etcd01', 'etcd02'].flatMap((host) => [
    task(host, { status: 'ok', changes: [], task: 'nothing to do' }),
    task(host, { changes: [change({ kind: 'create', before: null })] }),
    task(host, { task: `motd of ${host}`, changes: [content(host)] }),
    task(host, {
      role: 'systemd',
      task: 'etcd runs',
      changes: [
        change({ property: 'enabled', before: 'no', after: 'yes', certainty: 'conditional' }),
        change({ kind: 'restart', property: 'state', before: 'running', after: 'restarted' }),
      ],
    }),
    task(host, {
      role: 'systemd',
      task: 'the port answers',
      status: 'unknown',
      changes: [change({ property: 'port', after: 'unknown', certainty: 'unknown' })],
    }),
  ]),
];
const table: readonly RunEvent[] = [
  cluster('MEMBER  HEALTH\netcd01  healthy\n\netcdctl member list'),
  { event: 'log', level: 'info', message: 'cluster prod is healthy', conclusion: true },
];

test('after a check: the plan, folded over hosts, with before and after', async () => {
  const end = recap({ etcd01: { ok: 1, changed: 3, unknown: 1 }, etcd02: { ok: 1, changed: 3, unknown: 1 } });
  const { stdout } = await printed({ output: 'pretty', check: true }, [
    ...plan,
    ...table,
    { ...end, check: true },
  ]);
  expect(stdout).toBe(`site · prod.yaml · 2 hosts

motd
  + the message is there  etcd[01:02]
      mode: absent → 0644
  ~ motd of <host>        etcd[01:02]
      content: not the same on all (-v lists them)

systemd
  ↻ etcd runs             etcd[01:02]  restarts
      enabled: no → yes (if an earlier change has its effect)
      state: running → restarted
  ? the port answers      etcd[01:02]
      port: 0600 → unknown (only the run can know)

  +2 to create · ~2 to change · ↻2 to restart · ?2 unknown before the run

MEMBER  HEALTH
etcd01  healthy

etcdctl member list

etcd01 : ok=1  changed=3  unknown=1  skipped=0  failed=0  unreachable=0
etcd02 : ok=1  changed=3  unknown=1  skipped=0  failed=0  unreachable=0

✔ cluster prod is healthy — 6 changes pending and 2 unknown on 2 hosts, nothing was changed, 6.2 s
`);
});

test('titles leave room for the hosts where the terminal is narrow', async () => {
  const stream = new FakeStream({ columns: 40, rows: 24 });
  const tasks = [task('etcd01', { task: 'a title that is long enough' }), task('etcd01', { task: 'short' })];
  await printed({ output: 'pretty', stdout: stream }, [
    start('etcd01'),
    ...tasks,
    recap({ etcd01: { changed: 2 } }),
  ]);
  const narrower = new FakeStream({ columns: 30, rows: 24 });
  await printed({ output: 'pretty', stdout: narrower }, [
    start('etcd01'),
    ...tasks,
    recap({ etcd01: { changed: 2 } }),
  ]);
  expect(stripVTControlCharacters(stream.text)).toContain(
    '  ~ a title that is long enough  etcd01\n  ~ short                        etcd01\n',
  );
  expect(stripVTControlCharacters(narrower.text)).toContain(
    '  ~ a title that is long enough\n                        etcd01\n  ~ short               etcd01\n',
  );
});

test('after a run: what changed in a line each, and the verdict', async () => {
  const { stdout } = await printed({ output: 'pretty' }, [
    ...plan.slice(0, 4),
    ...table,
    recap({ etcd01: { ok: 1, changed: 2 } }),
  ]);
  expect(stdout).toBe(`site · prod.yaml · 2 hosts

motd
  + the message is there  etcd01
  ~ motd of etcd01        etcd01

  +1 created · ~1 changed

MEMBER  HEALTH
etcd01  healthy

etcdctl member list

etcd01 : ok=1  changed=2  unknown=0  skipped=0  failed=0  unreachable=0

✔ cluster prod is healthy — 1 host, 2 changed, 6.2 s
`);
});

test('-v lists ok tasks and every value', async () => {
  const { stdout } = await printed({ output: 'pretty', check: true, verbosity: 1 }, plan);
  expect(stdout).toContain('  ✓ nothing to do         etcd[01:02]\n');
  expect(stdout).toContain('      content: sha256:aa → sha256:etcd01  etcd01\n');
});

test('a long list of hosts is shortened, except under -v', async () => {
  const tasks = Array.from({ length: 30 }, (_, i) => task(`member${i * 2 + 10}`));
  const short = await printed({ output: 'pretty' }, tasks);
  expect(short.stdout).toContain('  30 hosts: member10, member12');
  const long = await printed({ output: 'pretty', verbosity: 1 }, tasks);
  expect(long.stdout).toContain(' member66, member68\n');
});

test('a failed task stands beside the same one that changed, and errors of many hosts are one', async () => {
  const error = (host: string): RunEvent => ({
    event: 'error',
    host,
    message: `${host}: cannot connect: refused`,
    hint: 'is sshd up?',
    exitCode: 4,
  });
  const hosts = ['n1', 'n2', 'n3'];
  const { stdout, stderr } = await printed({ output: 'pretty' }, [
    task('n1'),
    task('n2', { status: 'failed' }),
    ...hosts.map(error),
    recap({ n1: { unreachable: 1 }, n2: {}, n3: {} }, { exitCode: 4 }),
  ]);
  expect(stdout).toContain('  ~ the message is there  n1\n  ✗ the message is there  n2\n');
  expect(stdout).toMatch(
    /\n✗ no connection on n\[1:3\] — 3 hosts, 0 changed, 3 errors, exit code 4, 6.2 s\n$/,
  );
  expect(stderr).toBe('\nerror: n[1:3]: cannot connect: refused\n  hint: is sshd up?\n');
});

test('neighbouring errors with one hint have it once, below them', async () => {
  const error = (host: string, why: string, hint?: string): RunEvent => ({
    event: 'error',
    host,
    message: `${host}: ${why}`,
    exitCode: 4,
    ...(hint !== undefined && { hint }),
  });
  const { stderr } = await printed({ output: 'pretty' }, [
    error('n1', 'cannot connect to 10.0.0.1', 'is sshd up?'),
    error('n2', 'cannot connect to 10.0.0.2', 'is sshd up?'),
    error('n3', 'no'),
    error('n1', 'neither'),
    error('n2', 'cannot connect to 10.0.0.2, still', 'is sshd up?'),
    recap({ n1: { unreachable: 1 } }, { exitCode: 4 }),
  ]);
  expect(stderr.split('\n')).toEqual([
    '',
    'error: n1: cannot connect to 10.0.0.1',
    'error: n2: cannot connect to 10.0.0.2',
    '  hint: is sshd up?',
    '',
    'error: n3: no',
    '',
    'error: n1: neither',
    '',
    'error: n2: cannot connect to 10.0.0.2, still',
    '  hint: is sshd up?',
    '',
  ]);
});

test('many hosts with equal counts share a line of the recap', async () => {
  const names = Array.from({ length: 100 }, (_, i) => `n${i}`);
  const hosts = Object.fromEntries(names.map((name, i) => [name, { ok: 30, changed: i === 7 ? 1 : 0 }]));
  const { stdout } = await printed({ output: 'pretty' }, [recap(hosts)]);
  expect(stdout.trim().split('\n')).toEqual([
    'n[0:6], n[8:99] : ok=30  changed=0  unknown=0  skipped=0  failed=0  unreachable=0',
    'n7              : ok=30  changed=1  unknown=0  skipped=0  failed=0  unreachable=0',
    '',
    '✔ done — 100 hosts, 1 changed, 6.2 s',
  ]);
});

const nothing = recap({ n1: {} }, { check: true });

test.each([
  [{ FORCE_COLOR: '1' }, true],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  [{ FORCE_COLOR: '0' }, false],
  [{ FORCE_COLOR: '' }, false],
  [{}, false],
])('colours under %j: %s', async (env, coloured) => {
  const { stdout } = await printed({ output: 'pretty', check: true, env }, [nothing]);
  expect(stdout.includes('\x1b[32m')).toBe(coloured);
  expect(stdout).toContain('✔ nothing to change on 1 host, 6.2 s');
});

test('nothing a host says reaches the terminal as an escape sequence', async () => {
  const evil = 'x\x1b[2J\x9b31m';
  const { stdout, stderr } = await printed({ output: 'pretty', check: true, diff: true, verbosity: 2 }, [
    { event: 'start', playbook: evil, inventory: [evil], check: true, hosts: [evil] },
    task(evil, {
      role: evil,
      task: evil,
      changes: [change({ property: evil, before: evil, after: evil, text: { before: evil, after: '' } })],
    }),
    ...(['info', 'debug', 'warning', 'trace'] as const).map(
      (level): RunEvent => ({ event: 'log', level, host: evil, message: evil }),
    ),
    { event: 'output', host: evil, task: evil, line: evil },
    { event: 'error', message: evil, hint: evil, host: evil, task: `${evil}!`, exitCode: 2 },
    recap({ [evil]: { changed: 1 } }, { exitCode: 2 }),
  ]);
  expect(stdout + stderr).not.toMatch(/[\x1b\x9b]/);
  expect(stdout).toContain('x\\x1b[2J\\x9b31m');
});

test('a long title leaves its hosts to the next line, and what takes a service away is said in words', async () => {
  const long = 'a title of a task that is longer than fifty-six columns are wide';
  const { stdout } = await printed({ output: 'pretty', check: true }, [
    start('etcd01'),
    task('etcd01', { changes: [change({ kind: 'restart' })] }),
    task('etcd01', { task: long }),
    task('etcd01', { task: 'gone', changes: [change({ kind: 'remove' })] }),
    task('etcd01', { task: 'rules', changes: [change({ kind: 'remove' }), change({ kind: 'create' })] }),
    recap({ etcd01: { changed: 4 } }),
  ]);
  const columns = stdout
    .split('\n')
    .flatMap((line) => /^ {2}(?! {4}\S).*? (?=etcd01(?! :))/.exec(line)?.[0].length ?? []);
  expect(columns).toEqual([62, 62, 62, 62]);
  expect(stdout).toMatch(/↻ .*etcd01 {2}restarts\n/);
  expect(stdout).toMatch(/- gone .*etcd01 {2}is removed\n/);
  expect(stdout).toMatch(/~ rules /);
});

test('tables of several clusters have their names, in the order of the inventory', async () => {
  const { stdout } = await printed({ output: 'pretty' }, [
    start('a1', 'b1', 'c1'),
    ...['c', 'a', 'b'].map((name) => cluster(`table of ${name}`, `${name}1`, name)),
    recap({ a1: {}, b1: {}, c1: {} }),
  ]);
  expect(stdout).toMatch(/\na\ntable of a\n\nb\ntable of b\n\nc\ntable of c\n/);
});
