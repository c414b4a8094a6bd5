import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAudit } from '../../../lib/cli/history/audit-lines.ts';
import { differences } from '../../../lib/cli/history/compare.ts';
import { findRun } from '../../../lib/cli/history/find-run.ts';
import { pastRuns } from '../../../lib/cli/history/past-runs.ts';
import { historyTable } from '../../../lib/cli/history/table.ts';
import type { RunEvent } from '../../../lib/runner/events.ts';
import { program } from '../../program.ts';
import { recordedRun } from '../report/recorded.ts';
import { change, recap, start, task } from '../report/streams.ts';
import { scratch } from '../support/scratch.ts';

const play = (...hosts: string[]): RunEvent => ({ event: 'play', play: 'all', hosts });
const IDS = ['20261127T100000Z-aaaaaa', '20261127T110000Z-bbbbbb', '20261127T120000Z-cccccc'] as const;
const EVENTS = [start('a', 'b'), task('a'), recap({ a: { changed: 1 }, b: {} })];
const ALL = { newest: 20, since: Number.NEGATIVE_INFINITY, hosts: undefined };

const line = (fields: object = {}) => ({
  time: '2026-11-27T11:00:05.000Z',
  runId: IDS[1],
  who: 'maria',
  from: 'laptop',
  command: 'site -i prod.yaml',
  message: 'change 4711',
  outcome: 0,
  ...fields,
});

function folderOf(records: Readonly<Record<string, readonly RunEvent[]>>): string {
  const folder = scratch();
  for (const [id, events] of Object.entries(records)) {
    const lines = recordedRun(events, id).events.map((event) => `${JSON.stringify(event)}\n`);
    writeFileSync(join(folder, `${id}.jsonl`), lines.join(''));
  }
  return folder;
}

describe('lines that runs have left on a host', () => {
  it('are read; what a stranger wrote, or what is cut, is counted and not kept', () => {
    const evil = line({ who: '\x1b[2Jroot', outcome: 'x' });
    const out = [
      `= ${JSON.stringify(line())}`,
      '= not ours \x1b[31m',
      `= ${JSON.stringify(evil)}`,
      `= ${JSON.stringify(line({ runId: '../../etc/passwd' }))}`,
      '= {"time":"2026-11-27T11:00:05.000Z","runId":"cu',
      `= ${JSON.stringify(line({ time: '2999-01-01T00:00:00.000Z' }))}`,
      '',
      'denied /var/lib/quorate/web/audit.jsonl',
    ].join('\n');
    const { lines, damaged, denied } = parseAudit(out);
    expect(lines).toEqual([line()]);
    expect([damaged, denied]).toEqual([5, ['/var/lib/quorate/web/audit.jsonl']]);
  });

  it('of which only the end was read begin with a part of one: that is not damage', () => {
    expect(parseAudit(`= ${JSON.stringify(line({ outcome: null }))}\n`).lines).toMatchObject([
      { outcome: null },
    ]);
    expect(parseAudit(`cut\n= rt":1}\n= ${JSON.stringify(line())}\n`)).toMatchObject({
      damaged: 0,
      cut: true,
      lines: [line()],
    });
  });
});

describe('records of earlier releases, of all inventories in one folder', () => {
  it('are found by the inventory that they are about', async () => {
    const runs = join(scratch(), '.quorate/runs');
    mkdirSync(join(runs, 'prod.yaml'), { recursive: true });
    const [own, older, others] = IDS;
    const put = (folder: string, id: string, inventory: string) =>
      writeFileSync(
        join(folder, `${id}.jsonl`),
        recordedRun([{ ...start('a'), inventory: [inventory] } as RunEvent], id)
          .events.map((event) => `${JSON.stringify(event)}\n`)
          .join(''),
      );
    put(join(runs, 'prod.yaml'), own, '/x/prod.yaml');
    put(runs, older, 'inventories/prod.yaml');
    put(runs, others, 'inventories/test.yaml');
    const folder = join(runs, 'prod.yaml');
    const { runs: found } = await pastRuns(new Map(), folder, ALL);
    expect(found.map(({ id }) => id).sort()).toEqual([own, older].sort());
    expect((await findRun(folder, older)).run.id).toBe(older);
    await expect(findRun(folder, others)).rejects.toThrow('no recorded run is called');
  });
});

