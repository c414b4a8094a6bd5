import { expect, it } from 'vitest';
import { commandLine } from '../../../../../lib/command-line.ts';
import { NEWEST_RELEASE } from '../../../../../lib/etcd/model/versions.ts';
import { tellTaken } from '../../../../../lib/etcd/operations/site/taken.ts';
import { release } from '../../../../../lib/resources/release.ts';
import { clusterFacts, fakeCluster, planned } from '../../../support/fake-cluster.ts';

const INSTALLED = release('/opt/etcd/bin', {
  names: ['etcd'],
  version: undefined,
  record: '/x',
  mode: '0755',
  fetch: () => Promise.reject(new Error('nothing is fetched here')),
});

/** What is said after a first run that has installed this, of an inventory that left the choice open. */
async function said(version: string, vars = {}, change = {}): Promise<readonly string[]> {
  const cluster = clusterFacts({ version: undefined, ...change });
  const member = {
    facts: { cluster },
    plan: [planned(INSTALLED, 'create', { property: 'version' })],
    says: () => `${version} PATH (/usr/bin/etcd)\n`,
  };
  const surveyed = fakeCluster([member, { facts: { cluster } }], vars);
  await tellTaken(surveyed.run(), surveyed);
  return surveyed.said;
}

const ALLOWED = { etcd_allow_unsafe_version: true };
const TAKEN = (version: string) => `etcd: etcd ${version} was taken from PATH (/usr/bin/etcd)`;
const ADVICE = `etcd: while nobody depends on it: ${commandLine('destroy')}, set etcd_version: "${NEWEST_RELEASE}", and run again`;

it('which etcd a first run has taken is said', async () => {
  expect(await said(NEWEST_RELEASE)).toEqual([TAKEN(NEWEST_RELEASE)]);
});

it.each([
  ['3.6.10', {}, /etcd 3\.6\.10 has published security faults, mended in 3\.6\.14/],
  ['3.7.0', {}, /etcd 3\.7\.0 has published security faults/],
  ['3.6.4', ALLOWED, /etcd 3\.6\.4 can damage the data/],
  ['3.8.0', ALLOWED, /etcd 3\.8\.0 is newer than what is known here/],
])('what is known against it is said at once, with what to do: %s', async (version, vars, against) => {
  const lines = await said(version, vars);
  expect(lines[0]).toBe(TAKEN(version));
  expect(lines[1]).toMatch(against);
  expect(lines.at(-1)).toBe(ADVICE);
});

it('nothing is said where the survey knew the version', async () => {
  expect(await said('3.6.10', {}, { version: '3.6.10' })).toEqual([]);
});
