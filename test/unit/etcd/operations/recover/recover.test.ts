import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostData } from '../../../../../lib/dsl/role.ts';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import { QuorateError } from '../../../../../lib/errors.ts';
import type { EtcdFacts } from '../../../../../lib/etcd/facts/index.ts';
import type { Intent } from '../../../../../lib/etcd/facts/intent.ts';
import { bothOf, rotationTarget } from '../../../../../lib/etcd/operations/certs/rotation/cas.ts';
import { operationPlay } from '../../../../../lib/etcd/operations/common/operation.ts';
import { flagProblems, wordsOf } from '../../../../../lib/etcd/operations/recover/flags.ts';
import { recoverOperation } from '../../../../../lib/etcd/operations/recover/index.ts';
import { commitAll, readLogEnd } from '../../../../../lib/etcd/operations/recover/wal.ts';
import { restoreOperation } from '../../../../../lib/etcd/operations/restore/index.ts';
import { makeNextCa, readCa } from '../../../../../lib/pki/index.ts';
import { open, options } from '../../../pki/support.ts';
import {
  type FakeMember,
  fakeCluster,
  listedMember,
  memberReading,
  memberStatus,
} from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

const LOG = '0000000000000000-0000000000000000.wal';
/** Of one record. */
const SEGMENT = commitAll({
  term: 2n,
  vote: 1n,
  commit: 9n,
  last: 9n,
  lastTerm: 2n,
  end: 0,
  crc: 0,
  damaged: false,
});
const CA = 'a CA';
const THREE = [1, 2, 3].map((i) => ({ name: `etcd0${i}`, peerUrls: [`https://10.0.0.${i}:2380`] }));
const OPEN: Intent = { verb: 'recover', target: 'data of etcd01', runId: '20261127T100000Z-aaaaaa' };

type Made = Partial<EtcdFacts> & {
  readonly tells?: readonly string[];
  readonly answers?: readonly string[];
  /** KiB on its disk. */
  readonly free?: number;
};

/** A member with data that does not run, unless `change` says otherwise. */
function left({ tells = [], answers, free = 9_999_999, ...facts }: Made = {}): FakeMember {
  return {
    facts: {
      owner: 'cluster etcd',
      caPem: CA,
      data: 'present',
      service: 'inactive',
      installed: '3.6.16',
      formed: THREE,
      ...facts,
    },
    says: (doing) => {
      if (doing === 'asking members that are not reached')
        return answers
          ? [`asked`, ...answers.map((name) => `answers ${name}`)].map((one) => `${MARK}${one}\n`).join('')
          : '';
      if (doing === 'looking how far it has come') return `${MARK}tool /x/etcdutl\n`;
      if (doing === 'looking what it has')
        return ['tool /x/etcdutl', `log ${LOG} 64 5`, 'now 9', 'size 4', ...tells]
          .map((one) => `${MARK}${one}\n`)
          .join('');
      if (doing === 'looking for room') return `${MARK}room 1 /dev/x 9999999 1 ${free} 1% /\n`.repeat(2);
      return '';
    },
  };
}

const works: Partial<EtcdFacts> = { service: 'active', reading: memberReading() };

