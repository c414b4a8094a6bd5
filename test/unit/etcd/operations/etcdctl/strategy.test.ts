import { describe, expect, it } from 'vitest';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { etcdctlProblems, etcdctlStrategy } from '../../../../../lib/etcd/operations/etcdctl/strategy.ts';
import type { EtcdHost } from '../../../../../lib/etcd/surveyed.ts';
import { DEFAULTS } from '../../../support/defaults.ts';
import { type FakeMember, fakeCluster } from '../../../support/fake-cluster.ts';

const WELL = { reading: { healthy: true } as MemberReading, owner: 'cluster prod' };
const SICK = { reading: { healthy: false } as MemberReading, owner: 'cluster prod' };

/** Which host ran what, what was said of it, and what was done around it, in order. */
async function ctl(
  words: readonly string[],
  members: readonly (FakeMember | undefined)[],
  check = false,
  input = '',
  {
    meanwhile = () => {},
    stopping = () => false,
  }: { meanwhile?: (hosts: readonly EtcdHost[]) => void; stopping?: () => boolean } = {},
) {
  const ran: [string, string][] = [];
  const said: string[] = [];
  const locked: string[] = [];
  const recorded = members.map(
    (member, i) =>
      member && {
        ...member,
        pipes: (script: string) => {
          ran.push([`etcd0${i + 1}`, script]);
          return member.pipes?.(script) ?? 0;
        },
      },
  );
  const cluster = fakeCluster(recorded);
  const strategy = etcdctlStrategy(words, async () => Buffer.from(input));
  const run = cluster.run({
    check,
    conclude: (message) => said.push(message),
    stopping,
    locked: (hosts, work) => {
      locked.push(...hosts.map(({ target }) => target.name));
      meanwhile(hosts);
      return work();
    },
  });
  const all = async () => {
    await strategy.admit?.(run);
    if (!check) await strategy.converge(run);
    await strategy.verify?.(run);
  };
  const error = await all().then(
    () => undefined,
    (reason) => reason,
  );
  return { ran, said, locked, steps: cluster.steps, error };
}

describe('etcdctl runs on', () => {
  const WHERE: readonly (readonly [string, readonly FakeMember[], string])[] = [
    ['the first of several that work', [{ facts: WELL }, { facts: WELL }], 'etcd01'],
    ['the first that works behind one that does not', [{ facts: SICK }, { facts: WELL }], 'etcd02'],
    ['the one of -l, though another works', [{ facts: WELL, selected: false }, { facts: SICK }], 'etcd02'],
    [
      'the first of a cluster that does not work: etcdctl says why',
      [{ facts: SICK }, { facts: SICK }],
      'etcd01',
    ],
  ];
  it.each(WHERE)('%s', async (_name, members, host) => {
    const { ran, error } = await ctl(['member', 'list'], members);
    expect(error).toBeUndefined();
    expect(ran.map(([name]) => name)).toEqual([host]);
  });

  it('nothing in a check, which says where it would', async () => {
    const { ran, said } = await ctl(['get', "it's"], [{ facts: WELL }], true);
    expect([ran, said]).toEqual([[], ["etcd01 would run etcdctl get 'it'\\''s'"]]);
  });
});

it.each([
  [['--user', 'root:geheim', 'get', '/k'], '--user root:******** get /k'],
  [['--password=geheim', '--user=root', 'user', 'list'], '--password=******** --user=root user list'],
  [['-w', 'json', 'user', 'add', 'ann:geheim'], '-w json user add ann:********'],
  [['--lease', '12', 'put', '/k', 'geheim'], '--lease 12 put /k ********'],
  [['put', '/k', '12', '--lease', '12'], 'put /k ******** --lease 12'],
  [['put', '/k', 'geheim', '--prev-kv', '--lease=12'], 'put /k ******** --prev-kv --lease=12'],
  [['put', '/k', 'my', 'horse'], 'put ******** ******** ********'],
  [['--user', 'root:my', 'horse', 'put', '/k', 'v'], `--user root:******** ${'******** '.repeat(4).trim()}`],
  [['put', '/k', '--leasee', '12', 'geheim'], 'put ******** ******** ******** ********'],
  [['put', '/k', '-geheim'], 'put /k ********'],
  [['put', '/k', '--', '-geheim'], 'put /k -- ********'],
  [['put', '--valeu=geheim', '/k'], 'put ******** /k'],
  [['--valeu', 'geheim', 'put', '/k'], '******** ******** put /k'],
  [['putt', '/k', 'geheim'], '******** ******** ********'],
  [['user', 'add', 'ann:my', 'horse'], 'user add ******** ********'],
  [
    ['user', 'passwd', 'ann', 'geheim', '--interactive=false'],
    'user passwd ******** ******** --interactive=false',
  ],
  [['user', 'passwrd', 'ann:geheim'], 'user passwrd ann:********'],
  [['user', 'grant-role', 'ann', 'reader'], 'user grant-role ann reader'],
  [
    ['member', 'add', 'x', '--peer-urls=https://a:2380', '--learner'],
    'member add x --peer-urls=https://a:2380 --learner',
  ],
  [['user', 'add', 'ann', '--new-user-password', 'geheim'], 'user add ann --new-user-password ********'],
])('a check tells no password and no value: %j', async (words, told) => {
  const { said, steps } = await ctl(words, [{ facts: WELL }], true);
  const line = steps[0] ?? said[0];
  expect(line?.replace(/^planned etcd01:|^etcd01 would run/, '')).toBe(` etcdctl ${told}`);
});

