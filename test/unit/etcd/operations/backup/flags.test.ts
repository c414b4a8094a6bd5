import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backupPlay } from '../../../../../lib/etcd/operations/backup/play.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

const problems = async (vars: Record<string, unknown>) => {
  const { hosts } = fakeCluster([{}, {}, {}], vars);
  return ((await backupPlay.check?.(hosts.map(({ target }) => target))) ?? [])
    .filter(({ level }) => level !== 'warning')
    .map(({ message }) => message);
};

const KEYS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hidden' };

describe('the command line of backup', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each(['/srv/backups', 'backups', './a:b', '../x', '/srv/a@b'])('copies to %s', async (to) => {
    expect(await problems({ to })).toEqual([]);
  });

  it.each([
    'sftp://backup@host/srv',
    'sftp://host/srv/etcd',
    'sftp://backup@host:2222/~/etcd',
    'sftp://[fd00::1]/srv',
  ])('copies to %s', async (to) => {
    expect(await problems({ to })).toEqual([]);
  });

  it.each(['', ' '])('refuses an empty place %j: a variable that is not set', async (to) => {
    expect(await problems({ to })).toEqual(['--to is empty: it names no place']);
  });

  it.each(['', ',', ' , '])('refuses to encrypt to nobody: %j', async (given) => {
    const vars = { to: '/srv', etcd_backup_age_recipients: ['age1x'] };
    expect(await problems({ ...vars, 'encrypt-to': given })).toEqual([
      '--encrypt-to names no public key of age',
    ]);
  });

  it.each(['sftp://h/srv/100%', 'sftp://h/a%zz', 'sftp://a%zz@h/srv'])('refuses %s', async (to) => {
    expect(await problems({ to })).toEqual([`--to ${to}: a % in it is not an escape of two hex digits`]);
  });

  it.each<[name: string, value: string, problem: RegExp]>([
    ['AWS_ENDPOINT_URL', 'https://me:hidden@minio', /^--to s3:\/\/b-1: AWS_ENDPOINT_URL has a user/],
    ['AWS_ENDPOINT_URL_S3', 'https://hidden@minio', /AWS_ENDPOINT_URL_S3 has a user/],
    ['AWS_ENDPOINT_URL', 'minio:hidden', /AWS_ENDPOINT_URL is not an address of a server/],
    ['AWS_ENDPOINT_URL', 'not hidden', /AWS_ENDPOINT_URL is not an address of a server/],
    ['AWS_SESSION_TOKEN', 'hidden\n', /AWS_SESSION_TOKEN has a space, a line end or no ASCII/],
    ['AWS_SECRET_ACCESS_KEY', 'hid den', /AWS_SECRET_ACCESS_KEY has a space/],
  ])('refuses %s=%j, and shows nothing of it', async (name, value, problem) => {
    for (const [key, one] of Object.entries({ ...KEYS, [name]: value })) vi.stubEnv(key, one);
    const said = await problems({ to: 's3://b-1' });
    expect(said).toEqual([expect.stringMatching(problem)]);
    expect(said.join()).not.toContain('hidden');
  });

  it.each(['s3://bucket/../other', 's3://bucket/a/./b', 's3://bucket/..'])('refuses %s', async (to) => {
    for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
    expect(await problems({ to })).toEqual([expect.stringContaining('. and .. in a prefix')]);
  });

  it.each(['ftp://host/prod', 'backup@host:/srv', 'host:backups'])(
    'refuses %s: it would make a folder of that name',
    async (to) => {
      expect(await problems({ to })).toEqual([
        `--to ${to}: copies lie in a folder of this machine, in sftp://user@host/folder or in s3://bucket/prefix`,
      ]);
    },
  );

  it.each<[to: string, keys: Readonly<Record<string, string>>, problem: string | undefined]>([
    ['s3://bucket', KEYS, undefined],
    ['s3://my.bucket-1/etcd/prod/', KEYS, undefined],
    ['s3://bucket/x', {}, 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY not set'],
    ['s3://bucket/x', { ...KEYS, AWS_SECRET_ACCESS_KEY: '' }, 'AWS_SECRET_ACCESS_KEY not set'],
    ['s3://', KEYS, 'this is not a bucket, with or without a prefix'],
    ['s3://bucket/x?acl', KEYS, 'this is not a bucket, with or without a prefix'],
  ])('copies to %s with %j: %s', async (to, keys, problem) => {
    for (const name of Object.keys(KEYS)) vi.stubEnv(name, keys[name] ?? '');
    expect(await problems({ to })).toEqual(problem === undefined ? [] : [`--to ${to}: ${problem}`]);
  });

  it.each(['sftp://backup@host', 'sftp://host/', 'sftp:///srv', 'sftp://host/srv?x=1', 'sftp://host:port/x'])(
    'refuses %s',
    async (to) => {
      expect(await problems({ to })).toEqual([`--to ${to}: this is not a folder of a host`]);
    },
  );

  it.each([
    ...['sftp://me:hidden@host/srv', 'ftp://me:hidden@host/srv', 's3://me:hidden@bucket/x'],
    ...['sftp://me:hid/hidden@host/srv', 'sftp://me:a@hidden@host/srv', 'ftp://me:hi:hidden@host/x'],
    ...['sftp://me:#hidden@host/srv', 'me:hidden@host:/srv'],
  ])('never shows a password', async (to) => {
    expect(await problems({ to })).toEqual([expect.not.stringContaining('hidden')]);
  });

  it.each<[vars: Record<string, unknown>, count: number]>([
    [{ 'encrypt-to': 'age1x' }, 1],
    [{ identity: 'key', drill: true }, 1],
    [{ identity: 'key', to: '/srv' }, 1],
  ])('encrypts with %j: %i problems', async (vars, count) => {
    expect(await problems(vars)).toHaveLength(count);
  });

  it('reads its keys before any contact, and names what is none', async () => {
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);
    const file = join(scratch(), 'key');
    writeFileSync(file, `${identity}\n`, { mode: 0o600 });
    const drill = { drill: true, to: '/srv' };
    expect(await problems({ ...drill, identity: file })).toEqual([]);
    expect(await problems({ ...drill, identity: '/none' })).toEqual(['--identity /none is not there']);
    writeFileSync(file, `${identity.slice(0, -1)}x\n`);
    expect(await problems({ ...drill, identity: file })).toEqual([
      `--identity ${file} has a line that is not an identity of age`,
    ]);
    const none = (key: string) =>
      `copies are to be encrypted to ${key}: no public key of age, or one with a slip`;
    expect(await problems({ to: '/srv', 'encrypt-to': recipient })).toEqual([]);
    expect(await problems({ to: '/srv', 'encrypt-to': 'age1x' })).toEqual([none('age1x')]);
    const known = { etcd_backup_age_recipients: [recipient, 'age1y'] };
    expect((await problems({ to: '/srv', ...known }))[0]).toBe(none('age1y'));
    expect(await problems(known)).toEqual([]);
  });

  it.each(['s3://bucket/two words/a+b', 's3://bucket/zürich/100%', 's3://bucket/k=v&x'])(
    'takes a prefix as it stands: %s',
    async (to) => {
      for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
      expect(await problems({ to })).toEqual([]);
    },
  );

  it.each<[style: string, endpoint: string, problem: RegExp | undefined]>([
    ['virtual', 'https://s3.example.com', undefined],
    ['path', 'https://10.0.0.1', undefined],
    ['virtual', 'https://10.0.0.1:9000', /AWS_ENDPOINT_URL has an IP address/],
    ['virtual', 'https://[fd00::1]', /AWS_ENDPOINT_URL has an IP address/],
    ['auto', '', /AWS_S3_ADDRESSING_STYLE is neither path nor virtual/],
  ])('asks for buckets by %s at %s: %s', async (style, endpoint, problem) => {
    const env = { ...KEYS, AWS_S3_ADDRESSING_STYLE: style, AWS_ENDPOINT_URL: endpoint };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect(await problems({ to: 's3://b-1' })).toEqual(problem ? [expect.stringMatching(problem)] : []);
  });

  it.each([{ list: true }, { keep: '1h' }])('tries none with %j', async (vars) => {
    expect(await problems({ drill: true, ...vars })).toHaveLength(1);
  });

  it.each([
    ['24h,7d,4w,12m', 0],
    ['all', 0],
    ['some', 1],
  ])('takes --keep %s: %i problems', async (keep, count) => {
    expect(await problems({ keep })).toHaveLength(count);
  });
});
