import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { factsAt, look } from '../../../../../lib/etcd/operations/members/look.ts';
import {
  clusterFacts,
  type FakeMember,
  fakeCluster,
  listedMember,
  memberReading,
  memberStatus,
  planned,
} from '../../../support/fake-cluster.ts';

const LIST = [listedMember(1), listedMember(2), listedMember(3)];

/** Host `n` with a member that works and lists these; its process says where it was started. */
function works(
  n: number,
  members = LIST,
  change: Partial<MemberReading> = {},
  runsAt?: string,
  written = runsAt,
): FakeMember {
  const reading = memberReading({ status: memberStatus(n), members, ...change });
  return {
    facts: { owner: 'cluster etcd', data: 'present', service: 'active', reading },
    says: (doing) =>
      doing === 'looking where it runs' && runsAt
        ? `${MARK}runs-at\n${runsAt}\n${MARK}written\n${written}\n`
        : '',
  };
}

async function seen(members: readonly (FakeMember | undefined)[], vars: object = {}) {
  const cluster = fakeCluster(members, vars as Record<string, unknown>);
  const { scene, others } = await look(cluster.run(), cluster, clusterFacts(), false);
  return { scene, others, names: Object.keys(others), said: cluster.said };
}

it.each([
  ['a member that runs keeps its version in the middle of an upgrade', '3.7.3', '3.7.3'],
  ['who does not run gets that of the cluster', undefined, '3.6.16'],
])('%s', (_what, runs, version) => {
  const reading =
    runs === undefined ? undefined : memberReading({ status: memberStatus(1, { version: runs }) });
  expect(factsAt({ reading }, clusterFacts({ version: '3.6.16' })).version).toBe(version);
});

