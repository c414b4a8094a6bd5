import { expect, it } from 'vitest';
import { parseSnapshot } from '../../../../lib/etcd/snapshots/snapshot.ts';

const FILE = 'prod-20261127T101500Z-r7.db';
const SAID = {
  ...{ time: '2026-11-27T10:15:00Z', member: 'etcd01', cluster: 'prod', clusterId: 'c0ffee', revision: 7 },
  ...{ keys: 1, size: 20_480, hash: 1, sha256: 'ab12', version: '3.6.16', run: 'timer' },
};

it.each<[string, object, boolean]>([
  ['as it was written', {}, true],
  ['of a version before its release', { version: '3.7.0-rc.1' }, true],
  ['with a version that is none', { version: '3.6.16\u001b[2J' }, false],
  ['with a path for a version', { version: '../../x' }, false],
  ['with an ID that is none', { clusterId: 'x y' }, false],
  ['with a digest that is none', { sha256: '\u202eab' }, false],
])('takes a description only as what it can be: %s', (_what, change, isKnown) => {
  expect(parseSnapshot(FILE, JSON.stringify({ ...SAID, ...change }), 0) !== undefined).toBe(isKnown);
});
