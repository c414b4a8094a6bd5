import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markedOf, refuseMarked } from '../../../../../lib/etcd/operations/upgrade/marked-removed.ts';
import { fakeCluster, memberReading } from '../../../support/fake-cluster.ts';
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
    await expect(refuseMarked(cluster.run(), cluster, cluster.hosts[1]!)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('its etcd 3.5 has marked etcd02 as removed'),
    });
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
      const found = refuseMarked(cluster.run(), cluster, cluster.hosts[0]!);
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