/** Runs it over these hosts; `meanwhile` is what happens while its question stands. */
async function recovers(
  members: readonly (FakeMember | undefined)[],
  flags: Readonly<Record<string, unknown>> = {},
  of: {
    meanwhile?: (facts: readonly EtcdFacts[]) => void;
    agreed?: boolean;
    check?: boolean;
    vars?: Record<string, unknown>;
    receive?: () => Promise<{ code: number; bytes: Buffer }>;
    /** What all hosts have, once the CA is there. */
    prepare?: (dir: string) => Promise<Partial<EtcdFacts>>;
  } = {},
) {
  const dir = scratch();
  await (await open(dir)).ensureCa();
  const cluster = fakeCluster(members, { etcd_pki_dir: dir, ...flags, ...of.vars });
  const caPem = await readCa(dir);
  const prepared = await of.prepare?.(dir);
  for (const { target } of cluster.hosts) Object.assign(target.facts, { caPem }, prepared);
  const { strategy } = operationPlay(recoverOperation());
  let asked = '';
  const noted: string[] = [];
  for (const host of cluster.hosts) {
    const { act } = host;
    Object.assign(host, {
      receive: of.receive ?? (async () => ({ code: 0, bytes: SEGMENT })),
      act: (doing: string, shell: { text: string }) => {
        if (doing === 'noting what is under way')
          noted.push(`${host.target.name} ${/\{.*\}/.exec(shell.text)?.[0]}`);
        return act(doing, shell);
      },
    });
  }
  const run = cluster.run({
    check: of.check ?? false,
    agreed: of.agreed ?? false,
    consent: async (question) => {
      asked = question;
      of.meanwhile?.(cluster.hosts.map(({ target }) => target.facts));
      return of.meanwhile !== undefined;
    },
  });
  let error: { message: string; hint?: string; exitCode?: number } | undefined;
  try {
    await strategy.admit?.(run);
    if (!run.check) await strategy.converge(run);
    await strategy.verify?.(run);
  } catch (thrown) {
    error = thrown as typeof error;
  }
  return {
    asked,
    said: cluster.said,
    noted,
    steps: cluster.steps,
    message: error === undefined ? '' : String(error.message || JSON.stringify(error)),
    hint: error?.hint ?? '',
  };
}

describe('a recovery asks whether the quorum is lost', () => {
  it('once more when its question was answered', async () => {
    const found = await recovers(
      [left(), undefined, undefined],
      { from: 'etcd01' },
      {
        meanwhile: ([one]) => one && Object.assign(one, works),
      },
    );
    expect(found.asked).toContain('made of the data of etcd01');
    expect(found.message).toContain('it has a quorum: etcd01 reads');
    expect([found.noted, found.steps.filter((step) => !step.startsWith('planned'))]).toEqual([[], []]);
  });

  it.each<[what: string, members: readonly FakeMember[], why: string]>([
    ['serves again', [left({ ...works, intent: OPEN }), left(works), left(works)], 'it has a quorum'],
    ['would serve', [left({ intent: OPEN }), left(), left()], 'once they run there is a quorum'],
  ])('of a run that has moved nothing, and gives that up where it %s', async (_what, members, why) => {
    const check = await recovers(members, { from: 'etcd01' }, { check: true });
    expect([check.message, check.noted, check.steps]).toEqual([expect.stringContaining(why), [], []]);
    const found = await recovers(members, { from: 'etcd01' });
    expect(found.message).toContain(why);
    expect(found.said.join()).toContain('has moved nothing: what it has begun is given up');
    expect(found.noted).toHaveLength(3);
    for (const line of found.noted)
      expect(line).toMatch(/"givenUp":true,"runId":"20261127T100000Z-aaaaaa","done":/);
  });

  it.each<[what: string, members: readonly (FakeMember | undefined)[], flags: Record<string, unknown>]>([
    ['data is moved', [left({ intent: OPEN, tells: ['placed'] }), left(), left()], {}],
    [
      'the run that began was told so',
      [left({ intent: { ...OPEN, notes: { lost: 'etcd02,etcd03' } } }), left(), left()],
      {},
    ],
  ])('or not any more, where %s', async (_what, members, flags) => {
    const found = await recovers(members, flags, { check: true });
    expect(found.message).toBe('');
    expect(found.steps.length).toBeGreaterThan(0);
  });
});

describe('members that a recovery does not reach', () => {
  it('are asked by every host that can', async () => {
    const found = await recovers(
      [left(), left({ data: 'absent', answers: ['etcd03'] }), undefined],
      { from: 'etcd01' },
      { check: true },
    );
    expect(found.message).toContain('etcd03 is not reached from here, and its member answers');
  });

  it.each<[what: string, answers: readonly string[] | undefined, warns: boolean]>([
    ['could ask', [], false],
    ['could not', undefined, true],
  ])('are in doubt where no host %s', async (_what, answers, warns) => {
    const one = left(answers ? { answers } : {});
    const found = await recovers([one, undefined, undefined], { from: 'etcd01' });
    expect(found.asked.includes('No host that is reached could ask them')).toBe(warns);
    expect(found.said.join().includes('No host that is reached could ask them')).toBe(warns);
  });

  it('are named and asked where the inventory lacks them', async () => {
    const silent = await recovers([left({ answers: [] })], { from: 'etcd01' });
    expect(silent.asked).toContain('etcd02@10.0.0.2 (a member, not in the inventory), etcd03@10.0.0.3');
    const found = await recovers([left({ answers: ['etcd03@10.0.0.3'] })], { from: 'etcd01' });
    expect(found.message).toContain('etcd03@10.0.0.3 is not reached from here, and its member answers');
  });
});