it('each word reaches etcdctl as it is', async () => {
  const { ran } = await ctl(['get', "it's; rm -rf $HOME", ''], [{ facts: WELL }]);
  expect(ran[0]?.[1]).toContain(`q_etcdctl get 'it'\\''s; rm -rf $HOME' '' </dev/null`);
});

it('the limits of time are those of etcdctl, once it is known where to ask', async () => {
  const { ran } = await ctl(['snapshot', 'save', '/srv/x.db'], [{ facts: WELL }]);
  expect(ran[0]?.[1]).toMatch(/q_reach <.*\nq_limits=\nq_etcdctl snapshot save/);
});

it('hosts without a cluster are 7 where they are all, and 4 where others are out of reach', async () => {
  const bare = await ctl(['get', 'a'], [{}, {}]);
  expect(bare.error).toMatchObject({ exitCode: 7, message: 'etcd: there is no cluster on these hosts' });
  const { error } = await ctl(['get', 'a'], [{}, undefined, undefined]);
  expect(error).toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('not reached: etcd02, etcd03'),
  });
});

it('a failure of etcdctl is 2, with its code; it has said why itself', async () => {
  const { error } = await ctl(['get', 'a'], [{ facts: WELL, pipes: () => 128 }]);
  expect(error).toMatchObject({ exitCode: 2, message: 'etcd01: etcdctl ended with 128' });
});

