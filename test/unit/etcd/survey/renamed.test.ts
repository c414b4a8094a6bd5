import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { otherUnitFacts, parseOtherUnits } from '../../../../lib/etcd/facts/other-unit.ts';
import type { Member } from '../../../../lib/etcd/model/cluster.ts';
import { ownershipProblems } from '../../../../lib/etcd/survey/ownership.ts';
import { renamedProblems } from '../../../../lib/etcd/survey/renamed.ts';
import { groundProblems } from '../../../../lib/etcd/survey/survey.ts';
import type { EtcdHost } from '../../../../lib/etcd/surveyed.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';

const ETCD = { service: 'etcd', owner: 'cluster c' };

it.each<[string, Readonly<Record<string, readonly [owner: string, manifest?: string]>>, readonly object[]]>([
  ['has none', {}, []],
  ['has those of the member', { db: ['cluster c', '/data'] }, []],
  ['has those of another cluster', { etcd: ['cluster other', '/else'] }, []],
  ['has those of the member under another name', { etcd: ['cluster c'] }, [ETCD]],
  [
    'has its data under other names',
    { etcd: ['cluster x', '/data'] },
    [{ service: 'etcd', owner: 'cluster x' }],
  ],
  ['has both', { etcd: ['cluster c', '/data'], db: ['cluster c', '/data'] }, []],
  [
    'has those of two others of its cluster',
    { etcd: ['cluster c'], old: ['cluster c'] },
    [ETCD, { service: 'old', owner: 'cluster c' }],
  ],
])('a host where our records %s', (_what, records, found) => {
  const dir = scratch();
  for (const [name, [owner, manifest = '']] of Object.entries(records)) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'owner'), `${owner}\n`);
    writeFileSync(join(dir, name, 'manifest'), `/x\n${manifest}\n`);
  }
  const member = { manager: 'systemd', cluster: 'c', stateDir: join(dir, 'db'), dataDir: '/data' } as Member;
  const { stdout } = spawnSync('sh', ['-c', otherUnitFacts(member).text], { encoding: 'utf8' });
  expect(parseOtherUnits(stdout)).toEqual(found);
});

it.each([
  ['cluster etcd', /^set etcd_service_name: old: /],
  ['cluster x', /^set etcd_service_name: old and etcd_cluster_name: x: /],
])(
  'a unit of %s that was renamed in the inventory is told as that alone, whoever asks',
  async (owner, hint) => {
    const facts = { otherUnits: [{ service: 'old', owner }], service: 'absent', data: 'present' } as const;
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

describe('a second member on a machine', () => {
  const unit = (service: string) => ({ service, owner: 'cluster etcd' });
  const on = (machine: string | undefined) => ({ ...ORDINARY.host, machine });
  /** A first host whose unit is etcd, and a second one whose unit is db, where our records have these other ones. */
  const two = (first: string | undefined, second: string | undefined, ...units: readonly string[]) =>
    fakeCluster([
      { facts: { host: on(first) } },
      { facts: { host: on(second), otherUnits: units.map(unit) }, vars: { etcd_service_name: 'db' } },
    ]).hosts;
  it.each<[what: string, hosts: readonly EtcdHost[], told: readonly RegExp[]]>([
    ['is no unit that was renamed', two('m', 'm', 'etcd'), []],
    ["is one where a third unit is nobody's", two('m', 'm', 'etcd', 'old'), [/^etcd02: old\.service /]],
    ['is one where that unit is on another machine', two('m', 'n', 'etcd'), [/^etcd02: etcd\.service /]],
    ['is one where no machine is told', two(undefined, undefined, 'etcd'), [/^etcd02: etcd\.service /]],
  ])('%s', (_what, hosts, told) => {
    const wanted = told.map((message) => ({ message: expect.stringMatching(message) }));
    expect(renamedProblems(hosts)).toMatchObject(wanted);
  });

  it('is none either where it alone is asked about', async () => {
    const all = two('m', 'm', 'etcd');
    const second = { ...fakeCluster([{}]), hosts: all.slice(1) };
    expect(await ownershipProblems(second, undefined, [], all)).toEqual([]);
    expect(await groundProblems(second, undefined, undefined, all)).toEqual([]);
  });
});
