import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../lib/command-line.ts';
import type { EtcdFacts } from '../../../../lib/etcd/facts/index.ts';
import { refuseBare } from '../../../../lib/etcd/operations/site/verify.ts';
import { ownershipProblems, setUpByOthers } from '../../../../lib/etcd/survey/ownership.ts';
import { memberReading, surveyedOf } from '../../support/fake-cluster.ts';

const RUNS: Partial<EtcdFacts> = {
  service: 'active',
  data: 'present',
  reading: { healthy: false, said: 'Error: open /opt/etcd/ssl/server.pem', certificates: [] },
};

/** The lines that take it over. */
const ASIDE = 'systemctl disable --now etcd; mv /var/lib/etcd/default.etcd /var/lib/etcd/default.etcd.before';
const LINES = [
  expect.stringMatching(/if it is not needed.*stop its clients.*etcdctl snapshot save FILE/),
  `then: on etcd01: ${ASIDE}`,
  `then: on etcd02: ${ASIDE}`,
  `then: ${commandLine('site')}`,
  `then: ${commandLine('restore')} --from FILE`,
  expect.stringContaining(`${commandLine('certs')} --client NAME`),
];

describe('a cluster that somebody else has set up, and that runs', () => {
  it('is told as that by whoever looks at it, with the lines that take it over', () => {
    const surveyed = surveyedOf([RUNS, RUNS]);
    const look = () => refuseBare({ unreachable: [] }, surveyed);
    expect(look).toThrow(
      'etcd: etcd runs on etcd01, etcd02, and it was not set up from here (no /var/lib/quorate/etcd)',
    );
    const { exitCode, hint } = setUpByOthers(surveyed)!;
    expect([exitCode, hint?.split('\n')]).toEqual([3, LINES]);
  });

  it.each<[string, Partial<EtcdFacts>]>([
    ['beside members of ours', { owner: 'cluster etcd' }],
    ['of other hosts as bare as it', {}],
  ])('is only to stop on one host %s, whose data its own is not to replace', async (_which, other) => {
    const found = await ownershipProblems(surveyedOf([RUNS, other]), undefined);
    expect(found.map(({ host, hint }) => [host, hint])).toEqual([
      [
        'etcd01',
        'it is left untouched; if it is not needed, stop and disable it, and move its data away yourself',
      ],
    ]);
  });

  it('is not moved aside where its data lies elsewhere', () => {
    const { hint } = setUpByOthers(surveyedOf([{ ...RUNS, data: 'none' as never }]))!;
    expect(hint).toMatch(/on etcd01: systemctl disable --now etcd$/m);
  });

  it.each<[string, readonly Partial<EtcdFacts>[]]>([
    ['of which a host has our record', [RUNS, { ...RUNS, owner: 'cluster etcd' }]],
    ['whose members answer with files of ours', [{ ...RUNS, reading: memberReading({}) }]],
    ['of which only a few hosts run etcd', [RUNS, {}, {}]],
    ['that rests', [{ ...RUNS, service: 'inactive' }]],
  ])('is none %s', (_which, hosts) => {
    expect(setUpByOthers(surveyedOf(hosts))).toBeUndefined();
  });
});
