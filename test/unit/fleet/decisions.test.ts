import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clustersOf } from '../../../lib/fleet/clusters.ts';
import { expand } from '../../../lib/fleet/glob.ts';
import { backoffOf } from '../../../lib/fleet/order.ts';
import { exitOf, type JobStatus, verdictOf } from '../../../lib/fleet/outcome.ts';
import { isStopped, nextStep, parseErrors, parseWaves, wavesOf } from '../../../lib/fleet/waves.ts';
import { checkWords } from '../../../lib/fleet/words.ts';
import { scratch } from '../support/scratch.ts';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCD'];

describe('the end of a process', () => {
  const RUN = { cancelled: false, check: false };
  it.each([
    [0, RUN, 'done'],
    [0, { cancelled: true, check: false }, 'done'],
    [8, { cancelled: false, check: true }, 'drift'],
    [8, { cancelled: true, check: true }, 'drift'],
    [8, RUN, 'failed'],
    [4, RUN, 'retry'],
    [6, RUN, 'retry'],
    [130, RUN, 'retry'],
    [143, RUN, 'retry'],
    [undefined, RUN, 'retry'],
    [130, { cancelled: true, check: false }, 'cancelled'],
    [undefined, { cancelled: true, check: false }, 'cancelled'],
    [4, { cancelled: true, check: false }, 'cancelled'],
    ...[1, 2, 3, 5, 7, 70, 13, 127].map((code) => [code, RUN, 'failed'] as const),
  ] as const)('%s, %o: %s', (code, how, verdict) => {
    expect(verdictOf({ code, ...how })).toBe(verdict);
  });

  it.each<[statuses: JobStatus[], code: number]>([
    [['done', 'done'], 0],
    [['done', 'drift'], 8],
    [['drift', 'failed', 'skipped'], 2],
    [['done', 'cancelled'], 130],
    [['failed', 'cancelled', 'skipped'], 130],
  ])('of a fleet with %j: %i', (statuses, code) => {
    expect(exitOf(statuses)).toBe(code);
  });
});

describe('waves', () => {
  it.each([
    ['1,10%,100%', [1, 3, 26]],
    ['100%', [30]],
    ['10', [10, 10, 10]],
    ['1, 2 ,50%', [1, 2, 15, 12]],
    ['0.5%,100%', [1, 29]],
  ])('%s of 30: %j', (text, sizes) => {
    const waves = wavesOf(LETTERS, parseWaves(text));
    expect(waves.map(({ length }) => length)).toEqual(sizes);
    expect(waves.flat()).toEqual(LETTERS);
  });

  it.each(['', '0', '1,,2', '101%', '-1', '10 %', 'all', '0%', '1.5'])('refuses %j', (text) => {
    expect(() => parseWaves(text)).toThrow('--waves takes sizes of waves');
  });

  it.each([
    [0, '0', 10, false],
    [1, '0', 10, true],
    [2, '2', 10, false],
    [3, '2', 10, true],
    [1, '10%', 10, false],
    [1, '10%', 9, true],
  ])('%i failed of at most %s, of %i: stopped is %s', (failed, errors, size, stopped) => {
    expect(isStopped(failed, parseErrors(errors), size)).toBe(stopped);
  });
});

describe('after a wave', () => {
  const WAVES = [['a'], ['b', 'c', 'd'], ['e']];
  it.each([
    [0, { failed: 0, cancelled: false, errors: 0 }, 'wave'],
    [1, { failed: 0, cancelled: false, errors: 0 }, 'wave'],
    [1, { failed: 1, cancelled: false, errors: 0 }, 'stop'],
    [2, { failed: 1, cancelled: false, errors: 1 }, 'wave'],
    [2, { failed: 1, cancelled: false, errors: '34%' }, 'wave'],
    [2, { failed: 1, cancelled: false, errors: '33%' }, 'stop'],
    [0, { failed: 0, cancelled: true, errors: 0 }, 'stop'],
    [3, { failed: 1, cancelled: false, errors: 0 }, 'end'],
    [3, { failed: 0, cancelled: true, errors: 0 }, 'end'],
  ] as const)('%i, with %o: %s', (begun, how, step) => {
    expect(nextStep(WAVES, begun, how)).toBe(step);
  });
});

