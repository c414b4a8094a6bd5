import { describe, inject, it } from 'vitest';
import type { EtcdVersion } from './releases/etcdVersions.ts';
import { releasedVersions } from './releases/releases.ts';

/** `describe` for tests that need a lab: skipped where none can run (`setup.ts` says why). */
export const describeLab = describe.skipIf(inject('labMissing') !== '');

/** The same for tests that need a redis-server besides. */
export const describeRedis = describe.skipIf(inject('redisMissing') !== '');

/** `describe` for tests that need a browser. */
export const describeBrowser = describe.skipIf(inject('browserMissing') !== '');

/** `it` for tests that need an etcd of these versions: skipped where the lab goes without one (`releases.ts` says why). */
export function itHaving(...versions: readonly EtcdVersion[]): typeof it.skip {
  return it.skipIf(versions.some((version) => !releasedVersions().includes(version)));
}
