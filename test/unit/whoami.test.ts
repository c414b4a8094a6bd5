import { userInfo } from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import { home } from '../../lib/whoami.ts';

afterEach(() => void vi.unstubAllEnvs());

it.each([
  ['/somewhere', '/somewhere'],
  ['', userInfo().homedir],
  [undefined, userInfo().homedir],
])('the home where $HOME is %j is %s', (value, found) => {
  vi.stubEnv('HOME', value);
  expect(home()).toBe(found);
});
