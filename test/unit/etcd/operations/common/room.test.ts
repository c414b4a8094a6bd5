import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../../lib/dsl/shell/prelude.ts';
import { MARK } from '../../../../../lib/dsl/shell/probe.ts';
import {
  type Need,
  recoverNeeds,
  refuseNarrow,
  restoreNeeds,
} from '../../../../../lib/etcd/operations/common/room.ts';
import type { EtcdHost } from '../../../../../lib/etcd/surveyed.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';
import { marked } from '../../../support/marks.ts';
import { memberBelow } from '../../../support/member-below.ts';
import { scratch } from '../../../support/scratch.ts';
import { SHELLS } from '../../../support/shells.ts';

const MIB = 1024;
const { member } = memberBelow('/x');
const APART = { ...member, walDir: '/wal/etcd' };
const BYTES = 100 * MIB * 1024;

describe('room for other data', () => {
  /** Disk and free KiB of each need, in its order; what goes before, by disk. */
  async function judged(needs: readonly Need[], rooms: readonly (readonly [string, number])[], left = '') {
    const out = [...rooms.map(([disk, free]) => `room ${disk} /dev/x 99999999 1 ${free} 1% /`), left];
    const { hosts } = fakeCluster([
      { facts: { data: 'present' }, says: () => out.map((one) => `${MARK}${one}\n`).join('') },
    ]);
    return refuseNarrow(hosts[0] as EtcdHost, needs).then(
      () => 'enough',
      (error: Error) => error.message,
    );
  }

  it.each<
    [what: string, needs: readonly Need[], rooms: readonly (readonly [string, number])[], said: RegExp]
  >([
    [
      'all on one disk: it counts together',
      restoreNeeds(member, BYTES),
      Array(3).fill(['1', 391 * MIB]),
      /^etcd01: .*and \/x\/data: 400384 KiB are free there, wanted 401408 for the snapshot as it is sent, the restored data, its raft log/,
    ],
    [
      'all on one disk, just enough',
      restoreNeeds(member, BYTES),
      Array(3).fill(['1', 392 * MIB]),
      /^enough$/,
    ],
    [
      'our records on a disk of their own',
      restoreNeeds(member, BYTES),
      [
        ['1', 163 * MIB],
        ['2', 292 * MIB],
        ['2', 292 * MIB],
      ],
      /\/x\/state: 166912 KiB are free there, wanted 167936 for the snapshot as it is sent;/,
    ],
    [
      'the raft log on a disk of its own',
      restoreNeeds(APART, BYTES),
      [
        ['1', 264 * MIB],
        ['1', 264 * MIB],
        ['2', 191 * MIB],
      ],
      /^etcd01: \/wal: 195584 KiB are free there, wanted 196608 for its raft log;/,
    ],
    [
      'of a survivor, its raft log on a disk of its own',
      recoverNeeds(APART, BYTES),
      [
        ['1', 264 * MIB],
        ['2', 191 * MIB],
      ],
      /^etcd01: \/wal: .* for its raft log;/,
    ],
    ['of a survivor, enough', recoverNeeds(member, BYTES), [['1', 264 * MIB]], /^enough$/],
  ])('%s', async (_what, needs, rooms, said) => {
    expect(await judged(needs, rooms)).toMatch(said);
  });

  it('has what an earlier try has left, which goes first', async () => {
    const needs = restoreNeeds(member, BYTES);
    const rooms = Array(3).fill(['1', 300 * MIB]);
    expect(await judged(needs, rooms, `left 1 ${92 * MIB}\t/x/data/.restore-1`)).toBe('enough');
    expect(await judged(needs, rooms, `left 2 ${92 * MIB}\t/x/data/.restore-1`)).toContain('wanted');
  });

  it.each(SHELLS)('is read from the host by %s', async (_name, file = 'sh', ...args) => {
    const root = scratch();
    const own = { ...memberBelow(root).member, stateDir: `${root}/state` };
    const beside = `${own.dataDir}/.restore-20261127T100000Z-aaaaaa`;
    mkdirSync(beside, { recursive: true });
    writeFileSync(`${beside}/db`, Buffer.alloc(2 * MIB * 1024, 1));
    const { hosts } = fakeCluster([{ vars: { etcd_data_dir: own.dataDir } }]);
    const host = hosts[0] as EtcdHost;
    let printed = '';
    host.read = async (_doing, { text }) => {
      printed = marked(execFileSync(file, [...args, '-c', `${PRELUDE}\n${text}`], { encoding: 'utf8' }));
      return { code: 0, out: printed };
    };
    await expect(refuseNarrow(host, restoreNeeds(own, 2 ** 60))).rejects.toThrow(
      / [1-9]\d* KiB are free there/,
    );
    expect(printed.split(MARK).filter((one) => /^room \d+ /.test(one))).toHaveLength(3);
    expect(Number(/left \d+ (\d+)/.exec(printed)?.[1])).toBeGreaterThanOrEqual(2 * MIB);
  });
});
