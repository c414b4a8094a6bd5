import { describe, expect, it } from 'vitest';
import { pinnedDigest } from '../../../../lib/etcd/model/pinned-digest.ts';

const [ONE, OTHER] = ['a'.repeat(64), 'b'.repeat(64)];
const SEVERAL = { '3.6.16-amd64': ONE, '3.7.3-amd64': OTHER };

describe('the digest that is pinned', () => {
  it.each<
    [what: string, vars: Readonly<Record<string, unknown>>, version: string | undefined, found: unknown]
  >([
    ['none', { etcd_version: '3.7.3' }, '3.6.16', undefined],
    ['that of the wanted release', { etcd_sha256: ONE, etcd_version: '3.7.3' }, '3.7.3', ONE],
    ['that of whatever release comes', { etcd_sha256: ONE }, '3.7.3', ONE],
    ['that of a stop', { etcd_sha256: SEVERAL, etcd_version: '3.7.3' }, '3.6.16', ONE],
    [
      'none of a package',
      { etcd_sha256: ONE, etcd_version: '3.7.3', etcd_source: 'package' },
      '3.6.16',
      undefined,
    ],
  ])('is %s', (_what, vars, version, found) => {
    expect(pinnedDigest(vars, version, 'amd64')).toBe(found);
  });

  it.each<[what: string, pinned: unknown, version: string | undefined, message: string]>([
    [
      'a stop',
      ONE,
      '3.6.16',
      'etcd_sha256 is the digest of etcd 3.7.3, and etcd 3.6.16 is to be brought, too',
    ],
    [
      'a stop that the mapping lacks',
      SEVERAL,
      '3.5.33',
      'no digest of 3.5.33-amd64, only of 3.6.16-amd64, 3.7.3-',
    ],
    ['a release that nobody names', SEVERAL, undefined, 'no digest of any release-amd64'],
  ])('is wanted of every release: %s', (_what, etcd_sha256, version, message) => {
    const vars = { etcd_sha256, etcd_version: version && '3.7.3' };
    expect(() => pinnedDigest(vars, version, 'amd64')).toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.stringContaining(message) }),
    );
  });
});
