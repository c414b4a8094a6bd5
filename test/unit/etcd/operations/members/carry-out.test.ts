import { expect, it } from 'vitest';
import type { MemberCertificate } from '../../../../../lib/etcd/facts/found-certificates.ts';
import { answersFromFacts } from '../../../../../lib/etcd/health/ask.ts';
import { judgeCluster } from '../../../../../lib/etcd/health/judge.ts';
import { carryOut } from '../../../../../lib/etcd/operations/members/carry-out.ts';
import { listOf } from '../../../../../lib/etcd/operations/members/change.ts';
import { look } from '../../../../../lib/etcd/operations/members/look.ts';
import { working } from '../../../../../lib/etcd/operations/members/whole.ts';
import type { EtcdHost } from '../../../../../lib/etcd/surveyed.ts';
import {
  clusterFacts,
  fakeCluster,
  listedMember,
  memberReading,
  memberStatus,
} from '../../../support/fake-cluster.ts';
import { member, place } from './scenes.ts';

const LISTED = [1, 2, 3].map((i) => listedMember(i, { learner: i === 3 }));
/** As etcdctl prints it once all vote. */
const DONE = JSON.stringify({
  members: [1, 2, 3].map((i) => ({
    ID: Number.parseInt(`${i}a`, 16),
    name: `etcd0${i}`,
    peerURLs: [`https://10.0.0.${i}:2380`],
    clientURLs: [`https://10.0.0.${i}:2379`],
  })),
});

it('a newcomer is made to vote by the leader: followers pass it on without the user who asks', async () => {
  const asked: string[] = [];
  const cluster = fakeCluster(
    [1, 2, 3].map((i) => ({
      facts: running({ status: memberStatus(i, { leaderId: '2a', learner: i === 3 }), members: LISTED }),
      says: (doing: string) => {
        if (doing.startsWith('letting')) asked.push(`etcd0${i}`);
        return doing === 'reading the list of members' ? DONE : '';
      },
    })),
  );
  const facts = clusterFacts();
  const run = cluster.run();
  const view = await look(run, cluster, facts, false);
  const deed = { kind: 'promote', place: place(3), member: member(3, { learner: true }) } as const;
  await carryOut(deed, { run, surveyed: cluster, view, facts });
  expect(asked).toEqual(['etcd02']);
});

it('an answer in no shape known here ends a step, and is said with the version', async () => {
  const { hosts } = fakeCluster([{ facts: { installed: '3.9.0' }, says: () => '{"list":[]}' }]);
  const said = 'etcdctl 3.9.0 answered `member list` in a shape not known here';
  await expect(listOf(hosts[0] as EtcdHost)).rejects.toThrow(said);
});

it('the timer of snapshots of a member that leaves ends with its service', async () => {
  const scripts: string[] = [];
  const cluster = fakeCluster(
    [1, 2, 3].map((i) => ({
      facts: { ...running({ status: memberStatus(i), members: LISTED }), backupTimer: true },
      says: (doing: string, script: string) => {
        if (doing === 'disabling its service') scripts.push(script);
        return '';
      },
    })),
  );
  const facts = clusterFacts();
  const run = cluster.run();
  const view = await look(run, cluster, facts, false);
  await carryOut({ kind: 'set aside', place: place(3), goes: true }, { run, surveyed: cluster, view, facts });
  expect(scripts).toEqual([expect.stringContaining('disable --now etcd.service etcd-backup.timer')]);
});

it('a host that is to begin anew has its service stopped first, also where no data is left', async () => {
  const scripts: string[] = [];
  const rests = { data: 'absent', service: 'activating' } as const;
  const cluster = fakeCluster(
    [1, 2, 3].map((i) => ({
      facts: i === 3 ? rests : running({ status: memberStatus(i), members: LISTED }),
      says: (doing: string, script: string) => {
        if (doing === 'stopping its service') scripts.push(script);
        return '';
      },
    })),
  );
  const facts = clusterFacts();
  const run = cluster.run();
  const view = await look(run, cluster, facts, false);
  await carryOut(
    { kind: 'set aside', place: place(3), goes: false },
    { run, surveyed: cluster, view, facts },
  );
  expect(scripts).toEqual([expect.stringContaining('systemctl stop etcd.service')]);
});

it('members that are yet to move are not a fault of the one whose turn it is', async () => {
  const listed = [1, 2, 3].map((i) =>
    listedMember(i, i === 1 ? {} : { peerUrls: [`https://10.9.0.${i}:2380`] }),
  );
  const cluster = fakeCluster(
    [1, 2, 3].map((i) => ({
      facts: running({
        status: memberStatus(i),
        members: listed,
        clientUrl: i === 3 ? 'https://10.8.0.3:2379' : `https://10.0.0.${i}:2379`,
        certificates: [
          certificate('server.pem', i === 3 ? '10.8.0.3' : `10.0.0.${i}`),
          certificate('peer.pem', i === 1 ? '10.0.0.1' : `10.9.0.${i}`),
        ],
      }),
    })),
  );
  const { scene } = await look(cluster.run(), cluster, clusterFacts(), false);
  const now = working(cluster, scene);
  expect(now.cluster.members.map(({ peerUrl }) => peerUrl)).toEqual([
    'https://10.0.0.1:2380',
    'https://10.9.0.2:2380',
    'https://10.9.0.3:2380',
  ]);
  const found = judgeCluster(answersFromFacts(now)).filter(({ check }) => check !== 'hash-unknown');
  expect(found).toEqual([]);
});

/** Of the host of a member that runs and answers so. */
function running(says: Parameters<typeof memberReading>[0]) {
  return { data: 'present', service: 'active', reading: memberReading(says) } as const;
}

/** Of a member, good for one address. */
function certificate(file: MemberCertificate['file'], name: string): MemberCertificate {
  const [from, until] = [new Date(0), new Date(8.64e15)];
  return { file, from, until, names: [name], lacks: [] };
}
