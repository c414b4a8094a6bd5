import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isHostName, isUser } from '../../../lib/inventory/destination.ts';
import { sshVersion } from '../transport/support/real-ssh.ts';
import { load, refusal } from './support.ts';

const HOSTS = [
  'a+b',
  '+a',
  'a~b',
  'a=b',
  'a%b',
  'a^b',
  'a#b',
  'a!b',
  'a_b',
  '_a',
  'a-',
  '.a',
  'a.',
  'A1',
  '1+2',
];
const NO_HOSTS = [
  'a b',
  'a;b',
  'a$b',
  'a`b',
  'a|b',
  'a"b',
  "a'b",
  'a\\b',
  'a(b',
  'a{b',
  'a<b',
  '-a',
  'a\nb',
  '~',
];
const USERS = ['a+b', 'a b', 'DOM\\u', 'a@b', 'a$', 'a%b', 'a*', '1', 'é', 'a-b', 'a  b'];
const NO_USERS = [
  'a;b',
  "a'b",
  'a"b',
  'a`b',
  'a|b',
  'a(b',
  '{a}',
  'a&b',
  'a<b',
  '-a',
  'a -b',
  'a\\',
  'a\nb',
  ' a',
  '',
];

it.each([
  ['hosts', isHostName, HOSTS, NO_HOSTS],
  ['users', isUser, USERS, NO_USERS],
] as const)('%s may have what ssh takes, and nothing that a shell takes apart', (_, is, good, bad) => {
  expect([...good, ...bad].filter(is)).toEqual(good);
});

describe.runIf(sshVersion() !== undefined)('ssh takes', () => {
  it.each(HOSTS)('host %s', (host) => {
    expect(spawnSync('ssh', ['-F', 'none', '-G', '--', host]).status).toBe(0);
  });

  it.each(USERS)('user %s', (user) => {
    expect(spawnSync('ssh', ['-F', 'none', '-G', '-l', user, '--', 'host']).status).toBe(0);
  });
});

it('a user before the address is judged as any other', async () => {
  const [error] = await refusal(load({ h: 'w ansible_host="a;b@web"\n' }, { inventories: ['h'] }));
  expect(error?.message).toContain('ansible_host of w: must be an IP address or a host name');
});
