import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../../lib/dsl/shell/prelude.ts';
import type { Sh } from '../../../../../lib/dsl/shell/sh.ts';
import { readSegment, sourceFacts } from '../../../../../lib/etcd/operations/recover/shell.ts';
import { type RestorePlace, walAside } from '../../../../../lib/etcd/operations/restore/shell.ts';
import { emptyPlace, takeBack } from '../../../../../lib/etcd/operations/restore/swap.ts';
import { memberBelow } from '../../../support/member-below.ts';
import { scratch } from '../../../support/scratch.ts';
import { SHELLS } from '../../../support/shells.ts';

const [EARLIER, NOW] = ['20261127T100000Z-aaaaaa', '20261127T110000Z-bbbbbb'];

describe.each(SHELLS)('data that was set aside for another host, by %s', (_name, file = 'sh', ...args) => {
  it.each([
    ['the raft log with it', false],
    ['a raft log directory apart', true],
  ])('is looked at where it lies, and put back: %s', (_what, apart) => {
    const root = scratch();
    const own = { ...memberBelow(root).member, stateDir: `${root}/state` };
    const member = apart ? { ...own, walDir: `${root}/log/wal` } : own;
    const wal = member.walDir ?? `${member.dataDir}/member/wal`;
    const place: RestorePlace = { member, run: EARLIER, verb: 'recover' };
    for (const dir of [`${member.dataDir}/member`, wal, member.stateDir]) mkdirSync(dir, { recursive: true });
    writeFileSync(`${wal}/0-0.wal`, 'log');
    const run = ({ text }: Sh) =>
      execFileSync(file, [...args, '-c', `${PRELUDE}\nq_state=${member.stateDir}\n${text}`], {
        encoding: 'utf8',
      });
    const now = { ...place, run: NOW };
    const kept = () => /kept (\S+)/.exec(run(sourceFacts(now, ['r0', EARLIER])))?.[1];
    expect(kept()).toBeUndefined();
    run(emptyPlace(place));
    expect([kept(), existsSync(wal)]).toEqual([EARLIER, false]);
    expect(run(sourceFacts(now, [EARLIER]))).toMatch(/log 0-0\.wal 3 \d+/);
    expect(run(readSegment(now, '0-0.wal', { kept: EARLIER }))).toBe('log');
    // Killed when the log was back.
    if (apart) renameSync(walAside(place), wal);
    run(takeBack(place));
    expect([kept(), readFileSync(`${wal}/0-0.wal`, 'utf8')]).toEqual([undefined, 'log']);
    expect(existsSync(`${member.stateDir}/restored`)).toBe(false);
    expect(() => run(takeBack(place))).toThrow();
  });
});
