import { describe, expect, it } from 'vitest';
import type { EtcdFacts } from '../../../../lib/etcd/facts/index.ts';
import { markSetAside, setAsideProblems } from '../../../../lib/etcd/survey/set-aside.ts';
import { listedMember, memberReading, surveyedOf } from '../../support/fake-cluster.ts';

const OURS: Partial<EtcdFacts> = { owner: 'cluster etcd', data: 'present', service: 'inactive' };
const FORMED: Partial<EtcdFacts> = { ...OURS, formed: [] };
const BARE: Partial<EtcdFacts> = {};
const lists = (...members: readonly [host: number, clientUrls: readonly string[]][]): Partial<EtcdFacts> => ({
  ...OURS,
  reading: memberReading({
    members: members.map(([i, clientUrls]) => listedMember(i, { clientUrls })),
  }),
});

describe('data that is to make way', () => {
  it.each<[string, string, readonly Partial<EtcdFacts>[], readonly string[]]>([
    ['of a member that was added and never joined', 'etcd02', [lists([1, ['x']], [2, []]), OURS], []],
    [
      'of one that has joined',
      'etcd02',
      [lists([1, ['x']], [2, ['y']]), OURS],
      ['etcd02: its data stays where it is: member etcd02 (2a) has joined etcd before'],
    ],
    [
      'of one that is not listed',
      'etcd02',
      [lists([1, ['x']]), OURS],
      ['etcd02: its data stays where it is: etcd lives and does not list https://10.0.0.2:2380'],
    ],
    ['of all, where none was ever part of a quorum', 'etcd01,etcd02', [OURS, OURS, BARE], []],
    ['of the only one, where none was', 'etcd01', [OURS, BARE, BARE], []],
    [
      'of some of them, where none was',
      'etcd01',
      [OURS, OURS, BARE],
      [
        'etcd01: its data stays where it is: there is no majority to go by: there is data on etcd02, too, and no quorum',
      ],
    ],
    [
      'of all, where one was part of a quorum',
      'etcd01,etcd02',
      [OURS, FORMED, BARE],
      ['etcd01', 'etcd02'].map(
        (name) =>
          `${name}: its data stays where it is: it was set up as a member of etcd, and no other member has data that stays`,
      ),
    ],
  ])('%s', (_name, named, hosts, expected) => {
    const surveyed = surveyedOf(hosts, { 'set-aside-data': named });
    const before = JSON.stringify(surveyed.hosts.map(({ target }) => target.facts));
    expect(setAsideProblems(surveyed).map(({ message }) => message)).toEqual(expected);
    // Who judges changes nothing.
    expect(JSON.stringify(surveyed.hosts.map(({ target }) => target.facts))).toBe(before);
    markSetAside(surveyed);
    const gone = surveyed.hosts
      .filter(({ target }) => target.facts.setAside)
      .map(({ target }) => target.name);
    expect(gone.join(',')).toBe(named);
  });
});
