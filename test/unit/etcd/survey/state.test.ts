import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../lib/command-line.ts';
import type { Vars } from '../../../../lib/dsl/role.ts';
import type { ListedMember } from '../../../../lib/etcd/facts/etcdctl/answers.ts';
import type { EtcdFacts } from '../../../../lib/etcd/facts/index.ts';
import { NOTHING_KEPT } from '../../../../lib/etcd/facts/kept.ts';
import type { MemberReading } from '../../../../lib/etcd/facts/read-member.ts';
import { dataProblems, foundingProblems, stateOf } from '../../../../lib/etcd/survey/state.ts';
import { fakeCluster, surveyedOf } from '../../support/fake-cluster.ts';

/** The state, or what is refused. */
function judged(hosts: readonly Partial<EtcdFacts>[], pending = false, vars: Vars = {}) {
  const surveyed = surveyedOf(hosts, vars);
  const problems = [...dataProblems(surveyed, pending), ...foundingProblems(surveyed)];
  if (problems.length === 0) return stateOf(surveyed, pending);
  return problems.map(({ exitCode, message }) => `${exitCode} ${message}`);
}

const BARE: Partial<EtcdFacts> = {};
const DATA: Partial<EtcdFacts> = { data: 'present', service: 'inactive' };
const FORMED = { formed: [] };
const RUNS: Partial<EtcdFacts> = { data: 'present', service: 'active' };
/** `member/` as a start that was cut off leaves it. */
const UNBEGUN: Partial<EtcdFacts> = { ...DATA, kept: { ...NOTHING_KEPT, withoutLog: true } };
const STARTING: Partial<EtcdFacts> = { data: 'empty', service: 'activating' };
const WIPED: Partial<EtcdFacts> = { service: 'inactive', data: 'empty' };
const listed = (i: number, clientUrls = [`https://10.0.0.${i}:2379`]): ListedMember => ({
  id: `${i}a`,
  name: clientUrls.length > 0 ? `etcd0${i}` : '',
  peerUrls: [`https://10.0.0.${i}:2380`],
  clientUrls,
  learner: false,
});
const healthy = (...members: readonly ListedMember[]): Partial<EtcdFacts> => ({
  ...RUNS,
  reading: { healthy: true, said: '', certificates: [], members } as MemberReading,
});

const PATH = '/var/lib/etcd/default.etcd';
const surviving = '3 etcd: no quorum: no data on etcd01, etcd02; the surviving copy is on etcd03';
const nowhere = (name: string) =>
  `3 etcd: it was formed before (/var/lib/quorate/etcd/formed on ${name}), and no host has data where it is wanted: etcd01 ${PATH}, etcd02 ${PATH}, etcd03 ${PATH}`;
const LINKED: Partial<EtcdFacts> = { dataInstead: 'a link to /mnt/etcd, where nothing is' };
const instead = (name: string) =>
  `3 ${name}: ${PATH} is a link to /mnt/etcd, where nothing is, and a directory with the data of a member was wanted`;
const elsewhere = (name: string) => `3 ${name}: etcd runs, and its data is not in ${PATH}`;

