import { expect, it } from 'vitest';
import { finishLine, makesNewCluster, mayInterrupt, RENEWING } from '../../../lib/etcd/verbs.ts';

it('a restore and a recovery make another cluster, and no other verb does', () => {
  expect(RENEWING).toEqual(['restore', 'recover']);
  expect(['certs', 'upgrade', 'members', 'etcdctl', 'constructor'].some(makesNewCluster)).toBe(false);
});

it.each([
  ['recover', 'certs', true],
  ['recover', 'upgrade', false],
  ['restore', 'upgrade', true],
  ['upgrade', 'certs', false],
  ['of-later', 'certs', false],
])('%s interrupts %s: %s', (verb, begun, expected) => {
  expect(mayInterrupt(verb, begun)).toBe(expected);
});

it('a verb of a later version is finished by running it again', () => {
  expect(finishLine('of-later', { name: 'prod' })).toContain('finish it first, to the same target');
});

it('a restore of an encrypted file is finished with its key, of another one without', () => {
  const line = (from: string) => finishLine('restore', { name: 'prod' }, from);
  expect(line('a.db.age')).toContain('--from a.db.age --identity KEY;');
  expect(line('a.db')).toContain('--from a.db;');
});