describe('what ran', () => {
  it('is joined by the ID of the run: records of this machine, lines of hosts, the newest first', async () => {
    const folder = folderOf({ [IDS[0]]: EVENTS, [IDS[1]]: EVENTS });
    const lines = new Map([
      ['a', [line(), line({ runId: IDS[2], outcome: 2 })]],
      ['b', [line({ runId: IDS[2], outcome: 2 })]],
    ]);
    const { runs, damaged } = await pastRuns(lines, folder, ALL);
    expect(damaged).toBe(0);
    expect(runs.map(({ id, recorded, outcome, changed }) => [id, recorded, outcome, changed])).toEqual([
      [IDS[2], false, 2, { a: null, b: null }],
      [IDS[1], true, 0, { a: 1 }],
      [IDS[0], true, 0, { a: 1 }],
    ]);
    expect(runs[1]).toMatchObject({ who: 'maria', message: 'change 4711' });
  });

  it('is limited by number, time and hosts; what is damaged is counted', async () => {
    const folder = folderOf({ [IDS[0]]: EVENTS, [IDS[1]]: [start('z'), task('z')], [IDS[2]]: EVENTS });
    appendFileSync(join(folder, `${IDS[2]}.jsonl`), '{"event":"rec');
    const ids = async (wanted: object) =>
      (await pastRuns(new Map(), folder, { ...ALL, ...wanted })).runs.map(({ id }) => id);
    expect(await ids({ newest: 2 })).toEqual([IDS[2], IDS[1]]);
    expect(await ids({ since: Date.parse('2026-11-27T10:30:00Z') })).toEqual([IDS[2], IDS[1]]);
    expect(await ids({ hosts: new Set(['b']) })).toEqual([IDS[2], IDS[0]]);
    expect((await pastRuns(new Map(), folder, ALL)).damaged).toBe(1);
    expect((await pastRuns(new Map(), folder, ALL)).runs[1]).toMatchObject({ outcome: null });
  });

  it('is not a run of hosts that it left out (--limit, --shard)', async () => {
    const folder = folderOf({ [IDS[0]]: [start('a', 'b'), play('a'), task('a'), recap({ a: {} })] });
    const of = async (host: string) =>
      (await pastRuns(new Map(), folder, { ...ALL, hosts: new Set([host]) })).runs.length;
    expect([await of('a'), await of('b')]).toEqual([1, 0]);
  });

  it('leaves out a record that is gone, and tells of one that cannot be read', async () => {
    const folder = folderOf({ [IDS[0]]: EVENTS });
    mkdirSync(join(folder, `${IDS[1]}.jsonl`));
    symlinkSync('gone', join(folder, `${IDS[2]}.jsonl`));
    const { runs, unread } = await pastRuns(new Map(), folder, ALL);
    expect(runs.map(({ id }) => id)).toEqual([IDS[0]]);
    expect(unread).toEqual([expect.stringContaining('EISDIR')]);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect((await pastRuns(new Map(), file, ALL)).unread).toEqual([expect.stringContaining('ENOTDIR')]);
    for (const [where, word] of [
      [folder, 'last'],
      [folder, IDS[1]],
      [file, 'last'],
    ] as const)
      await expect(findRun(where, word)).rejects.toMatchObject({
        exitCode: 1,
        message: expect.stringContaining('cannot be read'),
      });
  });

  it('is a line a run, in which nobody else has a say', async () => {
    const lines = new Map([['a', [line({ message: 'x\n\x1b[2J\u202eevil', who: 'm\x07' })]]]);
    const { runs } = await pastRuns(lines, scratch(), ALL);
    const table = historyTable(runs);
    expect(table.split('\n')).toHaveLength(2);
    expect(table).not.toMatch(/[\x07\x1b\u202e]/);
    expect(table).toContain(
      '2026-11-27 11:00:00  20261127T110000Z-bbbbbb  m\\x07@laptop  done     a        site -i prod.yaml: x \\x1b[2J',
    );
  });
});

