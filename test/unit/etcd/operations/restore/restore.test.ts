import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import type { EtcdFacts } from '../../../../../lib/etcd/facts/index.ts';
import type { Intent } from '../../../../../lib/etcd/facts/intent.ts';
import { operationPlay } from '../../../../../lib/etcd/operations/common/operation.ts';
import { restoreOperation } from '../../../../../lib/etcd/operations/restore/index.ts';
import { openIntent } from '../../../../../lib/etcd/survey/intents.ts';
import { readCa } from '../../../../../lib/pki/index.ts';
import { open } from '../../../pki/support.ts';
import { boltFile } from '../../../support/bolt-file.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

/** KiB of the snapshot. */
const SIZE = 1024;

/** A host whose member does not run, as a restore finds it and leaves it. */
interface Disk {
  free: number;
  /** The run whose data lies beside that of the member. */
  prepared?: string | undefined;
  placed: boolean;
  /** Of which run that is; of any where it is not said. */
  run?: string | undefined;
  moved: boolean;
  /** What a snapshot that was sent there tells of its version. */
  wrote: string;
}

/** A snapshot without a description, as etcd writes it. */
function snapshotFile(
  fill = 'snapshot',
  data: Buffer = Buffer.alloc(SIZE * 1024, fill),
): { path: string; target: string } {
  const bytes = Buffer.concat([data, createHash('sha256').update(data).digest()]);
  const path = join(scratch(), 'mine.db');
  writeFileSync(path, bytes);
  return { path, target: `snapshot sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

type Flags = Readonly<Record<string, unknown>>;

/**
 * Runs it over hosts with these disks until `starting etcd` fails, which nobody here does; hosts that are undefined are not
 * reached.
 */
async function restores(
  disks: readonly (Partial<Disk> | undefined)[],
  flags: Flags,
  { intent, check = false }: { readonly intent?: Intent; readonly check?: boolean } = {},
) {
  const dir = scratch();
  await (await open(dir)).ensureCa();
  const all = disks.map((one) => one && { free: 1 << 20, placed: false, moved: false, wrote: '', ...one });
  const facts: Partial<EtcdFacts> = {
    owner: 'cluster etcd',
    caPem: await readCa(dir),
    data: 'present',
    service: 'inactive',
    installed: '3.6.16',
    intent,
  };
  const cluster = fakeCluster(
    all.map((disk) => disk && { facts, says: (doing, script) => said(doing, script, disk) }),
    { etcd_pki_dir: dir, ...flags },
  );
  const noted: Intent[] = [];
  for (const host of cluster.hosts) {
    const disk = all[Number(host.target.name.at(-1)) - 1] as Disk;
    host.act = async (doing, { text }) => {
      if (doing === 'starting etcd') return { code: 1, out: 'enough' };
      if (doing === 'noting what is under way') {
        const note = JSON.parse(/\{.*\}/.exec(text)?.[0] ?? '');
        noted.push(note);
        Object.assign(host.target.facts, { intent: note });
      }
      if (doing === 'restoring it beside the data')
        Object.assign(disk, { prepared: runOf(text), free: disk.free - SIZE });
      if (doing === 'putting the restored data in place')
        Object.assign(disk, { prepared: undefined, placed: true, moved: true, run: undefined });
      if (doing === 'taking away what the restore has brought') disk.prepared = undefined;
      return { code: 0, out: '' };
    };
  }
  const { strategy } = operationPlay(restoreOperation());
  let asked = '';
  const run = cluster.run({
    check,
    consent: async (question) => {
      asked = question;
      return true;
    },
  });
  let error: { message: string; hint?: string; exitCode?: number } | undefined;
  try {
    await strategy.admit?.(run);
    if (!check) await strategy.converge(run);
  } catch (thrown) {
    error = thrown as typeof error;
  }
  return {
    disks: all,
    asked,
    noted,
    steps: cluster.steps,
    said: cluster.said.join('\n'),
    message: error?.message ?? '',
    hint: error?.hint ?? '',
    exitCode: error?.exitCode,
    open: openIntent(cluster.hosts),
  };
}

/** The run whose place a script is about. */
function runOf(script: string): string {
  return /\.restore-(2[0-9TZ]+-\w+)/.exec(script)?.[1] ?? '';
}

function said(doing: string, script: string, { free, prepared, placed, run, moved, wrote }: Disk): string {
  const lines = (some: readonly string[]) => some.map((one) => `${MARK}${one}\n`).join('');
  if (doing === 'looking how far it has come')
    return lines([
      'tool /x/etcdutl',
      ...(prepared !== undefined && runOf(script) === prepared ? ['prepared'] : []),
      ...(prepared === undefined ? [] : ['left']),
      ...(placed && (run === undefined || runOf(script) === run) ? ['placed'] : []),
      ...(moved ? ['moved'] : []),
    ]);
  if (doing === 'looking which version wrote it') return wrote;
  if (doing === 'looking for room') return lines(Array(3).fill(`room 1 /dev/x 99999999 1 ${free} 1% /`));
  return '';
}

describe('the room that a restore wants', () => {
  it('is looked for before anything is changed', async () => {
    const { message, exitCode, steps } = await restores([{}, { free: 1024 }, {}], {
      from: snapshotFile().path,
    });
    expect([exitCode, message]).toEqual([3, expect.stringContaining('etcd02')]);
    expect(steps).toEqual([]);
  });

  it('is not asked for again by a host that has used it', async () => {
    const enough = 2 * (SIZE + 1) + (128 + 64) * 1024;
    const { message, disks } = await restores([{ free: enough }, { free: enough }, {}], {
      from: snapshotFile().path,
    });
    expect(message).toContain('starting etcd failed');
    expect(disks.map((disk) => disk?.placed)).toEqual([true, true, true]);
  });
});

describe('a snapshot that nothing describes', () => {
  it.each<[wrote: string, refused: boolean]>([
    ['cluster-version 3.7.0\nstorage-version 3.6.0\n', true],
    ['cluster-version 3.10.0\n', true],
    ['cluster-version 3.6.0\n', false],
    ['cluster-version 3.5.0\n', false],
    ['', false],
  ])('is of the version that its data tells, on hosts with 3.6.16: %j', async (wrote, refused) => {
    const disks = [{ wrote }, { wrote }, { wrote }];
    const { exitCode, steps, hint, message } = await restores(disks, { from: snapshotFile().path });
    const begun = steps.filter((step) => /^begun .*: set/.test(step));
    expect([exitCode, begun.length > 0]).toEqual(refused ? [3, false] : [2, true]);
    if (refused)
      expect([message, hint]).toEqual([
        expect.stringContaining('3.6.16 is here'),
        expect.stringContaining('--give-up'),
      ]);
  });
});

it.each([
  [
    'has whole pages, as one of a data directory',
    SIZE * 1024,
    /no snapshot that came in part, its digest makes a snapshot of it: \(cat /,
  ],
  ['is cut short', SIZE * 1024 - 100, /^take another one$/],
])('a file without a digest that %s is none, and its hint says what is left', async (_what, size, hint) => {
  const from = join(scratch(), 'raw.db');
  writeFileSync(from, Buffer.alloc(size, 'x'));
  const found = await restores([{}], { from }, { check: true });
  expect([found.exitCode, found.hint]).toEqual([5, expect.stringMatching(hint)]);
});

describe("a snapshot with etcd's users", () => {
  /** `roles` of the user etcd01 as they are stored. */
  const withUsers = (enabled: number, roles: string) => {
    const users = { etcd01: `\x0a\x06etcd01${roles}`, root: '\x0a\x04root\x1a\x04root' };
    return boltFile({
      auth: { inline: { authEnabled: Buffer.from([enabled]) } },
      authUsers: { page: users },
    });
  };
  it.each<[what: string, data: Buffer, out: string | undefined]>([
    ['in force', withUsers(1, '\x1a\x04root'), 'etcd02'],
    ['in force, without the role', withUsers(1, '\x1a\x06reader'), 'etcd01, etcd02'],
    ['not in force', withUsers(0, ''), undefined],
  ])('%s tells in a check which members it shuts out', async (_what, data, out) => {
    const { said } = await restores([{}, {}], { from: snapshotFile('', data).path }, { check: true });
    if (out === undefined) expect(said).not.toContain("etcd's users");
    else expect(said).toContain(`that of the certificate of ${out} has no role root`);
  });
});

describe('a restore that was begun', () => {
  const BEGUN: Intent = { verb: 'restore', target: 'snapshot sha256:00', runId: '20261127T100000Z-aaaaaa' };
  const half = () => [{ prepared: BEGUN.runId }, { prepared: BEGUN.runId }, {}];

  it('of a snapshot of another cluster says so where it asks', async () => {
    const { path } = snapshotFile();
    const file = readFileSync(path);
    const known = {
      ...{ time: '2026-11-27T10:00:00Z', member: 'etcd01', clusterId: 'c', revision: 7, keys: 1, hash: 1 },
      ...{
        size: file.length - 32,
        version: '3.6.16',
        run: 'x',
        sha256: createHash('sha256').update(file).digest('hex'),
      },
    };
    const asked = async (cluster: string) => {
      const from = join(scratch(), `${cluster}-20261127T100000Z-r7.db`);
      writeFileSync(from, file);
      writeFileSync(from.replace(/db$/, 'json'), JSON.stringify({ ...known, cluster }));
      return (await restores([{}], { from })).asked;
    };
    expect(await asked('stage')).toContain('It was taken of another cluster, stage.');
    expect(await asked('etcd')).not.toContain('another cluster');
  });

  it('makes way to one of another snapshot, as another run, while all have their own data', async () => {
    const { path, target } = snapshotFile();
    const { asked, noted, disks, message } = await restores(half(), { from: path }, { intent: BEGUN });
    expect(asked).toContain(`What run ${BEGUN.runId} has begun (restore, to ${BEGUN.target}) ends with it.`);
    expect(noted.map((one) => one.target)).toEqual([target, target, target]);
    const [run = ''] = noted.map(({ runId }) => runId);
    expect(run > BEGUN.runId).toBe(true);
    expect(message).toContain('starting etcd failed');
    expect(disks.map((disk) => disk?.placed)).toEqual([true, true, true]);
  });

  it('lets an upgrade wait that is under way, and go on afterwards', async () => {
    const upgrade: Intent = { verb: 'upgrade', target: 'etcd 3.7.3', runId: BEGUN.runId };
    const { asked, noted, disks } = await restores(
      [{}, {}],
      { from: snapshotFile().path },
      { intent: upgrade },
    );
    expect(asked).toContain('(upgrade) goes on afterwards');
    expect(noted[0]).toMatchObject({ verb: 'restore', under: upgrade });
    expect(disks.map((disk) => disk?.placed)).toEqual([true, true]);
  });

  it('goes on as the run that began it where it heads for the same', async () => {
    const { path, target } = snapshotFile();
    const { asked, noted, steps } = await restores(half(), { from: path }, { intent: { ...BEGUN, target } });
    expect(asked).not.toContain('ends with it');
    expect(noted[0]?.runId).toBe(BEGUN.runId);
    expect(steps.filter((step) => /^begun .*bring the snapshot/.test(step))).toHaveLength(1);
  });

  it('begins anew by the word of the user once a host is lost for good, on the hosts that are left', async () => {
    const { path, target } = snapshotFile();
    const members = [1, 2, 3].map((i) => `etcd0${i}=https://10.0.0.${i}:2380`).join(',');
    const intent = { ...BEGUN, target, notes: { members } };
    const two = () => [
      { placed: true, run: BEGUN.runId },
      { placed: true, run: BEGUN.runId },
    ];
    const refused = await restores(two(), { from: path }, { intent });
    expect([refused.exitCode, refused.steps]).toEqual([3, []]);
    expect(refused.hint).toContain('--again');
    const anew = await restores(two(), { from: path, again: true }, { intent });
    expect(anew.asked).toContain(`What run ${BEGUN.runId} has begun (restore, to ${target}) ends with it.`);
    const begun = anew.steps.filter((step) => /^begun .*(bring|set the old)/.test(step));
    expect([anew.message, begun.length]).toEqual([expect.stringContaining('starting etcd failed'), 4]);
    expect(anew.noted[0]).toMatchObject({ target, notes: { moved: 'etcd01,etcd02' } });
    expect(anew.noted[0]?.runId).not.toBe(BEGUN.runId);
    const given = await restores(two(), { 'give-up': true }, { intent: anew.noted[0] as Intent });
    expect(given.exitCode).toBe(3);
  });

  it('goes on after a kill where it was begun anew, and where --again is said once more', async () => {
    const { path, target } = snapshotFile();
    const members = [1, 2].map((i) => `etcd0${i}=https://10.0.0.${i}:2380`).join(',');
    const intent = { ...BEGUN, target, notes: { members, moved: 'etcd01' } };
    const found = await restores(
      [{ placed: true }, { placed: true }],
      { from: path, again: true },
      { intent },
    );
    expect(found.noted[0]).toMatchObject({ runId: BEGUN.runId, notes: { moved: 'etcd01' } });
    expect(found.steps.filter((step) => /^begun .*bring/.test(step))).toEqual([]);
  });

  it.each<[what: string, disk: Partial<Disk>]>([
    ['other data', { placed: true }],
    ['its own data aside, and the other not yet in place', { prepared: BEGUN.runId, moved: true }],
  ])('is finished once a host has %s: with no other snapshot, and not given up', async (_what, disk) => {
    const other = await restores([disk, {}, {}], { from: snapshotFile().path }, { intent: BEGUN });
    expect([other.exitCode, other.steps]).toEqual([3, []]);
    expect(other.message).toContain('is not finished: restore');
    const given = await restores([disk, {}, {}], { 'give-up': true }, { intent: BEGUN });
    expect([given.exitCode, given.noted]).toEqual([3, []]);
    expect(given.message).toContain('has set the data of etcd01 aside');
  });

  it('is given up while all have their own data, and what it has brought goes', async () => {
    const { asked, steps, disks, open, noted, message } = await restores(
      half(),
      { 'give-up': true },
      { intent: BEGUN },
    );
    expect(message).toBe('');
    expect(asked).toContain(`what run ${BEGUN.runId} has begun (restore, to ${BEGUN.target}) is given up`);
    expect(steps.filter((step) => step.startsWith('done'))).toHaveLength(2);
    expect(disks.map((disk) => disk?.prepared)).toEqual([undefined, undefined, undefined]);
    expect(open).toBeUndefined();
    expect(noted.at(-1)).toMatchObject({ givenUp: true, runId: BEGUN.runId });
  });

  it('is given up without a host that is lost, but not by a few', async () => {
    const most = await restores([{}, {}, undefined], { 'give-up': true }, { intent: BEGUN });
    expect([most.message, most.open]).toEqual(['', undefined]);
    const few = await restores([{}, undefined, undefined], { 'give-up': true }, { intent: BEGUN });
    expect([few.exitCode, few.noted]).toEqual([4, []]);
  });

  it('is not: then there is nothing to give up', async () => {
    const { said: told, noted, message } = await restores([{}, {}, {}], { 'give-up': true });
    expect([told, noted, message]).toEqual([expect.stringContaining('nothing to give up'), [], '']);
  });

  it('is told by the steps what becomes of it', async () => {
    const { steps, noted } = await restores(half(), { 'give-up': true }, { intent: BEGUN, check: true });
    expect([steps, noted]).toEqual([
      [1, 2].map((i) => `planned etcd0${i}: take away what the restore has brought`),
      [],
    ]);
  });
});