describe('attempts', () => {
  it('wait twice as long each time, an hour at most', () => {
    expect([1, 2, 3, 12].map((attempt) => backoffOf({ backoff: 10_000 }, attempt))).toEqual([
      10_000, 20_000, 40_000, 3_600_000,
    ]);
  });
});

describe('clusters', () => {
  const named = (patterns: readonly string[], shards = 1) => {
    const folder = scratch();
    for (const path of [
      'inv/c10.yaml',
      'inv/c2.yaml',
      'inv/c2.yaml~',
      'inv/notes.md',
      'a/hosts.yaml',
      'b/hosts.yaml',
      'canary.ini',
      'odd/eu west:1',
      'odd/eu-west-1',
    ]) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), '');
    }
    for (const path of ['inv/group_vars', 'inv/big/host_vars'])
      mkdirSync(join(folder, path), { recursive: true });
    const before = process.cwd();
    process.chdir(folder);
    try {
      return clustersOf(patterns, shards, folder);
    } finally {
      process.chdir(before);
    }
  };

  it.each<[patterns: string[], names: string[]]>([
    [['inv/*'], ['big', 'c2', 'c10']],
    [
      ['canary.ini', 'inv/c*.yaml', 'inv/c2.yaml'],
      ['canary', 'c2', 'c10'],
    ],
    [['**/hosts.yaml'], ['a-hosts', 'b-hosts']],
    [['{b,a}/hosts.yaml'], ['b-hosts', 'a-hosts']],
    [['odd/*'], ['odd-eu-west-1-1', 'odd-eu-west-1-2']],
    [
      ['inv/c[0-9]?.yaml', 'inv/c?.yaml'],
      ['c10', 'c2'],
    ],
  ])('%j are %j', (patterns, names) => {
    expect(named(patterns).map(({ cluster }) => cluster)).toEqual(names);
  });

  it('may have odd names, and folders that lead to themselves', () => {
    const folder = scratch();
    mkdirSync(join(folder, 'inv'));
    for (const path of ['inv/[z-a].yaml', 'inv/z.yaml']) writeFileSync(join(folder, path), '');
    for (const name of ['self', 'other']) symlinkSync(folder, join(folder, 'inv', name));
    symlinkSync('loop', join(folder, 'inv/loop'));
    const found = (pattern: string) => expand(join(folder, pattern)).map((path) => relative(folder, path));
    expect(found('inv/[z-a].yaml')).toEqual(['inv/[z-a].yaml']);
    expect(found('**/*.yaml')).toEqual(['inv/[z-a].yaml', 'inv/z.yaml']);
    expect(found('inv/loop/*')).toEqual([]);
    expect(found('*/self/inv/z.yaml')).toEqual(['inv/self/inv/z.yaml']);
  });

  it('of an inventory may be parts, each a job', () => {
    expect(named(['canary.ini'], 2)).toEqual([
      { cluster: 'canary-1of2', inventory: 'canary.ini', shard: '1/2' },
      { cluster: 'canary-2of2', inventory: 'canary.ini', shard: '2/2' },
    ]);
  });

  it('have names of their own', () => {
    const folder = scratch();
    for (const path of ['a.yaml', 'a-1of2.yaml']) writeFileSync(join(folder, path), '');
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect(clustersOf(['*.yaml'], 1, folder)).toHaveLength(2);
      mkdirSync('x');
      for (const path of ['x-b-2', 'x/b', 'x/b.yaml']) writeFileSync(path, '');
      expect(() => clustersOf(['x-b-2', 'x/b', 'x/b.yaml'], 1, folder)).toThrow(
        '2 jobs would have the name x-b-2',
      );
    } finally {
      process.chdir(before);
    }
  });

  it.each([
    ['inv/none*', 'no inventory matches inv/none*'],
    ['none.yaml', 'there is no inventory none.yaml'],
    ['/etc/hosts', '/etc/hosts lies outside of this folder'],
  ])('%s: %s', (pattern, message) => {
    expect(() => named([pattern])).toThrow(message);
  });
});