describe('what is seen of members and hosts', () => {
  it('who works, by the ID that it gives itself', async () => {
    const { scene } = await seen([works(1), works(2, LIST, { healthy: false }), {}, {}]);
    expect(scene.listed.map(({ id, healthy }) => [id, healthy])).toEqual([
      ['1a', true],
      ['2a', false],
      ['3a', false],
    ]);
    expect(scene.places.map(({ data, up }) => [data, up])).toEqual([
      [true, true],
      [true, true],
      [false, false],
      [false, false],
    ]);
    expect(scene.learners).toBe(true);
  });

  it('a learner works where it answers', async () => {
    const list = [listedMember(1), listedMember(2, { learner: true })];
    const answering = works(2, list, { healthy: false, members: undefined });
    expect((await seen([works(1, list), answering])).scene.listed[1]).toMatchObject({
      learner: true,
      healthy: true,
    });
  });

  it('goes by the majority, whatever one with the data of another cluster says', async () => {
    const other = works(1, [listedMember(9)], { status: memberStatus(9, { clusterId: 'd' }) });
    const { scene } = await seen([other, works(2), works(3)]);
    expect(scene.listed.map(({ id }) => id)).toEqual(['1a', '2a', '3a']);
  });

  it.each<[string, object, readonly boolean[]]>([
    ['once it is to be replaced', { replace: 'etcd03' }, [true, true, false]],
    ['and only then', {}, [true, true, true]],
  ])('one with other data than the others does not work, %s', async (_when, words, healthy) => {
    const hash = (value: number) => ({ hash: { hash: value, revision: 7, compacted: 1 } });
    const { scene } = await seen(
      [works(1, LIST, hash(1)), works(2, LIST, hash(1)), works(3, LIST, hash(2))],
      words,
    );
    expect(scene.listed.map((one) => one.healthy)).toEqual(healthy);
  });

  it('one that an alarm says so of does not work either', async () => {
    const alarms = [{ memberId: '3a', alarm: 'CORRUPT' }];
    const hash = { hash: 1, revision: 7, compacted: 1 };
    const some = [works(1, LIST, { alarms, hash }), works(2, LIST, { hash }), works(3, LIST, { hash })];
    const { scene } = await seen(some, { replace: 'etcd03' });
    expect(scene.listed.map((one) => one.healthy)).toEqual([true, true, false]);
  });

  it.each<[string, number, string | undefined]>([
    ['is answered for by the host that has a copy of its data', 3, 'etcd03'],
    ['and by none that may be its own under another name', 2, undefined],
  ])('a member %s', async (_what, at, astray) => {
    const other = { status: memberStatus(2), clientUrl: `https://10.0.0.${at}:2379` };
    const { scene } = await seen([works(1), {}, works(3, LIST, other)]);
    expect(scene.listed[1]?.astray).toBe(astray);
  });

  it('knows no learners before 3.4', async () => {
    const old = { status: memberStatus(1, { version: '3.3.25' }) };
    expect((await seen([works(1, LIST, old), works(2), works(3)])).scene.learners).toBe(false);
  });

  it('a member without a host counts as one for the others, at its address', async () => {
    const list = [...LIST, listedMember(4)];
    const { others, names } = await seen([works(1, list), works(2, list), works(3, list)]);
    expect(names).toEqual(['etcd01', 'etcd02', 'etcd03', 'etcd04 at 10.0.0.4:2380']);
    expect(others['etcd04 at 10.0.0.4:2380']).toMatchObject({
      etcd_member_name: 'etcd04',
      etcd_address: '10.0.0.4',
      etcd_peer_port: 2380,
    });
  });

  it('one that is asked by another host works where that one says so', async () => {
    const list = [...LIST, listedMember(4), listedMember(5)];
    const asked: FakeMember = {
      ...works(1, list),
      says: (doing) => (doing === 'asking members without a host' ? `${MARK}works\n4a\n` : ''),
    };
    const { scene } = await seen([asked, works(2, list), works(3, list)]);
    expect(scene.listed.map(({ healthy }) => healthy)).toEqual([true, true, true, true, false]);
  });

  it('who has left by word is none for the others, and one for them until it has', async () => {
    const words = { remove: 'etcd03' };
    expect((await seen([works(1), works(2), works(3)], words)).names).toContain('etcd03');
    const list = LIST.slice(0, 2);
    expect((await seen([works(1, list), works(2, list), {}], words)).names).toEqual(['etcd01', 'etcd02']);
  });

  it('one that runs at its old address keeps it until it is started anew', async () => {
    const old = 'https://10.0.0.99:2380';
    const { scene, names } = await seen([works(1), works(2), works(3, LIST, {}, old)]);
    expect(scene.places.map(({ elsewhere }) => elsewhere)).toEqual([false, false, true]);
    expect(names).toContain('etcd03 at 10.0.0.99:2380');
  });

  it.each<[string, string, string | undefined, readonly string[], RegExp]>([
    [
      'nobody but its process says',
      'https://10.0.0.66:2380',
      'https://10.0.0.3:2380',
      [],
      /no rule lets that in/,
    ],
    ['our record has', 'https://10.0.0.99:2380', undefined, ['etcd03 at 10.0.0.99:2380'], /^$/],
    ['is none', `https://x' 10.0.0.66:2380`, undefined, [], /^$/],
  ])(
    'an address is let in only where it is known: one that %s',
    async (_what, url, written, guests, said) => {
      const formed = [{ name: 'etcd03', peerUrls: ['https://10.0.0.99:2380'] }];
      const one = works(1);
      const recorded = { ...one, facts: { ...one.facts, formed } };
      const found = await seen([recorded, works(2), works(3, LIST, {}, url, written ?? '')]);
      expect(found.names.filter((name) => name.includes(' at '))).toEqual(guests);
      expect(found.said.join()).toMatch(said);
    },
  );

  it('has rules to see to only where all addresses are numbers', async () => {
    const list = [...LIST, listedMember(4, { peerUrls: ['https://db4.example:2380'] })];
    expect((await seen([works(1, list), works(2, list), works(3, list)])).scene.rules).toBe(false);
  });

  it.each([
    ['files that name others than the members, which a killed run leaves', '/opt/etcd/cfg/etcd.conf', true],
    ['no other file', '/opt/etcd/ssl/peer.pem', false],
  ])('has to see to %s', async (_what, path, tidies) => {
    const members = [works(1), works(2), works(3)];
    const plan = [planned(`file:${path}`, 'update')];
    const { scene } = await seen(members.map((one) => ({ ...one, plan })));
    expect([scene.files, scene.tidies]).toEqual([tidies, tidies]);
  });

  it.each([
    [{}, { remove: [], replace: [], acceptDowntime: false }],
    [
      { remove: 'a, b,', replace: ' c', 'accept-downtime': true },
      { remove: ['a', 'b'], replace: ['c'], acceptDowntime: true },
    ],
  ])('what the user said: %o', async (vars, words) => {
    expect((await seen([works(1)], vars)).scene.words).toEqual(words);
  });
});
