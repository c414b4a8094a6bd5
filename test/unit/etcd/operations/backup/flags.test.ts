import { afterEach, describe, expect, it, vi } from 'vitest';
import { backupPlay } from '../../../../../lib/etcd/operations/backup/play.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';

const problems = (vars: Record<string, unknown>) => {
  const { hosts } = fakeCluster([{}, {}, {}], vars);
  return (backupPlay.check?.(hosts.map(({ target }) => target)) ?? [])
    .filter(({ level }) => level !== 'warning')
    .map(({ message }) => message);
};

const KEYS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hidden' };

describe('the command line of backup', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each(['/srv/backups', 'backups', './a:b', '../x', '/srv/a@b'])('copies to %s', (to) => {
    expect(problems({ to })).toEqual([]);
  });

  it.each([
    'sftp://backup@host/srv',
    'sftp://host/srv/etcd',
    'sftp://backup@host:2222/~/etcd',
    'sftp://[fd00::1]/srv',
  ])('copies to %s', (to) => {
    expect(problems({ to })).toEqual([]);
  });

  it.each(['ftp://host/prod', 'backup@host:/srv', 'host:backups'])(
    'refuses %s: it would make a folder of that name',
    (to) => {
      expect(problems({ to })).toEqual([
        `--to ${to}: copies go to a folder of this machine, to sftp://user@host/folder or to s3://bucket/prefix`,
      ]);
    },
  );

  it.each<[to: string, keys: Readonly<Record<string, string>>, problem: string | undefined]>([
    ['s3://bucket', KEYS, undefined],
    ['s3://my.bucket-1/etcd/prod/', KEYS, undefined],
    ['s3://bucket/x', {}, 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY not set'],
    ['s3://bucket/x', { ...KEYS, AWS_SECRET_ACCESS_KEY: '' }, 'AWS_SECRET_ACCESS_KEY not set'],
    ['s3://', KEYS, 'this is no bucket, with or without a prefix'],
    ['s3://bucket/x?acl', KEYS, 'this is no bucket, with or without a prefix'],
  ])('copies to %s with %j: %s', (to, keys, problem) => {
    for (const name of Object.keys(KEYS)) vi.stubEnv(name, keys[name] ?? '');
    expect(problems({ to })).toEqual(problem === undefined ? [] : [`--to ${to}: ${problem}`]);
  });

  it.each(['sftp://backup@host', 'sftp://host/', 'sftp:///srv', 'sftp://host/srv?x=1', 'sftp://host:port/x'])(
    'refuses %s',
    (to) => {
      expect(problems({ to })).toEqual([`--to ${to}: this is no folder of a host`]);
    },
  );

  it.each(['sftp://me:hidden@host/srv', 'ftp://me:hidden@host/srv', 's3://me:hidden@bucket/x'])(
    'never shows a password',
    (to) => {
      expect(problems({ to })).toEqual([expect.not.stringContaining('hidden')]);
    },
  );

  it.each<[vars: Record<string, unknown>, count: number]>([
    [{ 'encrypt-to': 'age1x', to: '/srv' }, 0],
    [{ 'encrypt-to': 'age1x' }, 1],
    [{ identity: 'key', drill: true, to: '/srv' }, 0],
    [{ identity: 'key', drill: true }, 1],
    [{ identity: 'key', to: '/srv' }, 1],
  ])('encrypts with %j: %i problems', (vars, count) => {
    expect(problems(vars)).toHaveLength(count);
  });

  it.each([{ list: true }, { keep: '1h' }])('tries none with %j', (vars) => {
    expect(problems({ drill: true, ...vars })).toHaveLength(1);
  });

  it.each([
    ['24h,7d,4w,12m', 0],
    ['all', 0],
    ['some', 1],
  ])('takes --keep %s: %i problems', (keep, count) => {
    expect(problems({ keep })).toHaveLength(count);
  });
});