describe('words for the playbook', () => {
  it.each([
    [['-l', 'web', '--diff', '-e', 'version=3', '-r', 'base', '-b']],
    [['-e', '@vars/secrets.yaml', '--vault-password-file=pass.txt']],
    [['--vault-id=prod@pass.txt', '--vault-id', 'dev@pass.txt', '--vault-password-file', 'prompt']],
    [['-e', '{"replicas": 3}', '--via', '3.6.0']],
    [['web', '--', 'systemctl', 'is-active', '-K']],
    [['all', '--', 'vault', 'login', '--token-file', 'x', '--password-path', 'y', '--token', '@file']],
    [['all', '--', 'curl', '--passive', 'yes', '--password', '/run/password', '--token', '$TOKEN']],
    [['all', '--', 'curl', 'https://registry:4873/@types/node']],
  ])('%j pass', (words) => {
    expect(() => checkWords(words, false)).not.toThrow();
  });

  it.each([
    [['-i', 'x.yaml'], 'a job takes no --inventory'],
    [['-K'], 'a job takes no --ask-become-pass'],
    [['-bK'], 'a job takes no --ask-become-pass'],
    [['-J'], 'a job takes no --ask-vault-pass'],
    [['--vault-id', 'dev@pass.txt', '--vault-id', 'prompt'], 'a job takes no vault password from a prompt'],
    [['--vault-password-file', 'dev@prompt'], 'a job takes no vault password from a prompt'],
    [['--trust'], 'a job takes no --trust'],
    [['-C'], 'a job takes no --check'],
    [['--output', 'json'], 'a job takes no --output'],
    [['--apply', 'plan.json'], 'a job takes no --apply'],
    [['-e', 'db_password=hunter2'], 'a job takes no secrets, and "db_password" is named like one'],
    [['-edb_password=hunter2'], 'a job takes no secrets'],
    [['-e', 'size=3 api_token=abc'], 'a job takes no secrets, and "api_token" is named like one'],
    [['-e', '{"a": 1, "b": {"db_password": "hunter2"}}'], '"db_password" is named like one'],
    [['all', '--', 'redis-cli', '-u', 'redis://:hunter2@h'], 'a job takes no secrets'],
    [['all', '--', 'redis-cli', '-u', 'redis://:hunter2/x#y@h'], 'a job takes no secrets'],
    [['all', '--', 'mysql', '--password', 'hunter2'], 'what stands after --password is one'],
    [['all', '--', 'x', '--api-key', 'hunter2'], 'what stands after --api-key is one'],
    [['all', '--', 'mysql', '-phunter2'], 'what stands after -p is one'],
    [['all', '--', 'sshpass', '-p', 'hunter2', 'ssh', 'x'], 'what stands after -p is one'],
    [['all', '--', 'curl', '-u', 'me:hunter2', 'x'], 'what stands after -u is one'],
    [['--', '--user', 'root:hunter2', 'get', 'x'], 'what stands after --user is one'],
    [['all', '--', 'mysqldump -uroot -phunter2 >x'], 'what stands after mysqldump is one'],
    [['all', '--', 'curl', '-H', 'Authorization: Bearer hunter2'], 'a job takes no secrets'],
    [['all', '--', 'curl', '-H', 'X-Api-Key: hunter2'], 'a job takes no secrets'],
    [['--extra-vars={"db": {"password": "hunter2"}}'], 'a job takes no secrets'],
    [['all', '--', 'curl', 'https://me:hunter2@mirror/'], 'a job takes no secrets'],
  ])('%j: %s', (words, message) => {
    expect(() => checkWords(words, false)).toThrow(message);
    try {
      checkWords(words, false);
    } catch (error) {
      expect((error as Error).message).not.toContain('hunter2');
    }
  });

  it.each(['with password=hunter2', 'see https://me:hunter2@wiki/x', 'Authorization: Basic hunter2'])(
    'come without a secret in the message: %s',
    (message) => {
      expect(() => checkWords([], false, message)).toThrow('--message looks as if it held one');
      expect(() => checkWords([], false, 'nightly, as in ticket 4711')).not.toThrow();
    },
  );

  it('name no shard where the fleet makes them', () => {
    expect(() => checkWords(['--shard', '1/2'], true)).toThrow('a job takes no --shard');
    expect(() => checkWords(['--shard', '1/2'], false)).not.toThrow();
  });
});