describe('what changes something', () => {
  const three = [{ facts: WELL }, { facts: WELL }, { facts: WELL }];
  const open = (verb: string, done?: string) => ({
    ...WELL,
    intent: { verb, target: 'x', runId: '20261128T100000Z-abc', ...(done && { done }) },
  });

  const LOCKS: readonly (readonly [string, boolean])[] = [
    ...['put /k v', 'del /k', 'txn', 'compaction 5', 'defrag', 'move-leader 1a', 'lease grant 60'].map(yes),
    ...['member add x', 'member remove 1a', 'member update 1a', 'member promote 1a', 'alarm disarm'].map(yes),
    ...['auth enable', 'user add ann', 'role grant-permission r read k', 'user passwd ann'].map(yes),
    ...['downgrade enable 3.6', 'snapshot restore f', 'check perf', 'migrate', 'frobnicate', 'member'].map(
      yes,
    ),
    ...['-w json member remove 1a', '--command-timeout get put /k v', '--hex put get v'].map(yes),
    ...['get /k', 'member list', '-w json endpoint status', 'endpoint hashkv', 'alarm list'].map(no),
    ...['user get ann', 'role list', 'auth status', 'lease timetolive 1', 'downgrade validate 3.6'].map(no),
    ...['snapshot save f', 'watch /k', 'lease keep-alive 1', 'elect x', 'lock x', 'version', '--help'].map(
      no,
    ),
    ...['member remove --help', '--version'].map(no),
  ];
  it.each(LOCKS)('%s: %s', async (line, isLocked) => {
    const { ran, locked, steps, error } = await ctl(line.split(' '), three);
    expect(error).toBeUndefined();
    expect(ran.map(([name]) => name)).toEqual(['etcd01']);
    expect(locked).toEqual(isLocked ? ['etcd01', 'etcd02', 'etcd03'] : []);
    const title = `etcd01: etcdctl ${line.replace(/^put (\S+) v$/, 'put $1 ********')}`;
    if (isLocked) expect(steps.map((step) => step.split(' ')[0])).toEqual(['planned', 'begun', 'done']);
    else expect(steps).toEqual([]);
    if (line.startsWith('put')) expect(steps).toContain(`done ${title}`);
  });

  it('looks at the whole cluster, also where -l names a host; what only reads asks that one alone', () => {
    const host = (name: string, etcd_cluster_name = 'prod') => ({
      name,
      groups: ['etcd'],
      vars: { etcd_cluster_name },
    });
    const all = [host('etcd01'), host('etcd02'), host('other01', 'test')];
    const scope = (words: readonly string[]) =>
      etcdctlStrategy(words, async () => Buffer.of())
        .scope?.([all[1]!], all)
        .map(({ name }) => name);
    expect(scope(['put', 'a', 'b'])).toEqual(['etcd01', 'etcd02']);
    expect(scope(['get', 'a'])).toEqual(['etcd02']);
  });

  it.each([
    ['restore', 3],
    ['recover', 3],
    ['upgrade', undefined],
    ['certs', undefined],
  ])('in the middle of a %s ends with %s', async (verb, exitCode) => {
    const members = [{ facts: WELL }, { facts: open(verb) }, { facts: WELL }];
    for (const check of [false, true]) {
      const { ran, steps, error } = await ctl(['put', 'a', 'b'], members, check);
      expect(error?.exitCode).toBe(exitCode);
      if (exitCode === undefined) continue;
      expect([ran, steps]).toEqual([[], []]);
      expect(error.message).toContain(`has begun something that is not finished: ${verb}, to x`);
      expect(error.hint).toContain(`finish it first, to the same target: `);
    }
    expect((await ctl(['get', 'a'], members)).error).toBeUndefined();
  });

  it.each(['restore', 'recover'])(
    'in the middle of a %s that waits for users of etcd goes on',
    async (verb) => {
      const { reading } = WELL;
      const said = 'Error: etcdserver: permission denied';
      const refused = {
        ...reading,
        unanswered: [{ question: 'alarm list', kind: 'refused', said }],
      } as const;
      const members = [{ facts: { ...open(verb), reading: refused } }];
      expect((await ctl(['user', 'add', 'etcd01'], members)).error).toBeUndefined();
    },
  );

  it('behind a restore that is done goes on', async () => {
    const { error } = await ctl(['put', 'a', 'b'], [{ facts: open('restore', '20261128T110000Z-def') }]);
    expect(error).toBeUndefined();
  });

  it('is refused where a restore has begun before the locks were had', async () => {
    const { ran, error } = await ctl(['put', 'a', 'b'], three, false, '', {
      meanwhile: ([first]) => Object.assign(first!.target.facts, open('restore')),
    });
    expect([ran, error?.exitCode]).toEqual([[], 3]);
  });

  it('wants most hosts in reach: another run may hold the rest', async () => {
    const { ran, error } = await ctl(['put', 'a', 'b'], [{ facts: WELL }, undefined, undefined]);
    expect([ran, error?.exitCode]).toEqual([[], 4]);
    expect(
      (await ctl(['put', 'a', 'b'], [{ facts: WELL }, { facts: WELL }, undefined])).error,
    ).toBeUndefined();
    const elsewhere = [{ facts: WELL, selected: false }, { facts: WELL, selected: false }, undefined];
    expect((await ctl(['put', 'a', 'b'], elsewhere)).error).toMatchObject({ exitCode: 4 });
  });

  it('makes no records on hosts that have none of ours', async () => {
    const theirs = { facts: { ...WELL, owner: undefined, data: 'present' } } as const;
    const { ran, locked } = await ctl(['put', 'a', 'b'], [theirs]);
    expect([ran.length, locked]).toEqual([1, []]);
  });

  it('leaves a failed step where etcdctl failed, and nothing where the run was asked to end before', async () => {
    const failing = [{ facts: WELL, pipes: () => 1 }];
    const { steps, error } = await ctl(['del', 'a'], failing);
    expect([steps.at(-1), error?.exitCode]).toEqual(['failed etcd01: etcdctl del a', 2]);
    const stopped = await ctl(['del', 'a'], failing, false, '', { stopping: () => true });
    expect([stopped.ran, stopped.steps]).toEqual([[], ['planned etcd01: etcdctl del a']]);
  });

  it('leaves a failed step where Ctrl-C has ended etcdctl, which is no error', async () => {
    let isStopping = false;
    const pipes = () => {
      isStopping = true;
      return 130;
    };
    const { steps, error } = await ctl(['del', 'a'], [{ facts: WELL, pipes }], false, '', {
      stopping: () => isStopping,
    });
    expect([steps.at(-1), error]).toEqual(['failed etcd01: etcdctl del a', undefined]);
  });
});