describe('a run is named', () => {
  const folder = () => folderOf({ [IDS[0]]: EVENTS, [IDS[1]]: EVENTS, [IDS[2]]: EVENTS });

  it.each([
    ['last', IDS[2]],
    ['last~1', IDS[1]],
    [IDS[0], IDS[0]],
    ['20261127T11', IDS[1]],
    ['cccccc', IDS[2]],
  ])('%s', async (word, id) => {
    expect((await findRun(folder(), word)).run.id).toBe(id);
  });

  it.each([
    ['last~3', /before the first of 3/],
    ['20261127', /may be 3 runs: 20261127T120000Z-cccccc/],
    ['nothing', /no recorded run is called nothing/],
    ['', /no run is named/],
  ])('not by %s: 1', async (word, why) => {
    await expect(findRun(folder(), word)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(why),
    });
  });

  it('not where none is recorded', async () => {
    await expect(findRun(join(scratch(), 'none'), 'last')).rejects.toMatchObject({ exitCode: 1 });
  });
});

describe('two runs compared', () => {
  it('differ in hosts, tasks, what became of them, changes, and time', () => {
    const one = recordedRun(
      [
        start('a', 'b', 'gone', 'never'),
        play('a', 'b', 'gone'),
        task('a', { task: 'same' }),
        task('a', { task: 'conf', changes: [change({ after: '0600' })] }),
        task('b', { task: 'conf', changes: [change({ after: '0600' })] }),
        task('gone', { task: 'conf' }),
        task('a', { task: 'old' }),
        recap({}, { elapsedMs: 1000 }),
      ],
      IDS[0],
    );
    const two = recordedRun(
      [
        start('a', 'b', 'new'),
        play('a', 'b', 'new'),
        task('a', { task: 'same' }),
        task('a', { task: 'conf', status: 'ok', changes: [] }),
        task('b', { task: 'conf', status: 'ok', changes: [] }),
        recap({}, { elapsedMs: 9000, exitCode: 2 }),
      ],
      IDS[1],
    );
    expect(differences(one, two)).toMatchObject({
      onlyFirst: ['gone'],
      onlySecond: ['new'],
      outcomes: [0, 2],
      elapsedMs: [1000, 9000],
      tasks: [
        {
          task: 'conf',
          hosts: ['a', 'b'],
          first: { status: 'changed' },
          second: { status: 'ok', changes: [] },
        },
        { task: 'old', hosts: ['a'], first: { status: 'changed' }, second: null },
      ],
    });
    expect(differences(one, one).tasks).toEqual([]);
  });

  it('differ in what a host does for others, each apart; a limited run says nothing of hosts that it left out', () => {
    const by = (whose: string, fields: object = {}) => task('lb', { for: whose, task: 'drain', ...fields });
    const all = recordedRun(
      [start('a', 'b', 'c'), play('a', 'b', 'c'), by('a'), by('b'), task('a'), task('c'), recap({})],
      IDS[0],
    );
    const limited = recordedRun(
      [start('a', 'b', 'c'), play('a', 'b'), by('a', { status: 'ok', changes: [] }), by('b'), recap({})],
      IDS[1],
    );
    expect(differences(all, limited)).toMatchObject({
      onlyFirst: ['c'],
      onlySecond: [],
      tasks: [
        { task: 'drain', hosts: ['lb'], second: { status: 'ok' } },
        { hosts: ['a'], second: null },
      ],
    });
  });
});

