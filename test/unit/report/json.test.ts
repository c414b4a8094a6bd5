import { expect, test } from 'vitest';
import { runId } from '../../../lib/dsl/common/run-id.ts';
import { createReport } from '../../../lib/report/index.ts';
import { change, cluster, FakeStream, printed, recap, start, task } from './streams.ts';

test('events are one JSON object a line, with time, and the recap last', async () => {
  const { stdout, stderr } = await printed({ output: 'json' }, [
    start('etcd01'),
    { event: 'play', play: 'etcd', hosts: ['etcd01'] },
    task('etcd01', { changes: [change({ before: null, text: { before: '', after: 'hello' } })] }),
    { event: 'error', message: 'no', exitCode: 2, hint: 'try', host: 'etcd01' },
    recap({ etcd01: { changed: 1, roundTrips: 4 } }, { exitCode: 2 }),
  ]);
  expect(stdout.split('\n')).toEqual([
    '{"event":"start","time":"TIME","playbook":"site","inventory":["prod.yaml"],"check":false,"hosts":["etcd01"]}',
    '{"event":"play","time":"TIME","play":"etcd","hosts":["etcd01"]}',
    '{"event":"task","time":"TIME","host":"etcd01","role":"motd","task":"the message is there","status":"changed","changes":[{"resource":"file:/etc/motd","kind":"update","property":"mode","before":null,"after":"0644","certainty":"certain"}]}',
    '{"event":"error","time":"TIME","message":"no","exitCode":2,"hint":"try","host":"etcd01"}',
    '{"event":"recap","time":"TIME","check":false,"hosts":{"etcd01":{"ok":0,"changed":1,"failed":0,"skipped":0,"unknown":0,"unreachable":0,"roundTrips":4}},"elapsedMs":6200,"exitCode":2}',
    '',
  ]);
  expect(stderr).toBe('');
});

test('with --diff changes say how texts differ, without whole texts, in the order of all else', async () => {
  const content = change({
    property: 'content',
    text: { before: 'port 1\nkeep\n', after: 'port 2\nkeep\n' },
  });
  const events = [
    start('etcd01'),
    task('etcd01', { changes: [change(), content] }),
    { event: 'output', host: 'etcd01', task: 't', line: 'said' } as const,
    recap({ etcd01: { changed: 1 } }),
  ];
  const linesOf = async (diff: boolean) =>
    (await printed({ output: 'json', diff }, events)).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const told = await linesOf(true);
  expect(told.map(({ event }) => event)).toEqual(['start', 'task', 'output', 'recap']);
  expect(told[1].changes.map(({ diff }: { diff: unknown }) => diff)).toEqual([
    undefined,
    ['@@ -1,2 +1,2 @@', '-port 1', '+port 2', ' keep'],
  ]);
  expect(JSON.stringify(told)).not.toContain('"text"');
  expect(JSON.stringify(await linesOf(false))).not.toContain('port');
});

test('debug lines need -vv', async () => {
  const debug = { event: 'log', level: 'debug', message: 'ssh says' } as const;
  expect((await printed({ output: 'json' }, [debug])).stdout).toBe('');
  expect((await printed({ output: 'json', verbosity: 2 }, [debug])).stdout).toContain('ssh says');
});

test('a cluster is data: members, leader, health, sizes, days of certificates', async () => {
  const { stdout } = await printed({ output: 'json' }, [cluster('MEMBER HEALTH')]);
  expect(JSON.parse(stdout)).toMatchObject({
    event: 'cluster',
    cluster: 'prod',
    healthy: true,
    leader: 'etcd01',
    caDays: 3649,
    members: [
      { host: 'etcd01', role: 'leader', health: 'healthy', dbSizeBytes: 20480, certificateDays: 3649 },
    ],
    problems: [],
  });
  expect(stdout).not.toContain('MEMBER HEALTH');
});

test('certificates are data in one form, a table in the others', async () => {
  const one = {
    host: 'etcd01',
    path: '/x/server.pem',
    kind: 'server',
    days: 9,
    sha256: 'aa',
    served: null,
  } as const;
  const names = {
    subject: 'CN=a',
    issuer: 'CN=b',
    from: '2026-01-01T00:00:00Z',
    until: '2027-01-01T00:00:00Z',
  };
  const event = {
    event: 'certificates',
    cluster: 'prod',
    certificates: [{ ...one, ...names } as const],
    table: 'WHERE FILE\netcd01 server.pem',
  } as const;
  const { stdout } = await printed({ output: 'json' }, [event]);
  expect(JSON.parse(stdout)).toMatchObject({ event: 'certificates', certificates: [one] });
  expect(stdout).not.toContain('WHERE');
  for (const output of ['plain', 'pretty'] as const) {
    const told = await printed({ output }, [start('etcd01'), event, recap({ etcd01: {} })]);
    expect(told.stdout).toContain('WHERE FILE\n');
  }
});

test('every event carries the ID of the run', async () => {
  const stdout = new FakeStream();
  const report = createReport({
    output: 'json',
    diff: false,
    check: false,
    verbosity: 0,
    stdout,
    stderr: stdout,
  });
  for (const event of [start('a'), recap({ a: {} })]) report.emit(event);
  await report.close();
  const ids = stdout.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).runId);
  expect(ids).toEqual([runId(), runId()]);
  expect(runId()).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
});

test('what a command prints is an event of its own, whatever the verbosity', async () => {
  const { stdout } = await printed({ output: 'json' }, [
    { event: 'output', host: 'web01', task: 'it is loaded', line: 'half of it' },
  ]);
  expect(JSON.parse(stdout)).toMatchObject({
    event: 'output',
    host: 'web01',
    task: 'it is loaded',
    line: 'half of it',
  });
});
