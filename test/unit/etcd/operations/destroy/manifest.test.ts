import { describe, expect, it } from 'vitest';
import type { PlayRun } from '../../../../../lib/dsl/play.ts';
import { ORDINARY } from '../../../../../lib/etcd/facts/index.ts';
import type { DestroyFacts } from '../../../../../lib/etcd/operations/destroy/facts.ts';
import { destroyStrategy, manifestProblems } from '../../../../../lib/etcd/operations/destroy/strategy.ts';
import { destroy } from '../../../../../roles/destroy.ts';
import { DEFAULTS } from '../../../support/defaults.ts';
import { fakeCluster, planned } from '../../../support/fake-cluster.ts';

const DUE = [planned('file:/etc/x', 'remove')];
const DATA = '/var/lib/etcd/default.etcd';
const CONF = '/opt/etcd/cfg/etcd.conf';
const IN_DATA = `${DATA}/member/wal`;
const LOGGED = { manifest: [DATA, CONF, '/srv/wal'], data: 'present' as const, dataIn: [DATA] };

function target(facts: Partial<DestroyFacts>, vars: object = {}) {
  const all = { ...DEFAULTS, ...vars };
  return {
    name: 'etcd01',
    vars: all,
    hostvars: { etcd01: all },
    facts: {
      ...ORDINARY,
      manifest: [DATA, CONF, 'user:etcd'],
      dataIn: [],
      logsIn: [],
      needed: new Map(),
      ...facts,
    },
  };
}

it.each([
  ['a minority, from which another run cannot be seen', [DUE, undefined, undefined], 4],
  ['a minority with nothing to take away', [[], undefined, undefined], undefined],
  ['most hosts', [DUE, DUE, undefined], undefined],
])('destroy that reaches %s', async (_what, plans, exitCode) => {
  const { run } = fakeCluster(plans.map((plan) => plan && { plan, facts: { manifest: [] } as object }));
  const admitted = Promise.resolve(destroyStrategy.admit?.(run() as unknown as PlayRun<DestroyFacts>));
  expect(await admitted.catch((error) => error.exitCode)).toBe(exitCode);
});

describe('destroy against the manifest', () => {
  const inDir = (dir: string, recorded: string) =>
    `3 etcd01: etcd_data_dir is ${dir}, and /var/lib/quorate/etcd/manifest has ${recorded}`;
  const inWal = (dir: string, recorded = '/srv/wal') =>
    `3 etcd01: etcd_wal_dir is ${dir}, and /var/lib/quorate/etcd/manifest has ${recorded}`;
  it.each<[string, Parameters<typeof target>, readonly string[]]>([
    ['the same directories', [{ data: 'present', dataIn: [DATA] }], []],
    [
      'no records, so nothing is touched',
      [{ manifest: undefined, data: 'empty' }, { etcd_data_dir: '/srv' }],
      [],
    ],
    ['data that is gone', [{ data: 'absent' }], []],
    [
      'another directory, with a file of somebody’s',
      [{ data: 'empty', dataIn: [DATA] }, { etcd_data_dir: '/srv/mine' }],
      [inDir('/srv/mine', DATA)],
    ],
    [
      'another directory that is not there',
      [{ data: 'absent', dataIn: [DATA] }, { etcd_data_dir: '/srv/mine' }],
      [inDir('/srv/mine', DATA)],
    ],
    [
      'another directory, and no data on record',
      [{ data: 'empty' }, { etcd_data_dir: '/srv/mine' }],
      [inDir('/srv/mine', 'no such directory')],
    ],
    [
      'a directory that was moved, with the old one left there',
      [{ manifest: ['/srv/old', DATA, CONF], data: 'present', dataIn: ['/srv/old', DATA] }],
      [],
    ],
    [
      'another configuration directory',
      [{ data: 'present', dataIn: [DATA] }, { etcd_config_dir: '/etc/etcd' }],
      [`3 etcd01: etcd_config_dir is /etc/etcd, and /var/lib/quorate/etcd/manifest has ${CONF}`],
    ],
    [
      'a raft log of its own, where it was put',
      [{ ...LOGGED, logsIn: ['/srv/wal'] }, { etcd_wal_dir: '/srv/wal' }],
      [],
    ],
    ['a raft log of its own, and no etcd_wal_dir', [{ ...LOGGED, logsIn: ['/srv/wal'] }], [inWal(IN_DATA)]],
    [
      'the same, with the data set aside by a run that was broken off',
      [{ ...LOGGED, data: 'absent', dataIn: [], logsIn: ['/srv/wal'] }],
      [inWal(IN_DATA)],
    ],
    [
      'a raft log of its own, and another etcd_wal_dir',
      [{ ...LOGGED, logsIn: ['/srv/wal'] }, { etcd_wal_dir: '/srv/other' }],
      [inWal('/srv/other')],
    ],
    [
      'a raft log where only etcd.conf has it',
      [{ data: 'present', dataIn: [DATA], walElsewhere: '/srv/wal' }],
      [inWal(IN_DATA)],
    ],
    [
      'an etcd_wal_dir with a log of somebody',
      [{ data: 'present', dataIn: [DATA], logsIn: ['/srv/other'] }, { etcd_wal_dir: '/srv/other' }],
      [inWal('/srv/other', 'no such directory')],
    ],
    [
      'a log in the data directory, and an etcd_wal_dir that nobody has made yet: it goes with the data',
      [{ data: 'present', dataIn: [DATA], walElsewhere: IN_DATA }, { etcd_wal_dir: '/srv/wal' }],
      [],
    ],
    [
      'a log that was moved, with the old one left there',
      [
        { ...LOGGED, manifest: ['/srv/old', ...LOGGED.manifest], logsIn: ['/srv/old', '/srv/wal'] },
        { etcd_wal_dir: '/srv/wal' },
      ],
      [],
    ],
  ])('%s', (_name, args, expected) => {
    const problems = manifestProblems({ target: target(...args) });
    expect(problems.map(({ exitCode, message }) => `${exitCode} ${message}`)).toEqual(expected);
    for (const { hint } of problems) expect(hint).toMatch(/^put etcd_\w+_dir back: /);
  });

  const titles = (...args: Parameters<typeof target>) =>
    destroy.tasks(target(...args)).map(({ title }) => title);

  it('takes no directory that the manifest does not list', () => {
    expect(titles({ manifest: [CONF] })).not.toContain(`${DATA} is set aside`);
    expect(titles({})).toContain(`${DATA} is set aside`);
  });

  it('leaves a user that something else needs', () => {
    expect(titles({})).toContain('user etcd is gone');
    expect(titles({ needed: new Map([['etcd', 'other.service runs as it']]) })).not.toContain(
      'user etcd is gone',
    );
  });
});
