import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { isTooNew, MINORS, minorOf } from '../../../lib/etcd/model/versions.ts';
import { ETCD_VERSIONS, KNOWN_VERSIONS, NEWEST, TOO_NEW } from '../../lab/support/releases/etcdVersions.ts';

it('the lab has every minor that is known, and one that is not', () => {
  expect([...new Set(KNOWN_VERSIONS.map(minorOf))]).toEqual([...MINORS]);
  expect(ETCD_VERSIONS.filter(isTooNew)).toEqual([TOO_NEW]);
});

it('`npm run lab` has the newest', () => {
  const inventory = readFileSync(new URL('../../../inventory/lab.yaml', import.meta.url), 'utf8');
  expect(parse(inventory).etcd.vars.etcd_version).toBe(NEWEST);
});
