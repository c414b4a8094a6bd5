import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../lib/command-line.ts';
import type { ListedMember } from '../../../../lib/etcd/facts/etcdctl/answers.ts';
import { formedFacts, formedText, type KnownMember, parseFormed } from '../../../../lib/etcd/facts/formed.ts';
import type { EtcdFacts } from '../../../../lib/etcd/facts/index.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { knownMembers, membershipProblems } from '../../../../lib/etcd/survey/membership.ts';
import { fakeCluster, listedMember, memberReading, surveyedOf } from '../../support/fake-cluster.ts';

const { cluster, hosts } = fakeCluster([{}, {}, {}]);
const host = hosts[0]!.target;
const on = (facts: Partial<EtcdFacts>) => surveyedOf([facts]).hosts[0]!;
const reading = (healthy: boolean, members: readonly ListedMember[]) => memberReading({ healthy, members });
/** The problems of a cluster whose members are these, by the list of a healthy one or by our record. */
const problemsOf = (known: readonly (KnownMember | ListedMember)[]) =>
  membershipProblems({
    cluster,
    hosts: [on(isList(known) ? { reading: reading(true, known) } : { formed: known })],
  });
const isList = (known: readonly (KnownMember | ListedMember)[]): known is readonly ListedMember[] =>
  known.every(({ id }) => id !== undefined);
const moved = { peerUrls: ['https://10.0.0.9:2380'] };
const unstarted = { name: '', clientUrls: [] };

describe('members of the cluster against those of the inventory', () => {
  it.each<[string, readonly KnownMember[], readonly string[]]>([
    ['the same', [listedMember(1), listedMember(2), listedMember(3)], []],
    ['nothing known', [], []],
    ['one of the inventory is not listed', [listedMember(1), listedMember(2)], []],
    [
      'one has another name at its address',
      [listedMember(1), listedMember(2), listedMember(3, { name: 'db3' })],
      [],
    ],
    [
      'one has several addresses',
      [listedMember(1, { peerUrls: ['https://a:1', 'https://10.0.0.1:2380'] })],
      [],
    ],
    [
      'a learner that is left over',
      [listedMember(1), listedMember(2), listedMember(3), listedMember(4, { learner: true })],
      [],
    ],
    [
      'one that never started',
      [listedMember(1), listedMember(2), listedMember(3), listedMember(4, unstarted)],
      [],
    ],
    [
      'one that is not in the inventory',
      [listedMember(1), listedMember(2), listedMember(3), listedMember(4)],
      ['etcd: member etcd04 (4a) at https://10.0.0.4:2380 votes, and is not in the inventory'],
    ],
    [
      'one at another address',
      [listedMember(1), listedMember(2, moved), listedMember(3)],
      [
        'etcd02: etcd knows member etcd02 (2a) at https://10.0.0.9:2380, the inventory says https://10.0.0.2:2380',
      ],
    ],
    [
      'two at another address, listed in the order of their IDs',
      [listedMember(3, moved), listedMember(1), listedMember(2, moved)],
      [
        'etcd02: etcd knows member etcd02 (2a) at https://10.0.0.9:2380, the inventory says https://10.0.0.2:2380',
        'etcd03: etcd knows member etcd03 (3a) at https://10.0.0.9:2380, the inventory says https://10.0.0.3:2380',
      ],
    ],
    [
      'one at another address, by our record',
      [{ name: 'etcd02', ...moved }],
      ['etcd02: etcd knows member etcd02 at https://10.0.0.9:2380, the inventory says https://10.0.0.2:2380'],
    ],
    [
      'one that was added again under its name, and not removed before',
      [listedMember(1), listedMember(2, moved), listedMember(2, unstarted), listedMember(3)],
      ['etcd: member etcd02 (2a) at https://10.0.0.9:2380 votes, and is not in the inventory'],
    ],
  ])('%s', (_name, known, expected) => {
    const problems = problemsOf(known);
    expect(problems.map(({ message }) => message)).toEqual(expected);
    for (const { exitCode } of problems) expect(exitCode).toBe(3);
  });

  it('says by which verb to go on, with the name where it is known', () => {
    const hints = (known: readonly KnownMember[]) => problemsOf(known).map(({ hint }) => hint);
    const members = commandLine('members');
    expect(hints([listedMember(2, moved), listedMember(4)])).toEqual([
      `put etcd_address and etcd_peer_port back; or move the member: ${members}`,
      `put it back; or let it leave: ${members} --remove etcd04`,
    ]);
    expect(hints([listedMember(4, { name: '' })])).toEqual([
      `put it back; or let it leave: ${members} --remove 4a`,
    ]);
  });

  it('are those that a healthy one lists, else those of the record', () => {
    const [record, list] = [[listedMember(1)], [listedMember(2)]];
    const formed = on({ formed: record });
    expect(knownMembers([on({})])).toEqual([]);
    expect(knownMembers([on({}), formed])).toBe(record);
    expect(knownMembers([formed, on({ reading: reading(false, list) })])).toBe(record);
    expect(knownMembers([formed, on({ reading: reading(true, list) })])).toBe(list);
  });
});

describe('the record of a quorum', () => {
  it('comes back as it was written, whatever else is said', () => {
    const lines = formedText(cluster).split('\n').slice(0, -1);
    const out = ['owner cluster etcd', 'formed', ...lines.map((line) => `formed-with ${line}`), 'data empty'];
    expect(parseFormed(out.join('\n'))).toEqual(
      [1, 2, 3].map((i) => ({ name: `etcd0${i}`, peerUrls: [`https://10.0.0.${i}:2380`] })),
    );
    expect(parseFormed('formed\nformed-with x\n')).toEqual([]);
    expect(parseFormed('owner formed\nformed-with https://a:1 b\n')).toBeUndefined();
    expect(formedFacts(memberOf(host)).text).toContain('/var/lib/quorate/etcd/formed');
  });
});