describe('what a recovery is made of', () => {
  it('may be another host while nothing is moved, and then not', async () => {
    const hosts = (tells: readonly string[]) => [
      left({ intent: OPEN, data: 'absent', tells }),
      left(),
      undefined,
    ];
    const free = await recovers(hosts([]), { from: 'etcd02' });
    expect(free.asked).toContain('made of the data of etcd02');
    const begun = await recovers(hosts([]), { from: 'etcd02' }, { meanwhile: () => {} });
    expect(begun.noted[0]).toContain('"target":"data of etcd02"');
    expect(begun.noted[0]).not.toContain(OPEN.runId);
    const same = await recovers(hosts([]), { from: 'etcd01' }, { meanwhile: () => {} });
    expect(same.noted[0]).toContain(OPEN.runId);
    const moved = await recovers(hosts(['placed']), { from: 'etcd02' });
    expect(moved.message).toContain('is not finished: recover, to data of etcd01');
    const half = await recovers(hosts(['moved', 'prepared']), { from: 'etcd02' });
    expect(half.message).toContain('is not finished: recover, to data of etcd01');
  });

  describe('where its host is gone after data was moved', () => {
    const emptied = (tells: readonly string[] = [], change: Made = {}) =>
      left({ intent: OPEN, data: 'absent', tells: ['placed', ...tells], ...change });

    it('is another one that nobody has joined, which gets its own data back first', async () => {
      const hosts = [undefined, emptied([`kept ${OPEN.runId}`]), emptied([`kept ${OPEN.runId}`])];
      const check = await recovers(hosts, { from: 'etcd02' }, { check: true });
      expect(check.message).toBe('');
      expect(check.said).toContainEqual(expect.stringMatching(/etcd03: .*as much as etcd02/));
      const found = await recovers(hosts, { from: 'etcd02' }, { meanwhile: () => {} });
      expect(found.asked).toMatch(/made of the data of etcd02 .*Not reached: etcd01/);
      expect(found.noted[0]).toContain(`"target":"data of etcd02"`);
      expect(found.noted[0]).toContain(`"notes":{"before":"${OPEN.runId}"}`);
      expect(found.noted[0]).not.toContain(`"runId":"${OPEN.runId}"`);
    });

    it('goes on with that one by the notes of the run that chose it', async () => {
      const before = '20261127T090000Z-bbbbbb';
      const intent = { ...OPEN, target: 'data of etcd02', notes: { before } };
      const hosts = [
        undefined,
        left({ intent, data: 'absent', tells: [`kept ${before}`] }),
        left({ intent }),
      ];
      const found = await recovers(hosts, {}, { check: true });
      expect([found.message, found.steps[0]]).toEqual([
        '',
        'planned etcd02: put its own data back, which an earlier run has set aside',
      ]);
    });

    it.each<[what: string, hosts: readonly (FakeMember | undefined)[]]>([
      ['another one has joined it', [undefined, emptied(), emptied([], { data: 'present' })]],
      ['it is here', [emptied([], { data: 'present' }), emptied(), emptied()]],
    ])('is no other one once %s', async (_what, hosts) => {
      const found = await recovers(hosts, { from: 'etcd02' });
      expect(found.message).toContain('is not finished: recover, to data of etcd01');
    });
  });

  it('is said again where its host is not reached, with what else there is', async () => {
    const found = await recovers([undefined, left({ intent: OPEN }), undefined]);
    expect(found.message).toContain('etcd01: the cluster is made of its data');
    expect(found.hint).toMatch(/--from HOST.*restore.* --from FILE/);
    expect(found.hint).not.toContain('mv ');
    const free = await recovers([undefined, left({ intent: OPEN, tells: ['moved'] }), undefined]);
    expect(free.hint).toMatch(/choose another host: .*recover.* --from HOST/);
    const joined = left({ intent: OPEN, tells: ['placed'] });
    const moved = await recovers([undefined, joined, undefined]);
    const data = '/var/lib/etcd/default.etcd';
    expect(moved.hint).toContain(
      `mv ${data}/member ${data}/member.after-recover-${OPEN.runId} (where it is), mv ${data}/.etcd.before-recover-${OPEN.runId}.quorate-aside/member ${data}/member, rm -f /var/lib/quorate/etcd/restored; then choose another host`,
    );
  });

  it('is none of a host that belongs to another cluster by now', async () => {
    const foreign = left({ owner: 'cluster other' });
    const found = await recovers([left({ intent: OPEN, tells: ['placed'] }), foreign, undefined]);
    expect(found.message).toContain('etcd02');
    expect(found.message).toContain('cluster other');
    expect(found.steps).toEqual([]);
  });

  it.each([
    ['upgrade', 'What run r1 has begun (upgrade, to 3.7.3) ends with it', ''],
    ['restore', '', 'is not finished: restore'],
  ])('where another verb was begun: %s', async (verb, asked, message) => {
    const intent: Intent = { verb, target: '3.7.3', runId: 'r1' };
    const found = await recovers([left({ intent }), undefined, undefined], { from: 'etcd01' });
    expect(found.asked).toContain(asked);
    expect(found.message).toContain(message);
  });

  it.each<[what: string, programs: readonly [string, string], vars?: Record<string, unknown>]>([
    ['have different programs', ['3.7.3', '3.6.16']],
    ['have another than the inventory', ['3.6.16', '3.6.16'], { etcd_version: '3.7.3' }],
    [
      'have one that calls a setting otherwise',
      ['3.5.33', '3.5.33'],
      { etcd_version: '3.6.16', etcd_settings: { 'feature-gates': 'InitialCorruptCheck=true' } },
    ],
  ])('in the middle of an upgrade, where hosts %s', async (_what, programs, vars = {}) => {
    const intent: Intent = { verb: 'upgrade', target: 'etcd 3.7.3', runId: 'r1' };
    const [one, two] = programs.map((installed) => ({ installed, intent }));
    const hosts = [left(one), left({ ...two, data: 'absent' }), undefined];
    const found = await recovers(hosts, { from: 'etcd01' }, { vars });
    expect(found.asked).toContain('ends with it');
    expect(found.message).toContain('not agreed to');
  });

  it('may be said while one CA takes the place of another, which waits and is not forgotten', async () => {
    const prepare = async (dir: string): Promise<Partial<EtcdFacts>> => {
      const old = await readCa(dir);
      const next = await makeNextCa(options(dir, { caName: 'another' }));
      const intent = { verb: 'certs', target: rotationTarget(next), runId: 'r1' };
      return { intent, caPem: bothOf({ old, new: next }) };
    };
    const found = await recovers([left(), undefined, undefined], { from: 'etcd01' }, { prepare });
    expect(found.message).toContain('not agreed to');
    expect(found.asked).toMatch(/What run r1 has begun \(certs, to CA \w+\) waits/);
    const begun = await recovers(
      [left(), undefined, undefined],
      { from: 'etcd01' },
      { prepare, meanwhile: () => {} },
    );
    expect(begun.noted[0]).toMatch(/"verb":"recover".*"under":\{"verb":"certs".*"runId":"r1"/);
  });

  it.each([
    ['its own host', 'etcd01', 'a copy, and what is made of it'],
    ['a host that is to join', 'etcd02', 'the data of the cluster, its raft log'],
  ])('is none where %s has no room', async (_what, narrow, what) => {
    const hosts = ['etcd01', 'etcd02'].map((name) =>
      left({
        ...(name === 'etcd02' && { data: 'absent' }),
        ...(name === narrow && { free: 1000 }),
      }),
    );
    const found = await recovers([...hosts, undefined], { from: 'etcd01' });
    expect(found.message).toMatch(
      new RegExp(`${narrow}: .*1000 KiB are free there, wanted \\d+ for ${what}`),
    );
    expect(found.asked).toBe('');
  });

  it.each<[string, () => Promise<{ code: number; bytes: Buffer }>, string]>([
    [
      'does not come',
      () =>
        Promise.reject(new QuorateError('etcd01: nothing came for 60 s', { exitCode: 4, host: 'etcd01' })),
      'nothing came for 60 s',
    ],
    ['does not come whole', async () => ({ code: 1, bytes: SEGMENT }), 'could not be read to its end'],
  ])('is another host where the log of one %s', async (_what, first, why) => {
    let calls = 0;
    const receive = () => (++calls === 1 ? first() : Promise.resolve({ code: 0, bytes: SEGMENT }));
    const formed = [1, 2, 3, 4, 5].map((i) => ({
      name: `etcd0${i}`,
      peerUrls: [`https://10.0.0.${i}:2380`],
    }));
    const members = [left({ formed }), left({ formed }), undefined, undefined, undefined];
    const found = await recovers(members, { from: 'etcd02' }, { receive, check: true });
    expect(found.message).toBe('');
    expect(found.said).toContainEqual(
      expect.stringMatching(new RegExp(`etcd01: its raft log was not read: .*${why}`)),
    );
    calls = 0;
    const { asked } = await recovers(members, { from: 'etcd02' }, { receive });
    expect(asked).toContain('Not read: the raft log of etcd01. What only they have is lost.');
  });

  it('is told once where it is to be said', async () => {
    const found = await recovers([left(), undefined, undefined], {}, { agreed: true });
    expect(found.message).toContain('which data it is made of is for you to say');
    expect(found.said.filter((line) => line.includes('the most that was found'))).toEqual([]);
  });

  it('is a host, also by the name of its member', () => {
    const vars = (etcd_member_name: string) => ({
      etcd_cluster_name: 'one',
      etcd_member_name,
      from: 'm2',
      lost: 'm1',
    });
    const hostvars = { a1: vars('m1'), a2: vars('m2') };
    const hosts = Object.entries(hostvars).map(([name, own]) => ({ name, vars: own, hostvars }) as HostData);
    expect(flagProblems(hosts)).toEqual([]);
    expect(wordsOf(hosts.map((target) => ({ target })))).toEqual({ from: 'a2', lost: ['a1'] });
  });

  it('is a host of the cluster that was chosen', () => {
    const host = (name: string, etcd_cluster_name: string) =>
      ({ name, vars: { etcd_cluster_name, cluster: 'one', from: 'b1' }, hostvars: {} }) as HostData;
    expect(flagProblems([host('a1', 'one'), host('b1', 'two')])).toMatchObject([{ hint: 'it has a1' }]);
  });
});

it('a finished recovery names hosts that are not members any more, and none that is just away', async () => {
  const done = { ...OPEN, done: '20261127T110000Z-bbbbbb' };
  const reading = memberReading({ status: memberStatus(1), members: [listedMember(1), listedMember(2)] });
  const found = await recovers([left({ ...works, reading, intent: done }), undefined, undefined]);
  const told = found.said.filter((line) => line.includes('not a member any more'));
  expect(told.map((line) => line.slice(0, 6))).toEqual(['etcd03']);
});

it('a snapshot may be restored where a recovery was begun, which ends that', async () => {
  const dir = scratch();
  await (await open(dir)).ensureCa();
  const caPem = await readCa(dir);
  const from = join(dir, 'x.db');
  const data = Buffer.alloc(512, 'data');
  writeFileSync(from, Buffer.concat([data, createHash('sha256').update(data).digest()]));
  const member = left({ intent: OPEN });
  const cluster = fakeCluster([{ ...member, facts: { ...member.facts, caPem } }], {
    from,
    etcd_pki_dir: dir,
  });
  const { strategy } = operationPlay(restoreOperation());
  let asked = '';
  const consent = async (question: string) => {
    asked = question;
    return false;
  };
  await strategy.admit?.(cluster.run());
  await expect(strategy.converge(cluster.run({ consent }))).rejects.toMatchObject({ exitCode: 3 });
  expect(asked).toContain(`What run ${OPEN.runId} has begun (recover) ends with it`);
});

it('reads the log that it is shown here', () => {
  expect(readLogEnd(SEGMENT, LOG)).toMatchObject({ damaged: false, commit: 9n });
});
