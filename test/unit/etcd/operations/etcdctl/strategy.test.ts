import { describe, expect, it } from 'vitest';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { etcdctlProblems, etcdctlStrategy } from '../../../../../lib/etcd/operations/etcdctl/strategy.ts';
import { DEFAULTS } from '../../../support/defaults.ts';
import { type FakeMember, fakeCluster } from '../../../support/fake-cluster.ts';

const WELL = { reading: { healthy: true } as MemberReading, owner: 'cluster prod' };
const SICK = { reading: { healthy: false } as MemberReading, owner: 'cluster prod' };

/** Which host ran what, and what was said of it. */
async function ctl(
  words: readonly string[],
  members: readonly (FakeMember | undefined)[],
  check = false,
  input = '',
) {
  const ran: [string, string][] = [];
  const said: string[] = [];
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
  const run = cluster.run({ check, conclude: (message) => said.push(message) });
  const error = await strategy.verify?.(run).then(
    () => undefined,
    (reason) => reason,
  );
  return { ran, said, error };
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
    const { ran, said } = await ctl(['put', 'a', 'b'], [{ facts: WELL }], true);
    expect([ran, said]).toEqual([[], ['etcd01 would run etcdctl put a ********']]);
  });
});

it.each([
  [['--user', 'root:geheim', 'get', '/k'], '--user root:******** get /k'],
  [['--password=geheim', '--user=root', 'user', 'list'], '--password=******** --user=root user list'],
  [['-w', 'json', 'user', 'add', 'ann:geheim'], '-w json user add ann:********'],
  [['--lease', '12', 'put', '/k', 'geheim'], '--lease 12 put /k ********'],
  [['put', '/k', '12', '--lease', '12'], 'put /k ******** --lease ********'],
  [['user', 'add', 'ann', '--new-user-password', 'geheim'], 'user add ann --new-user-password ********'],
])('a check tells no password and no value: %j', async (words, told) => {
  const { said } = await ctl(words, [{ facts: WELL }], true);
  expect(said).toEqual([`etcd01 would run etcdctl ${told}`]);
});

it('each word reaches etcdctl as it is', async () => {
  const { ran } = await ctl(['get', "it's; rm -rf $HOME", ''], [{ facts: WELL }]);
  expect(ran[0]?.[1]).toContain(`q_etcdctl get 'it'\\''s; rm -rf $HOME' '' </dev/null`);
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
