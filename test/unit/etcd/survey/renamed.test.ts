import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { otherUnitFacts, parseOtherUnit } from '../../../../lib/etcd/facts/other-unit.ts';
import type { Member } from '../../../../lib/etcd/model/cluster.ts';
import { ownershipProblems } from '../../../../lib/etcd/survey/ownership.ts';
import { renamedProblems } from '../../../../lib/etcd/survey/renamed.ts';
import { groundProblems } from '../../../../lib/etcd/survey/survey.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';

const ETCD = { service: 'etcd', owner: 'cluster c' };

it.each<[string, Readonly<Record<string, readonly [owner: string, manifest?: string]>>, object | undefined]>([
  ['has none', {}, undefined],
  ['has those of the member', { db: ['cluster c', '/data'] }, undefined],
  ['has those of another cluster', { etcd: ['cluster other', '/else'] }, undefined],
  ['has those of the member under another name', { etcd: ['cluster c'] }, ETCD],
  [
    'has its data under other names',
    { etcd: ['cluster x', '/data'] },
    { service: 'etcd', owner: 'cluster x' },
  ],
  ['has both', { etcd: ['cluster c', '/data'], db: ['cluster c', '/data'] }, undefined],
])('a host where our records %s', (_what, records, found) => {
  const dir = scratch();
  for (const [name, [owner, manifest = '']] of Object.entries(records)) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'owner'), `${owner}\n`);
    writeFileSync(join(dir, name, 'manifest'), `/x\n${manifest}\n`);
  }
  const member = { manager: 'systemd', cluster: 'c', stateDir: join(dir, 'db'), dataDir: '/data' } as Member;
  const { stdout } = spawnSync('sh', ['-c', otherUnitFacts(member).text], { encoding: 'utf8' });
  expect(parseOtherUnit(stdout)).toEqual(found);
});

it.each([
  ['cluster etcd', /^set etcd_service_name: old: /],
  ['cluster x', /^set etcd_service_name: old and etcd_cluster_name: x: /],
])(
  'a unit of %s that was renamed in the inventory is told as that alone, whoever asks',
  async (owner, hint) => {
    const facts = { otherUnit: { service: 'old', owner }, service: 'absent', data: 'present' } as const;
    const surveyed = fakeCluster([{ facts }, {}], { etcd_service_name: 'db' });
    const told = [
      {
        exitCode: 3,
        message: expect.stringMatching(/^etcd01: old\.service was set up from here .* calls the unit db$/),
        hint: expect.stringMatching(hint),
      },
    ];
    expect(renamedProblems(surveyed.hosts)).toMatchObject(told);
    expect(await ownershipProblems(surveyed, undefined)).toMatchObject(told);
    expect(await groundProblems(surveyed, undefined)).toMatchObject(told);
  },
);