describe('the playbook', () => {
  const PLAIN = program('test/unit/cli/plainPlaybook.ts');
  const HISTORY = program('playbooks/history.ts');
  const run = (cwd: string, file: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, '-i', 'inventory.yaml', ...args], {
      cwd,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  it('lists what ran on this machine, and shows it again in every form', () => {
    const cwd = scratch();
    writeFileSync(
      join(cwd, 'inventory.yaml'),
      'all: { hosts: { mine: { ansible_connection: local }, lost: { ansible_host: 127.0.0.1, ansible_port: 1 } } }\n',
    );
    run(cwd, PLAIN, '-l', 'mine', '--message', 'first');
    run(cwd, PLAIN, '-l', 'mine', '--check');
    const folder = join(cwd, '.quorate/plainPlaybook/mine');
    mkdirSync(folder, { recursive: true });
    const older = JSON.stringify(
      line({ time: '2020-01-01T00:00:00.000Z', runId: '20200101T000000Z-aaaaaa' }),
    );
    const audit = join(folder, 'audit.jsonl');
    writeFileSync(audit, `${`${older}\n`.repeat(3000)}${readFileSync(audit, 'utf8')}garbage \x1b[2J\n`);

    const listed = run(cwd, HISTORY, '--output', 'json');
    expect(listed.status).toBe(0);
    const events = listed.stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    const found = events.find(({ event }) => event === 'history');
    expect(found.runs.slice(0, 2)).toMatchObject([
      { check: true, recorded: true, outcome: 0 },
      { check: false, recorded: true, outcome: 0, message: 'first', changed: { mine: 1 } },
    ]);
    expect(found).toMatchObject({ damaged: 1, unread: [{ host: 'lost', why: 'not reached' }] });
    expect(found.table).toBeUndefined();
    expect(
      readdirSync(join(cwd, '.quorate/runs/inventory.yaml')).filter((name) => name.endsWith('.jsonl')),
    ).toHaveLength(2);

    const plain = run(cwd, HISTORY, '-l', 'mine');
    expect([plain.status, plain.stdout]).toEqual([
      0,
      expect.stringMatching(/WHEN[\s\S]*plainPlaybook[^\n]*: first/),
    ]);
    expect(plain.stdout + plain.stderr).not.toContain('\x1b');
    expect(plain.stdout).toContain('mine: older runs are left out');
    expect(run(cwd, HISTORY, '-l', 'mine', '--newest', '1').stdout).not.toContain('older runs');

    const again = run(cwd, HISTORY, '--replay', 'last~1', '--report', 'again.html');
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('changed mine: role: command')]);
    expect(readFileSync(join(cwd, 'again.html'), 'utf8')).toContain('first');
    const asJson = run(cwd, HISTORY, '--replay', 'last~1', '--output', 'json')
      .stdout.trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(new Set(asJson.map(({ runId }) => runId))).toEqual(new Set([found.runs[1].id]));
    expect(asJson.at(-1)).toMatchObject({ event: 'recap', exitCode: 0 });

    const compared = run(cwd, HISTORY, '--compare', 'last~1', 'last');
    expect([compared.status, compared.stdout]).toEqual([
      0,
      expect.stringMatching(/first .*second .*--check[\s\S]*time: /s),
    ]);
  }, 60_000);

  it.each([
    [['--replay', 'last', '--compare', 'last', 'last'], /one of them/],
    [['--compare', 'last'], /--compare wants two runs/],
    [['--newest', 'x'], /--newest takes a whole number/],
    [['--since', 'yesterday'], /--since takes a time/],
    [['--replay', 'last'], /no run is recorded/],
    [['stray'], /unexpected argument stray/],
    [['--check'], /has no --check/],
  ])('refuses %j: 1', (args, why) => {
    const cwd = scratch();
    writeFileSync(join(cwd, 'inventory.yaml'), 'all: { hosts: { mine: { ansible_connection: local } } }\n');
    const { status, stderr } = run(cwd, HISTORY, ...args);
    expect([status, stderr]).toEqual([1, expect.stringMatching(why)]);
  });
});
