import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandLine } from '../../../../lib/command-line.ts';
import type { EtcdFacts } from '../../../../lib/etcd/facts/index.ts';
import { parseIntent } from '../../../../lib/etcd/facts/intent.ts';
import { finishIntent } from '../../../../lib/etcd/operations/common/intent.ts';
import { noteRecovery } from '../../../../lib/etcd/survey/recoveries.ts';
import { strayData } from '../../../../lib/etcd/survey/stray-data.ts';
import { livingList, ofRecovered } from '../../../../lib/etcd/surveyed.ts';
import { fakeCluster, listedMember, memberReading, surveyedOf } from '../../support/fake-cluster.ts';

const dir = mkdtempSync(join(tmpdir(), 'quorate-stray-'));
afterAll(() => rmSync(dir, { recursive: true }));

const of = (clusterId: string, done?: string): Partial<EtcdFacts> => ({
  reading: memberReading({
    status: { clusterId } as never,
    members: [listedMember(clusterId === 'new' ? 1 : 2)],
  }),
  ...(done !== undefined && { intent: { verb: 'recover', target: 'data of etcd01', runId: done, done } }),
});
const said = async (...hosts: readonly Partial<EtcdFacts>[]) =>
  (await strayData(surveyedOf(hosts))).map(({ message }) => message);

describe('data of another cluster', () => {
  it('is none where all have the same ID', async () => {
    expect(await said(of('old'), of('old'), of('old'))).toEqual([]);
  });

  it('is that of the minority', async () => {
    expect(await said(of('new'), of('old'), of('old'))).toEqual([
      'etcd01: its data is of another cluster: its cluster ID is new, that of etcd02, etcd03 is old',
    ]);
  });

  it('of one that the cluster does not list, or that has joined it: the verb for members sets it aside', async () => {
    const hints = async (list: readonly ReturnType<typeof listedMember>[]) => {
      const own = { ...of('old'), reading: { ...of('old').reading!, members: list } };
      return (await strayData(surveyedOf([of('new'), own, own]))).map(({ hint }) => hint);
    };
    const replaced = `${commandLine('members')} --replace etcd01`;
    expect(await hints([listedMember(2)])).toEqual([
      `this cluster does not list it, so it comes as a new member: ${replaced}`,
    ]);
    expect(await hints([listedMember(1), listedMember(2)])).toEqual([
      `it has joined this cluster before, so it comes back as a new member: ${replaced}`,
    ]);
    expect(await hints([listedMember(1, { clientUrls: [] }), listedMember(2)])).toEqual([
      'if that data is not needed here: --set-aside-data etcd01 moves it aside',
    ]);
  });

  it('is that of before a recovery, however many have it, where this machine has noted that', async () => {
    const vars = { inventory_dir: dir };
    const hosts = [of('new', '20261127T134910Z'), of('old'), of('old')];
    await noteRecovery(surveyedOf(hosts, vars).cluster, '20261127T134910Z');
    expect((await strayData(surveyedOf(hosts, vars))).map(({ message }) => message)).toEqual(
      ['etcd02', 'etcd03'].map(
        (host) =>
          `${host}: its data is of the cluster before it was recovered or restored: its cluster ID is old, that of etcd01 is new`,
      ),
    );
    expect(livingList([...surveyedOf(hosts, vars).hosts].reverse())?.[0]?.name).toBe('etcd01');
  });

  it('is that of the minority whatever one host alone says of a recovery', async () => {
    const hosts = [of('old'), of('old'), of('new', '20271127T134910Z')];
    expect(await said(...hosts)).toEqual([
      'etcd03: its data is of another cluster: its cluster ID is new, that of etcd01, etcd02 is old; it alone says that run 20271127T134910Z recovered or restored the cluster',
    ]);
    expect(livingList([...surveyedOf(hosts).hosts].reverse())?.[0]?.name).toBe('etcd02');
  });

  it('is left to people where one alone tells of a later recovery than most do', async () => {
    const first = '20250101T000000Z-a';
    const found = await strayData(
      surveyedOf([of('new', '20261128T100000Z-b'), of('old', first), of('old', first)]),
    );
    expect(found.map(({ message }) => message)).toEqual([
      'etcd01: its data is of another cluster: its cluster ID is new, that of etcd02, etcd03 is old; it alone says that run 20261128T100000Z-b recovered or restored the cluster',
    ]);
    expect(found[0]?.hint).toContain('stop etcd on etcd02, etcd03, and replace these, not this one');
  });

  it('is that of before a recovery that most remember', async () => {
    const done = '20261127T134910Z';
    expect((await said(of('old'), of('new', done), of('new', done))).map((one) => one.slice(0, 6))).toEqual([
      'etcd01',
    ]);
  });

  it('is noted on no other host by the word of one alone', async () => {
    const texts: string[] = [];
    const says = (_doing: string, script: string) => `${texts.push(script)}`;
    const forged = of('new', '20271127T134910Z');
    const { run, hosts } = fakeCluster([{ says }, { says }, { facts: forged, says }]);
    await finishIntent(run(), 'upgrade', { target: 'x' });
    expect(texts.filter((text) => text.includes('"recovered"'))).toHaveLength(1);
    expect(hosts.map(({ target }) => target.facts.intent?.recovered)).toEqual([
      undefined,
      undefined,
      '20271127T134910Z',
    ]);
  });

  it('is that of before a recovery, whatever verb was noted since', async () => {
    const texts: string[] = [];
    const cluster = fakeCluster([
      {
        facts: of('new', '20261127T134910Z'),
        says: (_doing, script) => {
          texts.push(script);
          return '';
        },
      },
    ]);
    await finishIntent(cluster.run(), 'upgrade', { target: 'etcd 3.7.3' });
    const line = /printf '%s\\n' '(\{.*\})'/.exec(texts.join('\n'))?.[1];
    const intent = parseIntent(line)!;
    expect(intent).toMatchObject({ verb: 'upgrade', recovered: '20261127T134910Z' });
    const hosts = [{ ...of('new'), intent }, { ...of('new'), intent }, of('old')];
    expect((await said(...hosts)).map((line) => line.slice(0, 6))).toEqual(['etcd03']);
  });

  it('is that of before a restore, which makes another cluster of the recovered one', async () => {
    const runId = '20261126T100000Z';
    const restored = {
      verb: 'restore',
      target: 'snapshot',
      runId,
      done: '20261127T134910Z',
      recovered: runId,
    };
    const own = { ...of('new'), intent: restored };
    const { hosts } = surveyedOf([own, own, of('old', runId)]);
    expect(ofRecovered(hosts).map(({ target }) => target.name)).toEqual(['etcd01', 'etcd02']);
  });

  it('is that of before the last one of two', async () => {
    const own = of('new', '20261127T134910Z');
    const { hosts } = surveyedOf([of('old', '20250101T000000Z'), own, own]);
    expect(ofRecovered(hosts).map(({ target }) => target.name)).toEqual(['etcd02', 'etcd03']);
  });

  it('is not told of hosts that say nothing', () => {
    const { hosts } = surveyedOf([of('new', '20261127T134910Z'), {}]);
    expect(ofRecovered(hosts)).toHaveLength(2);
  });
});
