import { describe, expect, it } from 'vitest';
import { takeBackAlarms } from '../../../../../lib/etcd/operations/common/alarms.ts';
import type { EtcdHost } from '../../../../../lib/etcd/surveyed.ts';
import { fakeCluster, listedMember } from '../../../support/fake-cluster.ts';

const members = [1, 2].map((i) => listedMember(i));
const full = (memberId: string) => ({ memberId, alarm: 'NOSPACE' });

describe('alarms of members that are none any more', () => {
  async function takenBack(known: Parameters<typeof takeBackAlarms>[2], code = 0) {
    const { hosts, run, said } = fakeCluster([{}]);
    const host = hosts[0] as EtcdHost;
    const asked: string[] = [];
    host.act = async (_doing, { text }) => {
      asked.push(text.trim().split('\n').at(-1) ?? '');
      return { code, out: code === 0 ? '' : 'Error: permission denied' };
    };
    return { done: await takeBackAlarms(run(), host, known), asked, said };
  }

  it('are taken back, and named', async () => {
    const { done, asked, said } = await takenBack({ alarms: [full('f9'), full('f8')], members });
    expect([done, asked]).toEqual([true, ['q_etcdctl alarm disarm']]);
    expect(said).toEqual([
      'alarm NOSPACE of f9, which is not a member any more: taken back',
      'alarm NOSPACE of f8, which is not a member any more: taken back',
    ]);
  });

  it.each([
    ['a living member has raised one, too', { alarms: [full('f9'), full('1a')], members }],
    ['only a living member has', { alarms: [full('2a')], members }],
    ['there is none', { alarms: [], members }],
    ['nobody knows the members', { alarms: [full('f9')], members: [] }],
  ])('stay where %s: etcdctl knows all or none', async (_what, known) => {
    expect(await takenBack(known)).toEqual({ done: false, asked: [], said: [] });
  });

  it('stay where that is refused, which is said', async () => {
    const { done, said } = await takenBack({ alarms: [full('f9')], members }, 1);
    expect([done, said]).toEqual([
      false,
      ['alarm NOSPACE of f9, which is not a member any more: not taken back (Error: permission denied)'],
    ]);
  });
});