function yes(line: string): readonly [string, boolean] {
  return [line, true];
}

function no(line: string): readonly [string, boolean] {
  return [line, false];
}

describe('standard input', () => {
  const READS: readonly (readonly [readonly string[], boolean])[] = [
    [['put', 'key'], true],
    [['put', 'key', '--lease=1'], true],
    [['txn'], true],
    [['user', 'add', 'ann', '--interactive=false'], true],
    [['--user', 'root:pw', 'user', 'add', 'ann', '--interactive=false'], true],
    [['user', 'passwd', 'ann', '--interactive=false'], true],
    [['put', '--lease', '1234', '/key'], true],
    [['put', '--', '-key'], true],
    [['-w', 'json', 'txn'], true],
    [['--hex', 'txn'], true],
    [['put', '--ignore-value', '/key'], false],
    [['user', 'add', 'ann:pw', '--interactive=false'], false],
    [['user', 'add', 'ann', '--interactive=false', '--no-password'], false],
    [['--write-out', 'put', 'get', 'key'], false],
    [['put', 'key', 'value'], false],
    [['get', 'key'], false],
    [['user', 'list'], false],
    [['watch', 'key'], false],
  ];
  it.each(READS)('of %j goes along: %s', async (words, goes) => {
    const { ran } = await ctl(words, [{ facts: WELL }], false, 'the value\n');
    const encoded = Buffer.from('the value\n').toString('base64');
    expect(ran[0]?.[1].includes(encoded)).toBe(goes);
  });

  it.each(['', '\n', '\nsecret\n'])(
    'without a password where one is to be set is refused: %j',
    async (input) => {
      const words = ['--user', 'root:pw', 'user', 'add', 'ann', '--interactive=false'];
      const { ran, error } = await ctl(words, [{ facts: WELL }], false, input);
      expect(ran).toEqual([]);
      expect(error).toMatchObject({ exitCode: 3, message: expect.stringContaining('has no password') });
    },
  );

  it.each([
    ['by default', {}, 1.5 * 2 ** 20],
    ['with a larger setting', { 'max-request-bytes': 2 ** 21 }, 2 ** 21],
    ['with one that is text', { 'max-request-bytes': '2097152' }, 2 ** 21],
  ])('that is larger than any value is refused before it is sent: %s', async (_what, etcd_settings, most) => {
    const member = { facts: WELL, vars: { etcd_settings } };
    const fits = await ctl(['put', 'a'], [member], false, 'x'.repeat(most));
    expect([fits.ran.length, fits.error]).toEqual([1, undefined]);
    const { ran, error } = await ctl(['put', 'a'], [member], false, 'x'.repeat(most + 1));
    expect(ran).toEqual([]);
    expect(error).toMatchObject({ exitCode: 3, hint: expect.stringContaining(`at most ${most}`) });
  });
});

describe('before any contact', () => {
  const host = (name: string, etcd_cluster_name: string, vars: object) => {
    return { name, vars: { ...DEFAULTS, etcd_cluster_name, ...vars }, hostvars: {} };
  };
  const WRONG: readonly (readonly [string, readonly string[], object, string | undefined])[] = [
    ['no command', ['prod'], { none: true }, 'no command for etcdctl'],
    ['several clusters, none named', ['prod', 'test'], {}, 'the hosts are of 2 clusters: prod, test'],
    ['a cluster that is not there', ['prod'], { cluster: 'x' }, '--cluster x: the inventory has prod'],
    ['one of several', ['prod', 'test'], { cluster: 'test' }, undefined],
    ['the only one', ['prod'], {}, undefined],
  ];
  it.each(WRONG)('%s', (_name, clusters, vars, message) => {
    const hosts = clusters.map((name, i) => host(`etcd0${i + 1}`, name, vars));
    expect(etcdctlProblems(hosts, 'none' in vars ? [] : ['get']).map((problem) => problem.message)).toEqual(
      message ? [message] : [],
    );
  });
});
