import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorsOf } from '../../../../../lib/errors.ts';
import {
  leaving35,
  markedOf,
  refuseMarked,
  writeBehindJoins,
} from '../../../../../lib/etcd/operations/upgrade/marked-removed.ts';
import { fakeCluster, memberReading, memberStatus } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';
import { SHELLS } from '../../../support/shells.ts';

/** As etcd 3.5.30 wrote it of a member that joined under 3.4.23. */
const LINE =
  '{"level":"warn","ts":"2026-11-28T17:12:39.797611Z","caller":"membership/cluster.go:794","msg":"Removing zombie member from v3store","member":"{ID:d1ad146f36e754d5 RaftAttributes:{PeerURLs:[https://10.0.52.14:2380] IsLearner:false} Attributes:{Name:etcd02 ClientURLs:[https://10.0.52.14:2379]}}"}';

const member = (id: string, name: string) => ({
  id,
  name,
  peerUrls: [],
  clientUrls: [],
  learner: false,
});

describe('a member that etcd 3.5 has marked as removed', () => {
  it.each<[what: string, log: string, wanted: readonly string[]]>([
    ['is one that is listed', LINE, ['etcd02']],
    ['is none that left long ago', LINE.replace('d1ad146f36e754d5', 'cfbfcd677a4d6f0f'), []],
    ['is none where nothing is said', '', []],
  ])('%s', (_what, log, wanted) => {
    const listed = [member('ef27c5bf49e46213', 'etcd01'), member('d1ad146f36e754d5', 'etcd02')];
    expect(markedOf(log, listed).map(({ name }) => name)).toEqual(wanted);
  });

  it('is told by the log of one that rests, too: the others know who is a member', async () => {
    const members = [member('ef27c5bf49e46213', 'etcd01'), member('d1ad146f36e754d5', 'etcd02')];
    const cluster = fakeCluster([{ facts: { reading: memberReading({ members }) } }, { says: () => LINE }]);
    await expect(refuseMarked(cluster.run(), cluster, cluster.hosts)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('its etcd 3.5 has marked etcd02 as removed'),
    });
  });

  it('is told of all members at once', async () => {
    const members = [member('ef27c5bf49e46213', 'etcd01'), member('d1ad146f36e754d5', 'etcd02')];
    const marked = { facts: { reading: memberReading({ members }) }, says: () => LINE };
    const cluster = fakeCluster([{}, marked, marked]);
    const error = await refuseMarked(cluster.run(), cluster, cluster.hosts).catch((thrown) => thrown);
    expect(errorsOf(error).map(({ host }) => host)).toEqual(['etcd02', 'etcd03']);
  });

  it('may be told by one that could not be read: none goes to 3.6 then', async () => {
    const members = [member('ef27c5bf49e46213', 'etcd01'), member('d1ad146f36e754d5', 'etcd02')];
    const cluster = fakeCluster([
      {},
      { facts: { reading: memberReading({ members }) }, says: () => LINE },
      {},
    ]);
    const run = cluster.run({
      // As of a play: who fails is reported, and the others come through.
      each: async (hosts, work) => {
        const through = hosts.filter(({ target }) => target.name !== 'etcd03');
        await Promise.all(through.map(work));
        return through;
      },
    });
    const error = await refuseMarked(run, cluster, cluster.hosts).catch((thrown) => thrown);
    expect(errorsOf(error)).toMatchObject([
      { host: 'etcd02', message: expect.stringContaining('has marked etcd02') },
      { host: 'etcd03', exitCode: 3, message: expect.stringContaining('could not be asked') },
    ]);
  });

  describe('is asked about', () => {
    const running = (...versions: readonly (string | undefined)[]) =>
      fakeCluster(
        versions.map((version, i) => ({
          facts: version ? { reading: memberReading({ status: memberStatus(i + 1, { version }) }) } : {},
        })),
      ).hosts;
    const move = (host: string, version: string) => ({ kind: 'move', host, version }) as const;
    const to36 = ['etcd01', 'etcd02', 'etcd03'].map((host) => move(host, '3.6.16'));
    const asked = (...args: Parameters<typeof leaving35>) =>
      leaving35(...args).map(({ target }) => target.name);

    it('all that go to 3.6, before the first of them does, one that rests among them', () => {
      expect(asked(to36, running('3.5.30', undefined, '3.5.30'))).toEqual(['etcd01', 'etcd02', 'etcd03']);
      expect(asked(to36.slice(1), running('3.6.16', '3.5.30', '3.5.30'))).toEqual(['etcd02', 'etcd03']);
    });

    it('none while they go to 3.5, where it may come to be, and none that comes down from 3.7', () => {
      expect(asked([move('etcd03', '3.5.30'), ...to36], running('3.5.30', '3.5.30', '3.4.23'))).toEqual([]);
      expect(asked(to36, running('3.7.3', '3.7.3', '3.7.3'))).toEqual([]);
      expect(asked([], running('3.5.30'))).toEqual([]);
    });
  });

  it('comes not to be where each member of 3.4 has written behind all joins, before the first one moves', async () => {
    const wrote: string[] = [];
    const cluster = (versions: readonly string[]) =>
      fakeCluster(
        versions.map((version, i) => ({
          facts: { reading: memberReading({ status: memberStatus(i + 1, { version }) }) },
          says: (_doing, script) => {
            if (script.includes('put quorate/behind-joins')) wrote.push(version);
            return '';
          },
        })),
      );
    await writeBehindJoins(cluster(['3.4.23', '3.4.23', '3.5.30']), ['3.5.30']);
    expect(wrote).toEqual(['3.4.23', '3.4.23']);
    await writeBehindJoins(cluster(['3.5.30', '3.4.23']), ['3.6.16']);
    expect(wrote).toHaveLength(2);
  });

  describe.each(SHELLS)('in a journal, by %s', (_name, file = 'sh', ...args) => {
    const look = async (journalctl: string) => {
      const bin = scratch();
      for (const [name, text] of [
        ['journalctl', journalctl],
        ['timeout', 'shift; "$@"; r=$?; if [ "$r" = 9 ]; then r=124; fi; exit "$r"'],
      ] as const)
        writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      const members = [member('d1ad146f36e754d5', 'etcd02')];
      const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
      const says = (_doing: string, script: string) =>
        spawnSync(file, args, { input: script, encoding: 'utf8', env }).stdout;
      const cluster = fakeCluster([{ facts: { reading: memberReading({ members }) }, says }]);
      const found = refuseMarked(cluster.run(), cluster, cluster.hosts);
      return { refused: await found.then(() => false).catch(() => true), said: cluster.said };
    };

    it('is found', async () => {
      expect(await look(`echo '${LINE}'`)).toEqual({ refused: true, said: [] });
      expect(await look('echo other')).toEqual({ refused: false, said: [] });
    });

    it('may be in the part that took too long to read, which is said', async () => {
      expect(await look('printf %s cut; exit 9')).toEqual({
        refused: false,
        said: [expect.stringContaining('etcd01: its journal is too long to be read in 45 s')],
      });
      expect((await look(`echo '${LINE}'; exit 9`)).refused).toBe(true);
    });
  });
});