describe('what members are together', () => {
  it.each<[string, readonly Partial<EtcdFacts>[], boolean, string | string[]]>([
    ['bare hosts', [BARE, BARE, BARE], false, 'new'],
    ['bare hosts, and a token left by a run', [BARE, BARE, BARE], true, 'new'],
    ['a bootstrap that was cut off', [DATA, BARE, BARE], true, 'bootstrapping'],
    ['one that was cut off while members start', [RUNS, STARTING, BARE], true, 'bootstrapping'],
    ['a first start that was cut off before there was data', [STARTING, BARE, BARE], true, 'new'],
    ['members with their data that are stopped', [DATA, DATA, DATA], false, 'stopped'],
    ['members that run and cannot be asked', [RUNS, RUNS, DATA], false, 'live'],
    ['one that can be asked', [healthy(listed(1), listed(2), listed(3)), DATA, DATA], true, 'live'],
    [
      'a formed cluster that is stopped',
      [DATA, DATA, DATA].map((one) => ({ ...one, ...FORMED })),
      true,
      'stopped',
    ],
    [
      'one that lives, with a member yet to start',
      [healthy(listed(1), listed(2, [])), STARTING],
      false,
      'live',
    ],
    ['a majority without data, and no token', [WIPED, WIPED, DATA], false, [surviving]],
    [
      'a majority without data, and a token from before',
      [WIPED, WIPED, { ...DATA, ...FORMED }],
      true,
      [surviving],
    ],
    [
      'the record on a wiped host alone, and a token',
      [{ ...WIPED, ...FORMED }, WIPED, DATA],
      true,
      [surviving],
    ],
    [
      'a minority without data of a formed cluster, and a token',
      [WIPED, DATA, { ...DATA, ...FORMED }],
      true,
      ['3 etcd: no quorum: no data on etcd01; etcd02, etcd03 have a quorum once they run'],
    ],
    [
      'a formed cluster, and no data anywhere',
      [WIPED, { ...WIPED, ...FORMED }, WIPED],
      false,
      [nowhere('etcd02')],
    ],
    ['the same, and a token', [{ ...WIPED, ...FORMED }, BARE, BARE], true, [nowhere('etcd01')]],
    [
      'members that run on data elsewhere',
      [0, 1, 2].map(() => ({ service: 'active' })),
      false,
      ['etcd01', 'etcd02', 'etcd03'].map(elsewhere),
    ],
    ['one that does, and a token', [{ service: 'active' }, BARE, BARE], true, [elsewhere('etcd01')]],
    ['one that starts, without a token', [STARTING, BARE, BARE], false, [elsewhere('etcd01')]],
    [
      'one that starts, a token, and a record',
      [STARTING, { ...DATA, ...FORMED }, DATA],
      true,
      [elsewhere('etcd01')],
    ],
    [
      'one that runs on data elsewhere in a cluster that lives',
      [healthy(listed(1), listed(2), listed(3)), { service: 'active' }, RUNS],
      false,
      [elsewhere('etcd02')],
    ],
    ['directories without a log on all hosts, and no token', [UNBEGUN, UNBEGUN, BARE], false, 'new'],
    ['directories without a log, where one has one', [UNBEGUN, UNBEGUN, DATA], false, [surviving]],
    [
      'directories without a log of a formed cluster: it lost its log',
      [UNBEGUN, { ...UNBEGUN, ...FORMED }, UNBEGUN],
      false,
      [nowhere('etcd02')],
    ],
    [
      'one with data that is not listed: it was removed',
      [healthy(listed(1), listed(2)), RUNS, DATA],
      false,
      [
        `3 etcd03: the cluster lives and does not list https://10.0.0.3:2380: the data in ${PATH} is of a member that was removed, or of another cluster`,
      ],
    ],
    [
      'one with a link in place of its data, in a cluster that lives',
      [healthy(listed(1), listed(2), listed(3)), RUNS, { ...LINKED, service: 'inactive' }],
      false,
      [instead('etcd03')],
    ],
    [
      'one with a link in place of its data, and no quorum',
      [{ ...LINKED, ...FORMED }, WIPED, DATA],
      false,
      [instead('etcd01')],
    ],
    ['links that lead nowhere, on hosts that have no cluster yet', [LINKED, LINKED, LINKED], false, 'new'],
    [
      'one that lost its data, and one that is not listed',
      [healthy(listed(1), listed(2)), WIPED, WIPED],
      false,
      [
        '3 etcd02: member etcd02 (2a) has joined this cluster before, and its data directory is empty',
        '3 etcd03: the cluster lives and does not list https://10.0.0.3:2380',
      ],
    ],
  ] as [string, readonly Partial<EtcdFacts>[], boolean, string | string[]][])(
    '%s',
    (_name, hosts, pending, expected) => {
      expect(judged(hosts, pending)).toEqual(expected);
    },
  );

  it('a plain process is there before it has a quorum', () => {
    const vars = { etcd_service_manager: 'process', etcd_config_dir: '/srv/a/cfg' };
    expect(judged([{ service: 'active' }, BARE, BARE], true, vars)).toBe('new');
    expect(judged([{ service: 'active' }, BARE, BARE], false, vars)).toEqual([elsewhere('etcd01')]);
  });

  describe('a first start that never came to a quorum', () => {
    const begun = (...urls: readonly string[]): Partial<EtcdFacts> => ({
      ...DATA,
      kept: { ...NOTHING_KEPT, begunWith: urls.map((url, i) => [`etcd0${i + 1}`, url] as const) },
    });
    const url = (i: number) => `https://10.0.0.${i}:2380`;
    const right = begun(url(1), url(2), url(3));
    const wrong = begun(url(1), url(2), url(9));
    const other = `3 etcd: it was begun with other members, and never came to a quorum: etcd03 at ${url(9)}, the inventory says ${url(3)}`;
    it.each<[string, readonly Partial<EtcdFacts>[], boolean, string | string[]]>([
      ['goes on with the members that it was begun with', [right, right, BARE], true, 'bootstrapping'],
      ['cannot go on with others', [wrong, wrong, BARE], true, [other]],
      ['nor without its token', [wrong, wrong, wrong], false, [other]],
      ['says nothing once a quorum was there', [{ ...wrong, ...FORMED }, wrong, wrong], true, 'stopped'],
      [
        'says nothing where no log was begun',
        [{ ...UNBEGUN, kept: { ...wrong.kept!, withoutLog: true } }],
        true,
        'new',
      ],
      [
        'cannot go on with fewer',
        [begun(url(1), url(2)), BARE, BARE],
        true,
        [
          `3 etcd: it was begun with other members, and never came to a quorum: etcd03 at nowhere, the inventory says ${url(3)}`,
        ],
      ],
    ])('%s', (_name, hosts, pending, expected) => {
      expect(judged(hosts, pending)).toEqual(expected);
    });

    it('may be given up for a new one, by the user’s word', () => {
      expect(foundingProblems(surveyedOf([wrong, BARE, wrong])).map(({ hint }) => hint)).toEqual([
        `put that back; or, since no data was ever acknowledged, found it anew with what is there set aside: ${commandLine('site')} --set-aside-data etcd01,etcd03`,
      ]);
    });
  });

  describe('where a run is not about those that must not be started', () => {
    const apart = (hosts: readonly Partial<EtcdFacts>[], ...left: readonly number[]) => {
      const members = hosts.map((facts, i) => ({ facts, selected: !left.includes(i + 1) }));
      return dataProblems(fakeCluster(members), false).map(({ message }) => message);
    };
    it.each<[string, readonly Partial<EtcdFacts>[], readonly number[], number]>([
      ['it starts the others, which make a quorum', [DATA, DATA, { ...WIPED, ...FORMED }], [3], 0],
      ['it does not where they make none', [DATA, { ...WIPED, ...FORMED }, WIPED], [2, 3], 1],
      ['it does not where one of two is among them', [DATA, DATA, DATA, WIPED, WIPED], [4], 1],
      ['it goes on in a cluster that lives', [healthy(listed(1), listed(2), listed(3)), DATA, WIPED], [3], 0],
      [
        'nothing is different where it is about all',
        [healthy(listed(1), listed(2), listed(3)), DATA, WIPED],
        [],
        1,
      ],
    ])('%s', (_what, hosts, left, problems) => {
      expect(apart(hosts, ...left)).toHaveLength(problems);
    });
  });

  it('says what to do', () => {
    const hints = (hosts: readonly Partial<EtcdFacts>[]) =>
      dataProblems(surveyedOf(hosts), false).map(({ hint }) => hint);
    expect(hints([{ service: 'active' }])).toEqual([
      'put etcd_data_dir back; or stop etcd, and mount or move the data there yourself',
    ]);
    const [members, site, restore] = ['members', 'site', 'restore'].map(commandLine);
    expect(hints([{ ...WIPED, ...FORMED }])).toEqual([
      `put etcd_data_dir back, or mount or move the data there yourself; or, if it is lost: ${restore} --from FILE`,
    ]);
    expect(hints([DATA, { ...WIPED, ...FORMED }, DATA])[0]).toContain(
      `start the others: ${site} -l etcd01,etcd03; then put a new member in its place: ${members} --replace etcd02`,
    );
    expect(hints([DATA, { ...WIPED, ...FORMED }, WIPED])[0]).toContain(
      `${commandLine('recover')} --from etcd01`,
    );
    expect(hints([healthy(listed(1), listed(2)), WIPED])[0]).toContain(`${members} --replace etcd02`);
    expect(hints([WIPED, DATA])[0]).toContain(`unless the data lies elsewhere (wanted: etcd01 ${PATH})`);
  });

  it('has the command that adds or replaces a member', () => {
    const hints = dataProblems(surveyedOf([healthy(listed(1), listed(2)), WIPED, DATA, BARE]), false).map(
      ({ hint }) => hint,
    );
    const [replace, removed, added] = hints;
    const members = commandLine('members');
    expect(replace).toMatch(new RegExp(`else replace the member: ${members} --replace etcd02$`));
    expect(removed).toMatch(new RegExp(`with that data set aside: ${members} --replace etcd03$`));
    expect(added).toMatch(new RegExp(`or add it: ${members}$`));
  });
});
